"""Who may see and do what: the one place that scopes by permission.

| role | sees | does |
| --- | --- | --- |
| member | records they own and what belongs to those | edits them, works their list |
| manager | what their team and those below it own, and what no one owns | also imports, assigns, shares views |
| admin | everything | everything |

A record belongs to its owner. One without an owner column belongs to the record it refers to (an order to its contact
or account); so does a
case that no one has taken. A list and a record page ask the same function, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import F, ForeignKey, Model, Q, QuerySet
from django.db.models.lookups import In, IsNull
from django.http import HttpRequest, HttpResponseBase

from rapport.workspace.lib.sort_key import Unindexed
from rapport.workspace.team.models import Role, Team, User

M = TypeVar("M", bound=Model)
View = Callable[..., HttpResponseBase]

_REFERENCES = ("contact", "account", "deal", "case")
_LISTED = frozenset({"contacts", "accounts", "deals"})
_FACTS = frozenset({"interactions"})  # who made a call does not decide who sees it
_OFTEN_UNOWNED = frozenset({"cases"})  # they wait in a queue: until someone takes one, it follows its contact
_FOR_EVERYONE = frozenset({"products", "campaigns", "teams", "users", "exchange_rates", "business_calendars"})


class Action(StrEnum):
    """What needs more than being signed in."""

    IMPORT = "import"
    ASSIGN = "assign"
    SHARE_VIEWS = "share_views"
    EXPORT = "export"
    EDIT_SCORES = "edit_scores"
    PUBLISH_SCORES = "publish_scores"
    EDIT_DASHBOARDS = "edit_dashboards"
    EDIT_GOALS = "edit_goals"
    EDIT_SEGMENTS = "edit_segments"
    REMOVE_SAMPLES = "remove_samples"
    MANAGE_USERS = "manage_users"


_MEMBER = frozenset({Action.EXPORT})
_MANAGER = _MEMBER | {
    Action.IMPORT,
    Action.ASSIGN,
    Action.SHARE_VIEWS,
    Action.EDIT_SCORES,
    Action.EDIT_DASHBOARDS,
    Action.EDIT_GOALS,
    Action.EDIT_SEGMENTS,
}
_ALLOWED = {Role.MEMBER: _MEMBER, Role.MANAGER: _MANAGER, Role.ADMIN: frozenset(Action)}


def can(user: User | AnonymousUser, action: Action | str) -> bool:
    """Whether the user's role allows an action."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return Action(action) in _ALLOWED[Role(user.role)]


def needs(action: Action) -> Callable[[View], View]:
    """A view that answers 403 to whoever may not."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not can(request.user, action):
                raise PermissionDenied(f"Your role does not allow: {action.value.replace('_', ' ')}.")
            return view(request, *args, **kwargs)

        return checked

    return decorate


def visible(queryset: QuerySet[M], user: User | AnonymousUser, *, walking: bool = False) -> QuerySet[M]:
    """The rows of a record or fact model that the user may see; deleted ones are left out.

    walking: the user sees many, and the caller walks another index than the owner's to find the first of them.

    Scores, attribute values and other rows that name a record by `subject_id` or `entity_id` are asked for with the
    ids of a visible record, never on their own.
    """
    rows = queryset.filter(deleted_at=None) if _has(queryset.model, "deleted_at") else queryset
    if not isinstance(user, User) or not user.is_active:
        return rows.none()
    if user.role == Role.ADMIN or queryset.model._meta.db_table in _FOR_EVERYONE:
        return rows
    owners, unowned = owners_seen(user), user.role == Role.MANAGER
    if walking and owners is not None and queryset.model._meta.db_table in _LISTED:
        owner = Unindexed(F("owner_id"))
        return rows.filter(Q(In(owner, owners)) | (Q(IsNull(owner, True)) if unowned else Q(pk__in=[])))
    return rows.filter(belongs_to(queryset.model, owners, unowned=unowned))


def owners_seen(user: User) -> list[str] | None:
    """The ids of the users whose records the user sees; None: everyone's. At most two queries, once a request."""
    if user.role == Role.ADMIN:
        return None
    known: list[str] | None = getattr(user, "_owners_seen", None)
    if known is None:
        known = sorted({user.pk, *(person.pk for person in colleagues(user))})
        user._owners_seen = known  # type: ignore[attr-defined] # kept for the rest of the request
    return known


def colleagues(user: User) -> list[User]:
    """Those whose records a member or manager sees, by name; looked up once a request."""
    known: list[User] | None = getattr(user, "_colleagues", None)
    if known is None:
        known = [user]
        if user.role == Role.MANAGER and user.team_id:
            members = User.objects.filter(Q(team_id__in=_teams_below(user.team_id)) | Q(pk=user.pk))
            known = list(members.order_by("name", "username").only("pk", "name", "username", "deleted_at"))
        user._colleagues = known  # type: ignore[attr-defined] # kept for the rest of the request
    return known


def belongs_to(model: type[Model], owners: Iterable[str] | None, *, unowned: bool) -> Q:
    """The condition that a row, or the record it refers to, is owned by one of `owners` (or, `unowned`, by no one)."""
    if owners is None:
        return Q()
    owners = list(owners)
    if model._meta.db_table in _FACTS or not _has(model, "owner"):
        return _of_referred(model, owners, unowned=unowned)
    own = Q(owner__in=owners) | (Q(owner=None) if unowned else Q(pk__in=[]))
    if model._meta.db_table in _OFTEN_UNOWNED:
        own |= Q(owner=None) & _of_referred(model, owners, unowned=unowned)
    return own


def _of_referred(model: type[Model], owners: list[str], *, unowned: bool) -> Q:
    """The same of what a row refers to; through an order only where it refers to nothing else."""
    direct = [name for name in _REFERENCES if isinstance(_field(model, name), ForeignKey)]
    condition = Q(pk__in=[])
    for name in direct:
        condition |= Q(**{f"{name}__owner__in": owners})
        if unowned:
            condition |= Q(**{f"{name}__owner": None, f"{name}__isnull": False})
    if not direct and isinstance(order := _field(model, "order"), ForeignKey):
        theirs = _of_referred(order.related_model, owners, unowned=unowned)
        return Q(order__in=order.related_model._default_manager.filter(theirs))
    return condition


def _teams_below(team_id: str) -> set[str]:
    """The ids of a team and of every team under it."""
    parent_of = dict(Team.objects.filter(deleted_at=None).values_list("pk", "parent_team_id"))
    found, added = {team_id}, {team_id}
    while added:
        added = {team for team, parent in parent_of.items() if parent in added} - found
        found |= added
    return found


def _has(model: type[Model], name: str) -> bool:
    return _field(model, name) is not None


def _field(model: type[Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
