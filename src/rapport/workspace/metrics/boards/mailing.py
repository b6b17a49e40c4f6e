"""Dashboards by mail at set times: who may order them, when they are due, and to whom each goes, at most once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from rapport.engine.errors import DefinitionError, RapportError
from rapport.workspace.metrics.boards.access import may_edit, readers_of, seen_by
from rapport.workspace.metrics.boards.models import Cadence
from rapport.workspace.metrics.models import Dashboard, DashboardMail, MailReceiver, MailSent
from rapport.workspace.queue.schedules import Schedule
from rapport.workspace.team.access import Action, can
from rapport.workspace.team.models import Role, User

_SALT = "dashboards.mail.unsubscribe"
Send = Callable[[DashboardMail, Sequence[MailReceiver]], Iterable["Sending"]]


@dataclass(frozen=True, kw_only=True)
class Times:
    """How often, in the company's zone: weekday 1 Monday to 7, month_day 1 to 28, hour 0 to 23."""

    cadence: str = Cadence.WEEKLY
    weekday: int = 1
    month_day: int = 1
    hour: int = 7

    def __post_init__(self) -> None:
        if self.cadence not in Cadence.values:
            raise DefinitionError("not a cadence", where="cadence", received=self.cadence, allowed=Cadence.values)
        for name, value, least, most in (
            ("weekday", self.weekday, 1, 7),
            ("month_day", self.month_day, 1, 28),
            ("hour", self.hour, 0, 23),
        ):
            if not least <= value <= most:
                raise DefinitionError("out of range", where=name, received=value, allowed=f"{least} to {most}")

    @property
    def cron(self) -> str:
        days = {Cadence.WEEKLY: f"* * {self.weekday % 7}", Cadence.MONTHLY: f"{self.month_day} * *"}
        return f"0 {self.hour} {days.get(Cadence(self.cadence), '* * *')}"


@dataclass(frozen=True, kw_only=True)
class Sending:
    """A mail ready for one receiver; `send` hands it to the mail server and raises where that fails."""

    receiver: MailReceiver
    send: Callable[[], None]


def times_of(mail: DashboardMail) -> Times:
    return Times(cadence=mail.cadence, weekday=mail.weekday, month_day=mail.month_day, hour=mail.hour)


@transaction.atomic
def order(
    dashboard: Dashboard, *, user: User, receivers: Sequence[str], times: Times, now: datetime, question: str = ""
) -> DashboardMail:
    """Mail to people (their ids) from the next due time on. A member orders it for themselves alone.

    Raises: DefinitionError for a receiver who does not see the dashboard or has no address, or none at all.
    """
    if not seen_by(user).filter(pk=dashboard.pk).exists():
        raise PermissionDenied("You do not see this dashboard.")
    if set(receivers) - {user.pk} and not can(user, Action.EDIT_DASHBOARDS):
        raise PermissionDenied("Your role allows mail to yourself only.")
    able = {person.pk: person for person in readers_of(dashboard)}
    if not receivers or set(receivers) - set(able):
        raise DefinitionError(
            "Choose who gets it: people with an e-mail address who see this dashboard.", where="receivers"
        )
    made = DashboardMail.objects.create(
        dashboard=dashboard,
        owner=user,
        question=question,
        cadence=times.cadence,
        weekday=times.weekday,
        month_day=times.month_day,
        hour=times.hour,
        created_at=now,
        due_through=now,
    )
    MailReceiver.objects.bulk_create(MailReceiver(mail=made, user=able[key]) for key in dict.fromkeys(receivers))
    return made


def mails_of(dashboard: Dashboard, user: User) -> list[DashboardMail]:
    """Those that the user may end."""
    found = dashboard.mails.select_related("owner", "dashboard").prefetch_related("receivers__user")
    if user.role != Role.ADMIN and not may_edit(user, dashboard):
        found = found.filter(owner=user)
    return list(found)


