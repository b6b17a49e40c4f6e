"""Happenings of a subject as numbers: how many, how much, how long ago.

The engine counts by subject and kind of happening and hands a subject's counts over as one list; they
become columns beside the model (`columns_of`). So hundreds of columns cost one small query and no wide one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rapport.engine.crm.age import age_in_days
from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.features.terms import Term

_ALL = 0  # the window of all happenings


@dataclass(frozen=True)
class Codes:
    """Numbers of the kinds of happenings that terms ask for.

    Attributes: whole, by w0; detailed, by `w0[w1]`; third, by w2 (written `=inbound`).
    """

    whole: Mapping[str, int]
    detailed: Mapping[str, int]
    third: Mapping[str, int]

    @classmethod
    def of(cls, terms: Iterable[Term]) -> Codes:
        names = sorted({term.what for term in terms})
        detailed = [w for w in names if "[" in w]
        third = [w for w in names if w.startswith("=")]
        whole = [w for w in names if w not in detailed and w not in third]
        return cls(*({name: code for code, name in enumerate(group)} for group in (whole, detailed, third)))

    def place(self, what: str) -> tuple[str, int]:
        """The column of codes and the code that a `what` has there."""
        for column, codes in (("c0", self.whole), ("c1", self.detailed), ("c2", self.third)):
            if what in codes:
                return column, codes[what]
        raise KeyError(what)


def counted(rows: ir.Table, terms: Sequence[Term], view: AsOf, *, time_zone: str, runner: Runner) -> ir.Table:
    """One row per subject that any of it happened with: subject_id and `kinds`, a list with an entry per kind.

    An entry: c0, c1, c2 (`Codes`), n<days> and s<days> (how many and how much in the last days, 0 for all), last
    (days since the last one).
    """
    codes = Codes.of(terms)
    rows = rows.mutate(w1=rows.w0 + "[" + rows.w1 + "]", w2="=" + rows.w2)
    for way, code, known in (("w0", "c0", codes.whole), ("w1", "c1", codes.detailed), ("w2", "c2", codes.third)):
        rows = _coded(rows, way, code, known, runner)
    rows = rows.filter(rows.c0.notnull() | rows.c1.notnull() | rows.c2.notnull())
    rows = rows.mutate(age=age_in_days(rows.happened_at, as_of=view.at, time_zone=time_zone))
    figures: dict[str, ir.Value] = {"last": rows.age.min()}
    for measure, window in _figures(terms):
        within = None if window == _ALL else rows.age < window
        value = rows.count(where=within) if measure == "count" else rows.amount.sum(where=within)
        figures[_figure(measure, window)] = value.cast("int64" if measure == "count" else "float64")
    kinds = rows.group_by("subject_id", "c0", "c1", "c2").aggregate(**figures)
    entry = ibis.struct({name: kinds[name] for name in ("c0", "c1", "c2", *figures)})
    return kinds.group_by("subject_id").aggregate(kinds=entry.collect())


def columns_of(kinds: pa.Array, terms: Sequence[Term]) -> list[NDArray[np.float64]]:
    """One float64 column per term from the lists of `counted`, nan where there was none to take the days from."""
    entries = kinds.flatten()
    count = len(kinds)
    lengths = kinds.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    owner = np.repeat(np.arange(count, dtype=np.int64), lengths)
    codes = Codes.of(terms)
    fields = {field.name: _plain(entries.field(field.name)) for field in kinds.type.value_type}
    rows_of = {name: _by_code(fields[name]) for name in ("c0", "c1", "c2")}
    found = []
    for term in terms:
        way, code = codes.place(term.what)
        chosen = rows_of[way].get(code)
        figure = "last" if term.measure == "days" else _figure(term.measure, term.window or _ALL)
        found.append(_column(owner, fields[figure], chosen, count, days=term.measure == "days"))
    return found


def whats(counts: Mapping[tuple[str | None, str | None, str | None], int]) -> dict[str, int]:
    """How many happenings each `what` names, from counts by (w0, w1, w2)."""
    found: dict[str, int] = {}
    for (first, detail, third), n in counts.items():
        names = [first] if first else []
        names += [f"{first}[{detail}]"] if first and detail else []
        names += [f"={third}"] if third else []
        for name in names:
            found[name] = found.get(name, 0) + n
    return found


def _coded(rows: ir.Table, way: str, code: str, known: Mapping[str, int], runner: Runner) -> ir.Table:
    if not known:
        return rows.mutate(**{code: ibis.null("int32")})
    table = pa.table({"_name": pa.array(list(known), pa.string()), code: pa.array(list(known.values()), pa.int32())})
    return rows.left_join(runner.from_arrow(table), [(way, "_name")]).mutate().drop("_name")


def _figures(terms: Sequence[Term]) -> list[tuple[str, int]]:
    """What is counted and summed, over which windows."""
    return sorted({(term.measure, term.window or _ALL) for term in terms if term.measure != "days"})


def _figure(measure: str, window: int) -> str:
    return f"{'n' if measure == 'count' else 's'}{window}"


def _plain(values: pa.Array) -> NDArray[np.float64]:
    return np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def _by_code(codes: NDArray[np.float64]) -> dict[int, NDArray[np.intp]]:
    """Positions of the entries of each code; those without one (nan) are left out."""
    order = np.argsort(codes, kind="stable")
    known = order[: int(np.isfinite(codes).sum())]
    values, starts = np.unique(codes[known], return_index=True)
    return {int(v): part for v, part in zip(values, np.split(known, starts[1:]), strict=True)} if len(values) else {}


def _column(
    owner: NDArray[np.int64],
    figure: NDArray[np.float64],
    chosen: NDArray[np.intp] | None,
    count: int,
    *,
    days: bool,
) -> NDArray[np.float64]:
    if days:
        least = np.full(count, np.inf)
        if chosen is not None:
            np.minimum.at(least, owner[chosen], figure[chosen])
        return np.where(np.isinf(least), np.nan, least)
    if chosen is None:
        return np.zeros(count)
    sums = np.bincount(owner[chosen], weights=np.nan_to_num(figure[chosen]), minlength=count)
    return sums.astype(np.float64)
