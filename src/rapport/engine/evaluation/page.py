"""A backtest as one HTML page: nothing is loaded from elsewhere, every chart has its table, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from rapport.engine.evaluation.charts import charts, title_of
from rapport.engine.evaluation.gate import doubts
from rapport.engine.evaluation.report import BacktestReport, BandConversion, Performance
from rapport.engine.statistics.auc import Auc, AucDifference
from rapport.engine.statistics.wilson import Share

_STYLE = """
:root { color-scheme: light dark; --rapport-ink: #1f2937; --rapport-muted: #5b6472; --rapport-grid: #e5e7eb;
  --rapport-main: #1d6fb8; --rapport-other: #b45309; --paper: #ffffff; --note: #fef3c7; }
@media (prefers-color-scheme: dark) { :root { --rapport-ink: #e5e7eb; --rapport-muted: #a3acba; --rapport-grid: #374151;
  --rapport-main: #60a5fa; --rapport-other: #fbbf24; --paper: #111827; --note: #3b2f10; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--rapport-ink); background: var(--paper); margin: 0 auto;
  max-width: 62rem; padding: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p.about { color: var(--rapport-muted); margin: 0 0 1rem; } p.verdict { font-size: 1.1rem; }
ul.notes { background: var(--note); border-radius: .4rem; padding: .75rem 1rem .75rem 2rem; }
.pair { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
.pair > * { flex: 1 1 24rem; min-width: 0; overflow-x: auto; }
figure { margin: 0; } svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--rapport-muted); padding-bottom: .25rem; }
th, td { white-space: nowrap; text-align: right; padding: .25rem .5rem; border-bottom: 1px solid var(--rapport-grid); }
thead th { white-space: normal; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; } thead th { color: var(--rapport-muted); font-weight: 600; }
"""

_NONE = "–"


def page(report: BacktestReport) -> str:
    """The report as an HTML document."""
    drawn = charts(report)
    sections = [
        _section("Against the baselines", _baselines(report)),
        _section("By tenth", _pair(drawn.get("deciles"), _deciles(report))),
        _section("Outcomes reached", _pair(drawn.get("gains"), _reached(report))),
        _section("By band", _pair(drawn.get("bands"), _labels(report.bands, "Band"))) if report.bands else "",
        _section("By label", _labels(report.matrix, "Label")) if report.matrix else "",
        _section("By cut-off", _pair(drawn.get("cut_offs"), "") + _cut_offs(report)),
        _section("What salespeople had said", _labels(report.feedback, "Last word")) if report.feedback else "",
        _section("Stability", _stability(report)) if report.stability else "",
        _section("What was known when", _assumed(report)) if report.recorded_at_assumed else "",
    ]
    title = escape(f"Backtest of {report.name}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{_about(report)}{_notes(report)}{''.join(sections)}</main></body></html>\n"
    )


def _about(report: BacktestReport) -> str:
    rate = report.conversion
    claim = f"{report.event} within {report.within_days} days"
    had = f"{rate.events:,.0f} with the outcome ({_percent(rate.rate)})"
    cases = f"{rate.n:,.0f} cases at {len(report.cut_offs)} cut-offs, {had}"
    return (
        f'<p class="about">{escape(report.kind)} score of {escape(report.subject)}s; outcome: {escape(claim)}; '
        f"{cases}; seen from {report.day(report.now)}.</p>"
        f'<p class="verdict"><strong>{escape(report.verdict)}</strong></p>'
    )


def _notes(report: BacktestReport) -> str:
    """What speaks against the score first, then the remarks."""
    told = [*(doubt.sentence for doubt in doubts(report.to_dict())), *report.notes]
    return f'<ul class="notes">{"".join(f"<li>{escape(line)}</li>" for line in told)}</ul>' if told else ""


def _baselines(report: BacktestReport) -> str:
    rows = [_performance(p) for p in (report.score, *report.baselines)]
    heads = ["Score", "AUC (95 %)", "This score ahead by", "Lift of the best tenth", "Reached by the best fifth"]
    if report.capacity:
        heads.append(f"Precision at {report.capacity:,} a cut-off")
        rows = [[*row, _share(p.precision)] for row, p in zip(rows, (report.score, *report.baselines), strict=True)]
    told = "".join(f"<p>{escape(title_of(p))}: {escape(p.missing)}</p>" for p in report.baselines if p.missing)
    return _table("On the same cases; naive Bayes as Odoo computes it", heads, rows) + told


def _performance(performance: Performance) -> list[str]:
    fifth = performance.deciles[1].captured if performance.deciles else None
    return [
        title_of(performance),
        _auc(performance.auc),
        _ahead(performance.ahead),
        _number(performance.top_lift, 2),
        _percent(fifth),
    ]


def _deciles(report: BacktestReport) -> str:
    rows = [
        [str(d.decile), f"{d.conversion.n:,.1f}", _share(d.conversion), _number(d.lift, 2), _percent(d.captured)]
        for d in report.score.deciles
    ]
    heads = ["Tenth", "Cases", "Had it (95 %)", "Lift", "Reached so far"]
    return _table("Tenths are taken at each cut-off; equal scores share their outcomes evenly", heads, rows)


def _reached(report: BacktestReport) -> str:
    """Captured share of the outcomes at tenths, a column for each score."""
    shown = [p for p in (report.score, *report.baselines) if p.deciles]
    rows = [
        [f"{10 * tenth} %", *(_percent(p.deciles[tenth - 1].captured) for p in shown)]
        for tenth in (1, 2, 3, 4, 5, 7, 10)
    ]
    return _table("Share of all outcomes", ["Cases worked", *(title_of(p) for p in shown)], rows) if shown else ""


def _labels(bands: Sequence[BandConversion], head: str) -> str:
    rows = [
        [
            b.band,
            f"{b.conversion.n:,.0f}",
            _percent(b.share_of_cases),
            f"{b.conversion.events:,.0f}",
            _share(b.conversion),
        ]
        for b in bands
    ]
    return _table("", [head, "Cases", "Share of cases", "With the outcome", "Conversion (95 %)"], rows)


def _cut_offs(report: BacktestReport) -> str:
    rows = [
        [
            report.day(c.as_of),
            f"{c.subjects:,}",
            f"{c.had_before:,}",
            f"{sum(c.unscored.values()):,}",
            f"{c.scored:,}",
            f"{c.event_count:,}",
            _auc(c.auc),
        ]
        for c in report.cut_offs
    ]
    heads = ["Cut-off", "Known", "Had it before", "No value", "Cases", "With the outcome", "AUC (95 %)"]
    return _table("Scored with what was known on the day", heads, rows)


def _stability(report: BacktestReport) -> str:
    rows = [
        [
            f"{report.day(s.earlier)} to {report.day(s.later)}",
            f"{s.shared:,}",
            _number(s.rank_correlation, 3),
            _percent(s.same_band),
        ]
        for s in report.stability
    ]
    return _table("", ["Cut-offs", "Subjects in both", "Rank correlation", "Kept the band"], rows)


def _assumed(report: BacktestReport) -> str:
    rows = [[name, f"{a.rows:,}", _percent(a.rate)] for name, a in report.recorded_at_assumed.items()]
    return _table("Rows for which no source said when they became known", ["Table", "Rows", "Assumed"], rows)


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def _pair(svg: str | None, table: str) -> str:
    figure = f"<figure>{svg}</figure>" if svg else ""
    return f'<div class="pair">{figure}<div>{table}</div></div>' if figure or table else ""


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{told}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _auc(area: Auc) -> str:
    if area.value is None:
        return _NONE
    return f"{area.value:.3f} ({area.low:.3f} to {area.high:.3f})"


def _ahead(gap: AucDifference | None) -> str:
    if gap is None or gap.value is None:
        return _NONE
    if gap.low is None or gap.high is None:
        return f"{gap.value:+.3f}"
    return f"{gap.value:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"


def _share(share: Share | None) -> str:
    if share is None or share.rate is None or share.low is None or share.high is None:
        return _NONE
    return f"{100 * share.rate:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{100 * share:.1f} %"


def _number(value: float | None, places: int) -> str:
    return _NONE if value is None else f"{value:.{places}f}"
