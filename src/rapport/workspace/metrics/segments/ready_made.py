"""Segments to begin with: by sector and size, by how the relationship goes, by the scores that are live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count

from rapport.engine.scores.definition_writing import write_yaml
from rapport.engine.scores.rfm.segments import SEGMENTS
from rapport.workspace.crm.records.models import Account
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.scores.definitions import live_definitions, readable
from rapport.workspace.scores.models import ScoreDefinition

_SECTORS, _BANDS = 8, 2
# Bands by employees are those of the European Commission's recommendation 2003/361.
EMPLOYEES = (
    ("Micro companies", 1, 9),
    ("Small companies", 10, 49),
    ("Medium companies", 50, 249),
    ("Large companies", 250, None),
)
REVENUE = (
    ("up to 2 million", None, 2),
    ("2 to 10 million", 2, 10),
    ("10 to 50 million", 10, 50),
    ("above 50 million", 50, None),
)
_MILLION = 1_000_000
_RFM = {
    "champions": "Bought just now, and often.",
    "loyal": "Buy often, the last time not long ago.",
    "potential loyalist": "Bought lately, a few times.",
    "new": "Bought just now, for the first time or nearly.",
    "promising": "Bought lately, once or nearly.",
    "need attention": "In the middle, both in how lately and how often.",
    "about to sleep": "Bought seldom, and it is a while ago.",
    "at risk": "Bought quite often, but long ago.",
    "can't lose": "Bought most often, but long ago.",
    "hibernating": "Bought seldom and long ago.",
}


@dataclass(frozen=True, kw_only=True)
class ReadyMade:
    """One to choose. Attributes: key, sure to be the same tomorrow; group, a heading; document, its rules."""

    key: str
    group: str
    title: str
    purpose: str
    document: str


def ready_made() -> list[ReadyMade]:
    """Those that the data at hand can tell and that have not been made, in the order of their groups."""
    made = set(Segment.objects.filter(deleted_at__isnull=True).values_list("ready_made", flat=True))
    return [one for one in (*_relationship(), *_scores(), *_sectors(), *_sizes()) if one.key not in made]


def _one(key: str, group: str, title: str, purpose: str, document: dict[str, object]) -> ReadyMade:
    return ReadyMade(key=key, group=group, title=title, purpose=purpose, document=write_yaml(document))


def _relationship() -> Iterator[ReadyMade]:
    group = "Relationship"
    bought = {"event": "order_placed", "within_days": 90}
    yield _one(
        "recent-buyers",
        group,
        "Bought in the last 90 days",
        "Fresh customers to thank and to serve.",
        {"subject": "contact", "did": [bought]},
    )
    yield _one(
        "repeat-buyers",
        group,
        "Bought twice in a year",
        "Customers who came back.",
        {"subject": "contact", "did": [{"event": "order_placed", "within_days": 365, "times": 2}]},
    )
    silent = {"event": "order_placed", "within_days": 180, "times": 0}
    yield _one(
        "lapsing-buyers",
        group,
        "Bought before, silent for 180 days",
        "Customers to win back.",
        {"subject": "contact", "did": [{"event": "order_placed"}, silent]},
    )
    yield _one(
        "leads",
        group,
        "Leads",
        "People in an early stage, not yet customers.",
        {"subject": "contact", "when": {"field": "contact.lifecycle_stage", "in": ["lead", "mql", "sql"]}},
    )


def _scores() -> Iterator[ReadyMade]:
    for version in live_definitions():
        if version.kind == "rfm":
            yield from _rfm(version)
        elif (definition := readable(version)) is not None:
            for band in definition.bands[:_BANDS]:
                yield _one(
                    f"band-{version.name}-{band.label}",
                    "Scores",
                    f"{version.label}: {band.label}",
                    f"Everyone in the band {band.label}.",
                    {"subject": version.subject, "scores": [{"score": version.name, "bands": [band.label]}]},
                )


def _rfm(version: ScoreDefinition) -> Iterator[ReadyMade]:
    for cell in list(SEGMENTS):
        yield _one(
            f"rfm-{version.name}-{cell}",
            "Recency, frequency, money",
            f"{cell.replace('_', ' ').capitalize()}",
            _RFM.get(cell, "By how lately and how often they bought."),
            {"subject": version.subject, "scores": [{"score": version.name, "cells": [cell]}]},
        )


def _sectors() -> Iterator[ReadyMade]:
    counted = Account.objects.filter(deleted_at__isnull=True).exclude(industry=None).exclude(industry="")
    for row in counted.values("industry").annotate(n=Count("id")).order_by("-n", "industry")[:_SECTORS]:
        sector = str(row["industry"])
        yield _one(
            f"sector-{sector}",
            "Sector",
            sector.replace("_", " ").capitalize(),
            f"Accounts in the sector {sector}.",
            {"subject": "account", "when": {"field": "account.industry", "is": sector}},
        )


def _sizes() -> Iterator[ReadyMade]:
    known = Account.objects.filter(deleted_at__isnull=True)
    if known.filter(employees__isnull=False).exists():
        for title, low, high in EMPLOYEES:
            said = f"{low} employees or more" if high is None else f"{low} to {high} employees"
            test = {"field": "account.employees", "between": [low, high]}
            yield _one(
                f"employees-{low}", "Size", title, f"Accounts with {said}.", {"subject": "account", "when": test}
            )
    if known.filter(annual_revenue__isnull=False).exists():
        for words, low_m, high_m in REVENUE:
            bounds = [None if low_m is None else low_m * _MILLION, None if high_m is None else high_m * _MILLION]
            test = {"field": "account.annual_revenue", "between": bounds}
            document: dict[str, object] = {"subject": "account", "when": test}
            yield _one(
                f"revenue-{low_m or 0}", "Size", f"Revenue {words}", f"Accounts with a revenue of {words}.", document
            )
