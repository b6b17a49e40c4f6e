"""Ordering a dashboard by mail, ending it, and leaving the list."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from rapport.engine.errors import DefinitionError
from rapport.workspace.metrics.boards.access import readers_of
from rapport.workspace.metrics.boards.mailing import (
    Times,
    end,
    mails_of,
    order,
    receiver_of,
    unsubscribe,
)
from rapport.workspace.metrics.boards.models import Cadence
from rapport.workspace.metrics.models import DashboardMail
from rapport.workspace.pages.dashboards.asking import asking
from rapport.workspace.pages.dashboards.finding import dashboard_of
from rapport.workspace.pages.lists.pages import reader
from rapport.workspace.team.access import Action, can

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@require_http_methods(["GET", "POST"])
def mail(request: HttpRequest, slug: str) -> HttpResponse:
    """What is sent of this dashboard, and a form to order more."""
    shown, user, now = dashboard_of(request, slug), reader(request), timezone.now()
    ask = asking(request, now=now)
    problem = ""
    if request.method == "POST":
        try:
            chosen = request.POST.getlist("receivers")
            order(shown, user=user, receivers=chosen, times=_times(request), now=now, question=ask.query)
        except DefinitionError as error:
            problem = error.sentence
        else:
            messages.success(request, "It will be sent from the next due time on.")
            return redirect("dashboards:mail", slug)
    may_send_others = can(user, Action.EDIT_DASHBOARDS)
    able = readers_of(shown)
    context: dict[str, Any] = {
        "dashboard": shown,
        "ask": ask,
        "problem": problem,
        "mails": [(m, _when(m), list(m.receivers.all())) for m in mails_of(shown, user)],
        "able": able if may_send_others else [p for p in able if p.pk == user.pk],
        "may_send_others": may_send_others,
        "cadences": Cadence.choices,
        "weekdays": list(enumerate(_WEEKDAYS, start=1)),
        "month_days": range(1, 29),
        "hours": range(24),
        "zone": settings.REPORTING_TIME_ZONE,
        "has_server": bool(settings.EMAIL_HOST) or not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"),
    }
    return render(request, "dashboards/mail_page.html", context)


@require_POST
def end_mail(request: HttpRequest, slug: str, mail_id: str) -> HttpResponse:
    shown = dashboard_of(request, slug)
    end(get_object_or_404(DashboardMail, pk=mail_id, dashboard=shown), user=reader(request))
    messages.success(request, "It is no longer sent.")
    return redirect("dashboards:mail", slug)


@csrf_exempt  # mail programs leave a list by a bare POST (RFC 8058); the signed token is what allows it
@login_not_required
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Asks first: a mail scanner opens every link in a mail."""
    found = receiver_of(token)
    if found is None:
        raise Http404("This mail is no longer sent.")
    if request.method == "POST":
        unsubscribe(found, now=timezone.now())
    answer = render(request, "dashboards/unsubscribe.html", {"receiver": found, "is_done": request.method == "POST"})
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _times(request: HttpRequest) -> Times:
    def whole(name: str, other: int) -> int:
        text = request.POST.get(name, "")
        return int(text) if text.isdigit() else other

    return Times(
        cadence=request.POST.get("cadence", Cadence.WEEKLY),
        weekday=whole("weekday", 1),
        month_day=whole("month_day", 1),
        hour=whole("hour", 7),
    )


def _when(found: DashboardMail) -> str:
    """ "every Monday at 07:00"."""
    days = {
        Cadence.WEEKLY: f"every {_WEEKDAYS[found.weekday - 1]}",
        Cadence.MONTHLY: f"on day {found.month_day} of each month",
    }
    return f"{days.get(Cadence(found.cadence), 'every day')} at {found.hour:02d}:00"