def unsent(dashboard: Dashboard, user: User) -> list[str]:
    """Why the newest mail that the user ordered did not reach everyone, for the dashboard's page."""
    told = dashboard.mails.filter(owner=user).exclude(problem="").values_list("problem", flat=True)
    return list(told)


def end(mail: DashboardMail, *, user: User) -> None:
    if user.role != Role.ADMIN and mail.owner_id != user.pk and not may_edit(user, mail.dashboard):
        raise PermissionDenied("Only who ordered it ends it.")
    mail.delete()


def deliver_due(send: Send, *, now: datetime) -> dict[str, int]:
    """Send what is due; how many were sent and how many failed.

    Each mail is noted before it is handed over, so that none goes twice, whoever runs this and whatever breaks. What
    could not be computed is tried again at the next run; what the mail server refused is told, not sent again.
    """
    counted = {"sent": 0, "failed": 0}
    for mail in DashboardMail.objects.select_related("dashboard", "owner"):
        due = _schedule(mail).due_between(mail.due_through, now)
        if due is None:
            continue
        try:
            sent, problems = _deliver(mail, due, send, now=now)
        except RapportError as error:
            _tell(mail, f"Not sent: {error.sentence}")
            continue
        counted["sent"] += sent
        counted["failed"] += len(problems)
        _tell(mail, " ".join(problems))
        DashboardMail.objects.filter(pk=mail.pk, due_through__lt=due).update(due_through=due)
    return counted


def _deliver(mail: DashboardMail, due: datetime, send: Send, *, now: datetime) -> tuple[int, list[str]]:
    """How many were sent, and a sentence for each that was not."""
    if not seen_by(mail.owner).filter(pk=mail.dashboard_id).exists():
        return 0, ["Not sent: who ordered it no longer sees the dashboard."]
    wanted = mail.receivers.filter(unsubscribed_at=None).exclude(sent__due_at=due).select_related("user")
    sees = {person.pk for person in readers_of(mail.dashboard)}
    problems = [f"{r.user} no longer sees the dashboard or has no address." for r in wanted if r.user_id not in sees]
    sent = 0
    receivers = [r for r in wanted if r.user_id in sees]
    for ready in send(mail, receivers) if receivers else ():
        try:
            with transaction.atomic():
                noted = MailSent.objects.create(receiver=ready.receiver, due_at=due, at=now)
        except IntegrityError:
            continue  # another worker was first
        problem = _handed_over(ready)
        MailSent.objects.filter(pk=noted.pk).update(state="failed" if problem else "sent", problem=problem)
        sent += not problem
        if problem:
            problems.append(f"{ready.receiver.user}: {problem}")
    return sent, problems


def _handed_over(ready: Sending) -> str:
    """Why the mail server did not take it; empty where it did."""
    try:
        ready.send()
    except Exception as error:  # whatever a mail server or its library answers, the others still get theirs
        return f"{type(error).__name__}: {error}"[:500]
    return ""


def _tell(mail: DashboardMail, problem: str) -> None:
    DashboardMail.objects.filter(pk=mail.pk).update(problem=problem[:2000])


def _schedule(mail: DashboardMail) -> Schedule:
    return Schedule(name=f"mail {mail.pk}", task="send_dashboards", cron=times_of(mail).cron)


def unsubscribe_token(receiver: MailReceiver) -> str:
    """Signed, so that only its mail holds it; it does not end."""
    return signing.dumps(receiver.pk, salt=_SALT)


def receiver_of(token: str) -> MailReceiver | None:
    """Whose mail a token was in, if that mail still exists."""
    try:
        key = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return MailReceiver.objects.filter(pk=key).select_related("mail__dashboard", "user").first()


def unsubscribe(receiver: MailReceiver, *, now: datetime) -> None:
    MailReceiver.objects.filter(pk=receiver.pk, unsubscribed_at=None).update(unsubscribed_at=now)
