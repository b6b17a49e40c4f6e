"""Which features a company's tables offer at an instant: fields that are filled, things that happen often enough."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions import fields as grammar
from rapport.engine.crm.conditions.fields import REACHABLE, FieldRef
from rapport.engine.crm.conditions.frame import SUBJECT_TABLES, subject_frame
from rapport.engine.crm.tables import BY_ENTITY
from rapport.engine.runner import Runner
from rapport.engine.scores.features.fields import EMAIL_DOMAIN, OMITTED, candidates
from rapport.engine.scores.features.happenings import NEEDED_BY, happenings
from rapport.engine.scores.features.measures import whats
from rapport.engine.scores.features.terms import WINDOWS, Feature, Nature, Term

MOST_LEVELS = 60  # a text with more values is a name or a free text
FEWEST_KNOWN = 20
SHARE_KNOWN = 0.01
MOST_PROPERTIES = 80
MOST_KINDS = 30  # of events, details among them
_PROFILED = 50_000
_SAMPLED_DOCUMENTS = 2_000
_SOURCES: Mapping[str, tuple[tuple[str | None, str], ...]] = {
    # whose (None: the subject's own) and which table; each is a part of one query
    "contact": (
        *((None, t) for t in ("events", "deals", "orders", "cases", "campaigns", "contracts")),
        ("account", "deals"),
        ("account", "contracts"),
    ),
    "account": tuple((None, t) for t in ("events", "deals", "orders", "cases", "campaigns", "contracts", "changes")),
    "deal": (
        *((None, t) for t in ("events", "visits", "changes")),
        *(("contact", t) for t in ("events", "cases")),
        *(("account", t) for t in ("deals", "orders", "cases", "contracts")),
    ),
}
_WITH_AMOUNT = ("deals", "orders", "contracts")


@dataclass(frozen=True)
class FeaturePlan:
    """Features to compute, and what is left out with the reason."""

    features: tuple[Feature, ...]
    left_out: Mapping[str, str]


def feature_plan(
    view: AsOf, subject: str, *, runner: Runner, omit: Iterable[str] = (), keep: Iterable[str] = ()
) -> FeaturePlan:
    """What can be known of a subject at the view's instant.

    Parameters: omit, features, families or fields that the definition leaves out; keep, fields that it
        wants in spite of the rules.
    """
    omitted = frozenset(omit)
    found = {entity: _property_keys(view, entity, runner) for entity in REACHABLE[subject]}
    chosen = candidates(view, subject, properties=found, omit=omitted, keep=keep)
    fields, left_out = _profiled(view, subject, chosen.paths, frozenset(keep), runner)
    terms = [term for of, table in _SOURCES[subject] for term in _terms(view, subject, of, table, runner)]
    measures = [Feature(name=t.name, nature=Nature.NUMBER) for t in terms]
    dropped = {f.name: OMITTED for f in measures if {f.name, f.family, _table_of(f)} & omitted}
    kept = [f for f in measures if f.name not in dropped]
    return FeaturePlan((*fields, *kept), {**chosen.left_out, **left_out, **dropped})


def _table_of(feature: Feature) -> str:
    term = feature.term
    return f"{term.of}.{term.table}" if term and term.of else term.table if term else ""


def _property_keys(view: AsOf, entity: str, runner: Runner) -> list[str]:
    """Keys of custom properties that are filled somewhere, the most filled first."""
    table = BY_ENTITY[entity].name
    if not view.has(table) or "properties" not in view.snapshot.tables[table].columns:
        return []
    if view.has("attribute_history"):
        rows = view.table("attribute_history", needed_by=NEEDED_BY, columns=["entity", "attribute", "value"])
        rows = rows.filter((rows.entity == entity) & rows.attribute.startswith("properties.") & rows.value.notnull())
        counted = runner.to_arrow(rows.group_by("attribute").aggregate(n=rows.count())).to_pylist()
        counts = Counter({row["attribute"].removeprefix("properties."): row["n"] for row in counted})
    else:
        rows = view.snapshot.tables[table].select("id", "properties").filter(lambda t: t.properties.notnull())
        documents = runner.to_arrow(rows.order_by("id").limit(_SAMPLED_DOCUMENTS))["properties"].to_pylist()
        counts = Counter(key for text in documents for key, value in _members(text) if value not in (None, ""))
    return [key for key, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_PROPERTIES]]


def _members(document: str) -> Iterable[tuple[str, Any]]:
    try:
        parsed = json.loads(document)
    except ValueError:
        return ()
    return parsed.items() if isinstance(parsed, dict) else ()


def _profiled(
    view: AsOf, subject: str, paths: Sequence[str], keep: frozenset[str], runner: Runner
) -> tuple[list[Feature], dict[str, str]]:
    """Fields with their nature, by what they hold in up to 50,000 subjects; the others with the reason."""
    some = view.snapshot.tables[SUBJECT_TABLES[subject]].select(subject_id="id").order_by("subject_id")
    frame = subject_frame(view, subject, paths, needed_by=NEEDED_BY, subjects=some.limit(_PROFILED))
    figures: dict[str, ir.Value] = {"rows": frame.rows.count()}
    for path, column in frame.columns.items():
        value = frame.rows[column]
        figures |= {f"{column}_n": value.count(), f"{column}_d": value.nunique()}
        if frame.refs[path].nature is grammar.Nature.PROPERTY:
            figures[f"{column}_f"] = value.try_cast("float64").count()
    told = runner.to_arrow(frame.rows.aggregate(**figures)).to_pylist()[0]
    features, left_out = [], {}
    for path, column in frame.columns.items():
        counts = _Counts(told["rows"], told[f"{column}_n"], told[f"{column}_d"], told.get(f"{column}_f"))
        nature, reason = _judged(frame.refs[path], counts)
        if nature is None or (reason is not None and path not in keep):
            left_out[path] = reason or "nothing is known of it"
        else:
            features.append(Feature(name=path, nature=nature))
    return features, left_out


@dataclass(frozen=True)
class _Counts:
    """Of a field: subjects, those with a value, different values, values that are numbers (of properties)."""

    rows: int
    known: int
    distinct: int
    numbers: int | None


def _judged(ref: FieldRef, counts: _Counts) -> tuple[Nature | None, str | None]:
    nature = _nature(ref, counts)
    if not counts.known:
        return None, "empty"
    if counts.known < min(FEWEST_KNOWN, counts.rows) or counts.known < SHARE_KNOWN * counts.rows:
        return nature, f"known of {counts.known:,} of {counts.rows:,} only"
    if counts.distinct < 2 and counts.known == counts.rows:
        return nature, "the same for all"
    if ref.path == EMAIL_DOMAIN:
        return nature, None
    name = ref.path.lower().replace("_", " ")
    if nature is Nature.NUMBER and ref.nature is grammar.Nature.PROPERTY and counts.distinct == counts.known:
        return nature, "numbers the records" if name.endswith((" id", " number", ".id", ".number")) else None
    if nature is Nature.CATEGORY and counts.distinct > MOST_LEVELS:
        return nature, f"{counts.distinct:,} different values"
    return nature, None


def _nature(ref: FieldRef, counts: _Counts) -> Nature:
    if ref.nature is grammar.Nature.PROPERTY:
        return Nature.NUMBER if counts.numbers == counts.known else Nature.CATEGORY
    numbers = (grammar.Nature.NUMBER, grammar.Nature.DATE, grammar.Nature.INSTANT)
    return Nature.NUMBER if ref.nature in numbers else Nature.CATEGORY


def _terms(view: AsOf, subject: str, of: str | None, table: str, runner: Runner) -> list[Term]:
    """Measures of what a table tells of the subject (None) or of its account or contact."""
    rows = happenings(view, table, of or subject)
    return [] if rows is None else _of_table(table, of, _counts(rows, runner))


def _counts(rows: ir.Table, runner: Runner) -> dict[tuple[str | None, str | None, str | None], int]:
    counted = rows.group_by("w0", "w1", "w2").aggregate(n=rows.count())
    counted = counted.order_by([ibis.desc("n"), "w0", "w1", "w2"]).limit(1_000)
    return {(r["w0"], r["w1"], r["w2"]): r["n"] for r in runner.to_arrow(counted).to_pylist()}


def _of_table(
    table: str, of: str | None, counts: Mapping[tuple[str | None, str | None, str | None], int]
) -> list[Term]:
    frequent = sorted(whats(counts).items(), key=lambda item: (-item[1], item[0]))
    chosen = [what for what, n in frequent if n >= FEWEST_KNOWN][:MOST_KINDS]
    terms = []
    for what in sorted(chosen):
        narrow = "[" in what or table != "events"
        windows: tuple[int | None, ...] = (30, 365, None) if narrow else (*WINDOWS, None)
        terms += [Term(of=of, table=table, what=what, window=w, measure="count") for w in windows]
        terms.append(Term(of=of, table=table, what=what, window=None, measure="days"))
        if table in _WITH_AMOUNT and "[" not in what:
            terms += [Term(of=of, table=table, what=what, window=w, measure="amount") for w in (365, None)]
    return terms
