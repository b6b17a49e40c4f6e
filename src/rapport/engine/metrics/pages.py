"""The definition page of a metric, made from its spec."""

from __future__ import annotations

from collections.abc import Iterable

from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric

ROOMS = {
    "marketing": "Marketing",
    "sales": "Sales",
    "customers": "Customers",
    "retention": "Retention and value",
    "service": "Service",
}

_DIRECTIONS = {True: "higher", False: "lower", None: "neither"}


def metric_page(spec: Metric) -> str:
    """Markdown: what it means, how it is computed, how to read it, when not to trust it, what it needs, source."""
    return "\n".join(
        [
            f"# {spec.name}",
            "",
            spec.sentence,
            "",
            f"    {spec.formula}",
            "",
            "## How to read it",
            "",
            spec.how_to_read,
            "",
            "## When not to trust it",
            "",
            spec.not_when,
            "",
            "## Definition",
            "",
            "| | |",
            "| --- | --- |",
            *(f"| {name} | {text} |" for name, text in _facts(spec)),
            "",
            "## Source",
            "",
            spec.source,
            "",
        ]
    )


def index_page() -> str:
    """Markdown: every metric by room, with its sentence."""
    lines = ["# Metrics", "", "One page per metric, made from its definition in `rapport.engine.metrics`.", ""]
    for room, title in ROOMS.items():
        lines += [f"## {title}", "", "| Metric | What it is |", "| --- | --- |"]
        lines += [f"| [{s.name}]({s.id}.md) | {s.sentence} |" for s in METRICS.values() if s.room == room]
        lines.append("")
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {"README.md": index_page(), **{f"{spec.id}.md": metric_page(spec) for spec in METRICS.values()}}


def _facts(spec: Metric) -> Iterable[tuple[str, str]]:
    yield "Id", f"`{spec.id}`, version {spec.definition_version}"
    yield "Kind", spec.kind.value
    yield "Time", f"{spec.time_basis.value}: {spec.time_field}"
    yield "Unit", spec.unit.value
    yield "Better", _DIRECTIONS[spec.higher_is_better]
    yield "Parts", spec.additivity.value
    yield "No value", spec.null_policy.value
    yield "Split by", ", ".join(f"`{name}`" for name in spec.dimensions)
    yield "Counts", "; ".join(f"{s.relation.grain} ({s.relation.table})" for s in spec.counted)
    if isinstance(spec, DerivedMetric):
        yield "Made of", ", ".join(_part(part) for part in spec.parts.values())
    yield "Needs", _needs(spec)
    if spec.variants:
        yield "See also", ", ".join(f"[{METRICS[other].name}]({other}.md)" for other in spec.variants)


def _needs(spec: Metric) -> str:
    needed = [f"`{path}`" for path in spec.paths]
    any_of = dict.fromkeys(s.relation.needs_any for s in spec.counted if s.relation.needs_any)
    needed += ["one of " + ", ".join(f"`{table}`" for table in tables) for tables in any_of]
    return ", ".join(needed)


def _part(part: Part) -> str:
    link = f"[{part.metric.name}]({part.metric.id}.md)"
    return f"{link} of the period before" if part.before else link
