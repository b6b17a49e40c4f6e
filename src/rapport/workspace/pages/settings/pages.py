"""The views of Settings: oneself, people and teams, and how this installation is set."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.workspace.crm.records.changes import save
from rapport.workspace.options import OPTIONS, option
from rapport.workspace.pages.lists.pages import reader
from rapport.workspace.pages.settings.forms import MeForm, PersonForm, TeamForm, new_password
from rapport.workspace.team.access import Action, can, needs
from rapport.workspace.team.models import Role, Team, User

_SECRET = frozenset({"secret_key", "database", "mail"})
_MOST = 200


@require_http_methods(["GET", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """My name, e-mail, time zone and language."""
    user = reader(request)
    form = MeForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        _save_user(form, by=user)
        messages.success(request, "Saved.")
        return redirect("settings:index")
    return render(
        request, "settings/me.html", {"form": form, "tab": "me", "may_manage": can(user, Action.MANAGE_USERS)}
    )


@require_GET
@needs(Action.MANAGE_USERS)
def people(request: HttpRequest) -> HttpResponse:
    """Who works here: those who sign in first, then imported owners."""
    rows = User.objects.filter(deleted_at=None).select_related("team").order_by("-is_active", "name", "username")
    found = list(rows[: _MOST + 1])
    context = {"people": found[:_MOST], "more": len(found) > _MOST, "tab": "people", "may_manage": True}
    return render(request, "settings/people.html", context)


@require_http_methods(["GET", "POST"])
@needs(Action.MANAGE_USERS)
def person(request: HttpRequest, user_id: str = "") -> HttpResponse:
    """Add a person, or change one."""
    found = get_object_or_404(User, pk=user_id, deleted_at=None) if user_id else None
    form = PersonForm(request.POST or None, instance=found or User(is_active=True, role=Role.MEMBER))
    if request.method == "POST" and form.is_valid():
        problem = _last_admin(found, form.cleaned_data)
        if not problem:
            return _saved(request, form, new=found is None)
        form.add_error(None, problem)
    context = {"form": form, "person": found, "tab": "people", "may_manage": True}
    return render(request, "settings/person.html", context)


def _saved(request: HttpRequest, form: PersonForm, *, new: bool) -> HttpResponse:
    password = new_password() if new else ""
    saved = _save_user(form, by=reader(request), password=password)
    if new:
        messages.success(request, f"{saved} can sign in as {saved.username} with the password {password} (shown once).")
    else:
        messages.success(request, f"Saved {saved}.")
    return redirect("settings:people")


@require_POST
@needs(Action.MANAGE_USERS)
def give_password(request: HttpRequest, user_id: str) -> HttpResponse:
    """A new password for someone who forgot theirs; ends their sessions."""
    found = get_object_or_404(User, pk=user_id, deleted_at=None)
    password = new_password()
    found.set_password(password)
    found.save(update_fields=["password"])
    messages.success(request, f"{found}'s new password is {password} (shown once).")
    return redirect("settings:people")


@require_http_methods(["GET", "POST"])
@needs(Action.MANAGE_USERS)
def teams(request: HttpRequest, team_id: str = "") -> HttpResponse:
    """The teams, and a form to add one or change one."""
    found = get_object_or_404(Team, pk=team_id, deleted_at=None) if team_id else None
    form = TeamForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        parent = form.cleaned_data["parent_team"]
        if found is not None and _is_below(parent, found):
            form.add_error("parent_team", "A team cannot be part of one of its own parts.")
        else:
            values = {"name": form.cleaned_data["name"], "parent_team_id": parent.pk if parent else None}
            save("teams", found.pk if found else None, values, by=reader(request).pk, at=timezone.now())
            messages.success(request, "Saved.")
            return redirect("settings:teams")
    rows = Team.objects.filter(deleted_at=None).select_related("parent_team").order_by("name")
    context = {"teams": rows, "form": form, "team": found, "tab": "teams", "may_manage": True}
    return render(request, "settings/teams.html", context)


@require_GET
@needs(Action.MANAGE_USERS)
def installation(request: HttpRequest) -> HttpResponse:
    """How this installation is set, and the variable that sets each."""
    shown = [(one, _value(one.name)) for one in OPTIONS.values()]
    context = {"options": shown, "tab": "installation", "may_manage": True}
    return render(request, "settings/installation.html", context)


def _value(name: str) -> str:
    value = option(name)
    return "set, not shown" if value and name in _SECRET else value


def _save_user(form: Any, *, by: User, password: str = "") -> User:
    """Columns of the CRM's users go the way of every record; how someone signs in is the workspace's own."""
    values = form.cleaned_data
    found: User = form.instance
    if found._state.adding:
        found.set_password(password)
        found.save()
    else:
        own = [name for name in ("username", "role", "is_active", "time_zone", "language") if name in values]
        found.save(update_fields=own) if own else None
    record = {"name": values["name"], "email": values.get("email") or ""}
    if "team" in values:
        record["team_id"] = values["team"].pk if values["team"] else None
    save("users", found.pk, record, by=by.pk, at=timezone.now())
    return found


def _last_admin(found: User | None, values: dict[str, Any]) -> str:
    """Someone must remain who can manage people."""
    if found is None or (values["role"] == Role.ADMIN and values["is_active"]):
        return ""
    # The form has already put its values on the instance, so the database is asked who is an administrator.
    admins = set(User.objects.filter(role=Role.ADMIN, is_active=True, deleted_at=None).values_list("pk", flat=True))
    return "" if admins != {found.pk} else "This is the only administrator who can sign in; make another one first."


def _is_below(team: Team | None, above: Team) -> bool:
    seen: set[str] = set()
    while team is not None and team.pk not in seen:
        if team.pk == above.pk:
            return True
        seen.add(team.pk)
        team = team.parent_team
    return False
