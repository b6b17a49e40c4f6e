"""Groups that behave alike: looked for, looked at, and made segments of."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from rapport.workspace.metrics.segments.grouping import adopt as adopt_groups
from rapport.workspace.metrics.segments.models import Grouping
from rapport.workspace.pages.scores.release import following
from rapport.workspace.queue import enqueue
from rapport.workspace.queue.models import Job, JobState
from rapport.workspace.team.access import Action, can, needs

_SUBJECTS = ("contact", "account")
_MOST = 12


def page(request: HttpRequest) -> HttpResponse:
    """The newest search, or the one asked for, with its groups."""
    subject = request.GET.get("of", "contact") if request.GET.get("of") in _SUBJECTS else "contact"
    found = Grouping.objects.filter(subject=subject).first()
    made = {s.group_number: s for s in found.segments.filter(deleted_at__isnull=True)} if found else {}
    job = Job.objects.filter(name="find_groups", state__in=(JobState.QUEUED, JobState.RUNNING)).first()
    context = {
        "subject": subject,
        "subjects": _SUBJECTS,
        "grouping": found,
        "groups": [(group, made.get(group["number"])) for group in found.groups] if found else [],
        "job": job,
        "may_edit": can(request.user, Action.EDIT_SEGMENTS),
    }
    return render(request, "segments/groups.html", context)


@require_POST
@needs(Action.EDIT_SEGMENTS)
def seek(request: HttpRequest) -> HttpResponse:
    """Look for groups, in the background."""
    subject = request.POST.get("of", "contact")
    count = request.POST.get("count", "")
    chosen = int(count) if count.isdigit() and 2 <= int(count) <= _MOST else None
    subject = subject if subject in _SUBJECTS else "contact"
    job = enqueue("find_groups", by=request.user, once=True, subject=subject, asked_by=str(request.user), count=chosen)
    return following(request, job, back=f"{reverse('segments:groups')}?of={subject}")


@require_POST
@needs(Action.EDIT_SEGMENTS)
def adopt(request: HttpRequest, grouping_id: str) -> HttpResponse:
    """Make segments of the groups that were ticked, with the names written beside them."""
    grouping = get_object_or_404(Grouping, pk=grouping_id)
    numbers = [int(n) for n in request.POST.getlist("take") if n.isdigit()]
    titles = {number: request.POST.get(f"title-{number}", "") for number in numbers}
    made = adopt_groups(grouping, numbers, titles=titles, by=str(request.user))
    for segment in made:
        enqueue("build_segment", by=request.user, once=True, segment=segment.pk)
    if made:
        messages.success(request, f"{len(made)} segments are made; their members are being found.")
    else:
        messages.error(request, "Tick the groups to make segments of.")
        return redirect(f"{reverse('segments:groups')}?of={grouping.subject}")
    return redirect("segments:index")
