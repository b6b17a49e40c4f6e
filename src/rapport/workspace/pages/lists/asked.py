"""What a reader asks of a list, from its address: `?q=ann&f=country:is:SE&sort=-created_at&cols=name,email`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict

from rapport.workspace.pages.lists.columns import Column, Kind, ListSpec, score_columns
from rapport.workspace.pages.lists.conditions import OPERATORS, WITHOUT_VALUE, Filter, FilterError, read
from rapport.workspace.pages.lists.keyset import Cursor

_MOST_FILTERS = 30


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A list as asked for. columns: every one it has, by name; shown: those to show, in order.

    chosen: whether the reader chose the columns; complaints: what could not be understood, for people.
    """

    spec: ListSpec
    columns: dict[str, Column]
    typed: str
    filters: tuple[Filter, ...]
    sort: Column
    descending: bool
    shown: tuple[Column, ...]
    chosen: bool
    after: Cursor | None
    view: str
    complaints: tuple[str, ...]

    def query(self, *, cursor: Cursor | None = None, cols: bool = False) -> str:
        """The address' query string for this list, canonical."""
        pairs: list[tuple[str, str]] = []
        if self.typed:
            pairs.append(("q", self.typed))
        pairs += [("f", asked.text) for asked in self.filters]
        pairs.append(("sort", f"{'-' if self.descending else ''}{self.sort.name}"))
        if self.chosen or cols:
            pairs.append(("cols", ",".join(column.name for column in self.shown)))
        if self.view:
            pairs.append(("view", self.view))
        if cursor is not None:
            pairs.append(("after", cursor.encode()))
        return urlencode(pairs, safe=":,")

    def without(self, asked: Filter) -> Asked:
        return replace(self, filters=tuple(other for other in self.filters if other != asked))

    def sorted_by(self, column: Column) -> Asked:
        """By another column; by the same one, in the other direction. Numbers and times start with the highest."""
        first = column.kind in (Kind.SCORE, Kind.INSTANT) or column.numeric
        down = not self.descending if column.name == self.sort.name else first
        return replace(self, sort=column, descending=down)


def read_address(spec: ListSpec, query: QueryDict) -> Asked:
    """Everything understood; what was not is left out and named in `complaints`."""
    scores = score_columns(spec.subject)
    columns = {column.name: column for column in (*spec.columns, *scores)}
    complaints: list[str] = []
    filters = []
    for text in [*query.getlist("f")[:_MOST_FILTERS], *_added(query)]:
        try:
            found = read(text, columns)
        except FilterError as wrong:
            complaints.append(str(wrong))
        else:
            filters.append(found)
    sort, descending = _sort(spec, query.get("sort", ""), columns, scores)
    shown, chosen = _shown(spec, query, columns, scores)
    return Asked(
        spec=spec,
        columns=columns,
        typed=query.get("q", "").replace("\x00", "").strip()[:200],
        filters=tuple(dict.fromkeys(filters)),
        sort=sort,
        descending=descending,
        shown=shown,
        chosen=chosen,
        after=Cursor.decode(query.get("after", "")),
        view=query.get("view", "")[:100],
        complaints=tuple(complaints),
    )


def _added(query: QueryDict) -> list[str]:
    """The filter of the filter form, which sends its parts apart."""
    if not query.get("column"):
        return []
    operator = query.get("operator", "")
    value = "" if operator in WITHOUT_VALUE else query.get("value", "").replace("\x00", "")
    return [f"{query['column']}:{operator}:{value}"]


def _sort(spec: ListSpec, text: str, columns: dict[str, Column], scores: Sequence[Column]) -> tuple[Column, bool]:
    column = columns.get(text.lstrip("-"))
    if column is not None and column.sortable:
        return column, text.startswith("-")
    if not text and scores and spec.sort == "score":
        return scores[0], True
    default = "-created_at" if spec.sort == "score" else spec.sort
    return columns[default.lstrip("-")], default.startswith("-")


def _shown(
    spec: ListSpec, query: QueryDict, columns: dict[str, Column], scores: Sequence[Column]
) -> tuple[tuple[Column, ...], bool]:
    names = [name for text in query.getlist("cols") for name in text.split(",") if name in columns]
    first = spec.columns[0]
    if names:
        return tuple(columns[name] for name in dict.fromkeys([first.name, *names])), True
    plain = [columns[name] for name in spec.shown]
    return (plain[0], *list(scores)[:3], *plain[1:]), False


def operators_of(column: Column) -> dict[str, str]:
    return OPERATORS[column.kind]
