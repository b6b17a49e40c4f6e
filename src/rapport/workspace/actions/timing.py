"""Through which channel and at which hour a contact mostly reacts, by simple counts of what came from them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rapport.workspace.crm.records.models import Contact, Interaction
from rapport.workspace.crm.sales.models import Order

_REACHABLE = {"email", "phone", "meeting", "chat", "social", "mail"}  # channels through which we can start
_ENOUGH = 5  # reactions below which an hour is chance
_CALLING_HOURS = range(8, 20)
_DAYS = 180
_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Way:
    """How to reach somebody: a channel (empty: nothing known) and the best local hour (None: too little known)."""

    channel: str = ""
    hour: int | None = None


def ways(contact_ids: Collection[str], *, now: datetime, zone: ZoneInfo) -> Mapping[str, Way]:
    """A way for each contact. Hours are those of the contact's own time zone where it is known, else of `zone`."""
    found: dict[str, Way] = {}
    ids = sorted(contact_ids)
    for start in range(0, len(ids), _AT_ONCE):
        found.update(_ways(ids[start : start + _AT_ONCE], now=now, zone=zone))
    return found


def _ways(ids: list[str], *, now: datetime, zone: ZoneInfo) -> dict[str, Way]:
    zones: dict[str, ZoneInfo] = {}
    fallback: dict[str, str] = {}
    for contact in Contact.objects.filter(id__in=ids).only("id", "email", "phone", "time_zone"):
        zones[contact.id] = _zone(contact.time_zone, zone)
        fallback[contact.id] = "email" if contact.email else "phone" if contact.phone else ""
    channels, hours = _counts(ids, zones, since=now - timedelta(days=_DAYS), now=now)
    return {i: Way(channel=_most(channels[i]) or fallback[i], hour=_best_hour(hours[i])) for i in fallback}


def _counts(
    ids: list[str], zones: Mapping[str, ZoneInfo], *, since: datetime, now: datetime
) -> tuple[Mapping[str, Counter[str]], Mapping[str, Counter[int]]]:
    channels: dict[str, Counter[str]] = defaultdict(Counter)
    hours: dict[str, Counter[int]] = defaultdict(Counter)
    happened = Interaction.objects.filter(contact_id__in=ids, occurred_at__gt=since, occurred_at__lte=now)
    for contact_id, channel, at in (
        happened.exclude(direction="outbound").values_list("contact_id", "channel", "occurred_at").iterator()
    ):
        hours[contact_id][at.astimezone(zones[contact_id]).hour] += 1
        if channel in _REACHABLE:
            channels[contact_id][channel] += 1
    bought = Order.objects.filter(contact_id__in=ids, ordered_at__gt=since, ordered_at__lte=now)
    for contact_id, at in bought.values_list("contact_id", "ordered_at").iterator():
        hours[contact_id][at.astimezone(zones[contact_id]).hour] += 1
    return channels, hours


def _most(counts: Counter[str]) -> str:
    """The most frequent; of equals the first by name, so that the same facts give the same advice."""
    return min(counts, key=lambda name: (-counts[name], name)) if counts else ""


def _best_hour(counts: Counter[int]) -> int | None:
    """Among the hours at which one may call; what happens at night says nothing of when to call."""
    by_day = Counter({hour: count for hour, count in counts.items() if hour in _CALLING_HOURS})
    if by_day.total() < _ENOUGH:
        return None
    return min(by_day, key=lambda hour: (-by_day[hour], hour))


def _zone(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else otherwise
    except (KeyError, ValueError, OSError):
        return otherwise
