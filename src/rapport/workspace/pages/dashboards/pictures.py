"""Charts and whole dashboards as pictures, drawn without a browser: PNG for mail and slides, PDF for print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import vl_convert

from rapport.workspace.pages.dashboards.tiles import Board, Shown
from rapport.workspace.pages.frame.wording import day

_INK, _MUTED, _LINE, _ACCENT, _GOOD, _BAD = "#14201e", "#5c6b68", "#dde3e1", "#0f766e", "#17663a", "#a4262c"
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_LOOK: dict[str, Any] = {
    "background": "white",
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {"labelColor": _MUTED, "titleColor": _MUTED, "gridColor": _LINE, "domainColor": _LINE, "tickColor": _LINE},
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False},
    "mark": {"color": _ACCENT},
    "line": {"strokeWidth": 2},
    "rule": {"color": _MUTED},
    "title": {"color": _INK, "fontSize": 13, "anchor": "start"},
}
_WIDTH, _HEIGHT = 595.0, 842.0  # A4 in points
_EDGE, _GAP, _ACROSS = 36.0, 10.0, 4
_TILE_HEIGHT, _CHART_WIDTH = 66.0, 252.0


def png(shown: Shown, *, width: int = 560, titled: bool = True) -> bytes:
    """A chart with its title, at twice its size for sharp screens. ValueError where there is nothing to draw."""
    return vl_convert.vegalite_to_png(_spec(shown, width, titled=titled), scale=2)


def pdf(board: Board, *, title: str, lead: str) -> bytes:
    """The whole dashboard on one page: A4, or as long as it takes."""
    return vl_convert.svg_to_pdf(_page(board, title, lead))


def _spec(shown: Shown, width: int, *, titled: bool) -> dict[str, Any]:
    if shown.chart is None:
        raise ValueError(f"{shown.label}: nothing to draw")
    how = f"by {shown.figure.by}" if shown.figure.by else "by month"
    heading = {"title": {"text": shown.label, "subtitle": how, "subtitleColor": _MUTED}} if titled else {}
    return {**shown.chart, **heading, "width": width, "config": _LOOK, "padding": 8}


def _page(board: Board, title: str, lead: str) -> str:
    parts = [_text(_EDGE, 52, title, size=18, weight=600), _text(_EDGE, 68, lead, size=9, color=_MUTED)]
    y = 84.0
    for shown in board.alarms:
        sentence = f"{shown.label}: {shown.alarm.sentence if shown.alarm else ''}"
        parts.append(_text(_EDGE, y + 8, sentence, size=8, color=_BAD if _is_bad(shown) else _INK))
        y += 15
    for row in _rows(board.tiles, _ACROSS):
        parts += [_tile(shown, _column(n, _ACROSS), y, _tile_width()) for n, shown in enumerate(row)]
        y += _TILE_HEIGHT + _GAP
    for row in _rows([s for s in board.charts if s.is_drawn and not s.is_table], 2):
        drawn = [_chart(shown, _column(n, 2), y, f"c{int(y)}-{n}-") for n, shown in enumerate(row)]
        parts += [svg for svg, _ in drawn]
        y += max(height for _, height in drawn) + _GAP
    for shown in (s for s in board.charts if s.is_table):
        parts.append(_text(_EDGE, y + 12, shown.label, size=10, weight=600))
        for point in shown.points:
            y += 13
            parts += [_text(_EDGE, y + 14, point.label, size=8), _text(_EDGE + 260, y + 14, point.value, size=8)]
        y += 26
    for mark in board.marks:
        parts.append(_text(_EDGE, y + 10, f"{mark.number}  {day(mark.day)}: {mark.text}", size=8))
        y += 13
    for reason, lacking in board.lacking:
        named = ", ".join(shown.label for shown in lacking)
        parts.append(_text(_EDGE, y + 10, f"Not known yet: {named}. {reason}", size=8, color=_MUTED))
        y += 13
    height = max(_HEIGHT, y + _EDGE)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{_WIDTH}" '
        f'height="{height}" viewBox="0 0 {_WIDTH} {height}"><rect width="100%" height="100%" fill="white"/>'
        f"{''.join(parts)}</svg>"
    )


def _tile(shown: Shown, x: float, y: float, width: float) -> str:
    good = _colour(shown)
    change = _change(shown)
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{_TILE_HEIGHT}" rx="4" fill="none" stroke="{_LINE}"/>'
        + _text(x + 8, y + 15, _short(shown.label, 26), size=8, color=_MUTED)
        + _text(x + 8, y + 35, shown.value, size=15, weight=600)
        + (_text(x + 8, y + 49, change, size=8, color=good) if change else "")
        + (_text(x + 8, y + 60, f"Goal {shown.goal}", size=7, color=_MUTED) if shown.goal else "")
    )


def _chart(shown: Shown, x: float, y: float, prefix: str) -> tuple[str, float]:
    """The chart's own SVG set into the page, its ids made unique there."""
    svg = vl_convert.vegalite_to_svg({**_spec(shown, 400, titled=True)})
    found = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    width, height = (float(n) for n in found.groups()) if found else (400.0, 240.0)
    svg = re.sub(r'id="([^"]+)"', rf'id="{prefix}\1"', svg).replace("url(#", f"url(#{prefix}")
    scale = _CHART_WIDTH / width
    return f'<g transform="translate({x},{y}) scale({scale})">{svg}</g>', height * scale


def _change(shown: Shown) -> str:
    if shown.figure.value is None or shown.difference is None:
        return ""
    from_text = f" from {shown.compared}"
    if shown.as_percent:
        return f"{100 * shown.difference:+.1f} %{from_text}".replace("-", "−")
    return f"{shown.difference:+.1f} points{from_text}".replace("-", "−")


def _is_bad(shown: Shown) -> bool:
    return shown.alarm is not None and shown.alarm.is_good is False


def _colour(shown: Shown) -> str:
    better = shown.spec.higher_is_better
    if better is None or not shown.difference:
        return _MUTED
    return _GOOD if (shown.difference > 0) is better else _BAD


def _text(x: float, y: float, text: str, *, size: float, color: str = _INK, weight: int = 400) -> str:
    return (
        f'<text x="{x}" y="{y}" font-family="{_FONT}" font-size="{size}" font-weight="{weight}" fill="{color}">'
        f"{escape(_short(text, 130))}</text>"
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _tile_width() -> float:
    return (_WIDTH - 2 * _EDGE - (_ACROSS - 1) * _GAP) / _ACROSS


def _column(number: int, across: int) -> float:
    return _EDGE + number * ((_WIDTH - 2 * _EDGE + _GAP) / across)


def _rows(shown: Sequence[Shown], across: int) -> list[Sequence[Shown]]:
    return [shown[i : i + across] for i in range(0, len(shown), across)]
