"""A dashboard as a mail: figures and charts in words and pictures, each for its reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.mime.image import MIMEImage
from functools import partial

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from rapport.engine.errors import DataError
from rapport.workspace.metrics import dashboards
from rapport.workspace.metrics.boards.mailing import Sending, unsubscribe_token
from rapport.workspace.metrics.models import DashboardMail, MailReceiver
from rapport.workspace.pages.dashboards import pictures
from rapport.workspace.pages.dashboards.asides import beside
from rapport.workspace.pages.dashboards.asking import Asking, asked_in
from rapport.workspace.pages.dashboards.exports import lead_of
from rapport.workspace.pages.dashboards.tiles import Board, Shown, board
from rapport.workspace.pages.frame.reader import zone_of

_MOST_CHARTS = 12


class _Letter(EmailMultiAlternatives):
    """Its pictures belong to its text, and are no attachments."""

    mixed_subtype = "related"


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """A chart with its picture, which all readers share. alt: its newest figures in words."""

    shown: Shown
    name: str
    png: bytes
    alt: str


def letters(mail: DashboardMail, receivers: Sequence[MailReceiver]) -> Iterator[Sending]:
    """One for each receiver. Raises DataError where no mail server is set."""
    if not settings.EMAIL_HOST and settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        raise DataError("No mail server is set.", next_step="Set RAPPORT_MAIL to smtp://user:password@host.")
    now = timezone.now()
    ask = asked_in(QueryDict(mail.question), now=now)
    figures = dashboards.figures(mail.dashboard, ask.asked, now=now)
    found = board(figures, ask.asked, beside(mail.dashboard, ask)[0])
    drawn = [_drawn(n, s) for n, s in enumerate([s for s in found.charts if s.is_drawn and s.chart][:_MOST_CHARTS])]
    for receiver in receivers:
        yield Sending(receiver=receiver, send=partial(_send, mail, receiver, ask, found, drawn))


def _send(mail: DashboardMail, receiver: MailReceiver, ask: Asking, found: Board, drawn: Sequence[_Drawn]) -> None:
    with timezone.override(zone_of(receiver.user)), translation.override(receiver.user.language or "en"):
        _letter(mail, receiver, ask, found, drawn).send()


def _letter(
    mail: DashboardMail, receiver: MailReceiver, ask: Asking, found: Board, drawn: Sequence[_Drawn]
) -> EmailMultiAlternatives:
    address = settings.PUBLIC_ADDRESS
    leave = address + reverse("dashboards:unsubscribe", args=[unsubscribe_token(receiver)])
    context = {
        "dashboard": mail.dashboard,
        "lead": lead_of(ask, found),
        "board": found,
        "drawn": drawn,
        "tables": [s for s in found.charts if s.is_table],
        "alarms": found.alarms,
        "address": f"{address}{reverse('dashboards:dashboard', args=[mail.dashboard.slug])}?{ask.query}",
        "unsubscribe": leave,
        "cadence": mail.cadence,
        "owner": mail.owner,
    }
    letter = _Letter(
        subject=" ".join(f"{mail.dashboard.title}: {ask.picked.label}".split()),
        body=render_to_string("dashboards/mail.txt", context),
        to=[receiver.user.email],
        headers={"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
    letter.attach_alternative(render_to_string("dashboards/mail.html", context), "text/html")
    for one in drawn:
        picture = MIMEImage(one.png, "png")
        picture.add_header("Content-ID", f"<{one.name}>")
        picture.add_header("Content-Disposition", "inline", filename=f"{one.name}.png")
        letter.attach(picture)
    return letter


def _drawn(number: int, shown: Shown) -> _Drawn:
    by = f"by {shown.figure.by}" if shown.figure.by else "by month"
    newest = list(shown.points[:3] if shown.figure.by else shown.points[-3:])
    words = "; ".join(f"{p.label}: {p.value}" for p in newest)
    return _Drawn(shown=shown, name=f"chart-{number}", png=pictures.png(shown), alt=f"{shown.label} {by}. {words}")
