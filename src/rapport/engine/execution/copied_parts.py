"""Parts of a query that Spark would write out many times.

Spark puts each `WITH` part into every place that reads it before it plans: parts that read one another double from
one to the next, and five steps of following merges become thirty-two copies, each planned on its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot.expressions as sge

MOST_COPIES = 16  # up to which planning a part anew is cheaper than computing it beforehand


@dataclass(frozen=True)
class Part:
    """A `WITH` part: its name, and the query that it belongs to."""

    name: str
    query: sge.Query

    def sql(self, *, dialect: str) -> str:
        """It alone, with the parts before it that it reads."""
        own = _named(self.query, self.name).this.copy()
        for cte in _needed(self.query, own):
            own = own.with_(cte.alias, as_=cte.this.copy(), copy=False)
        return str(own.sql(dialect=dialect))

    def replaced_by(self, table: str) -> None:
        """Every reader reads the table instead, and the part is gone."""
        cte = _named(self.query, self.name)
        for read in self.query.find_all(sge.Table):
            if read.name == self.name and not read.db:
                if not read.alias:
                    read.set("alias", sge.TableAlias(this=sge.to_identifier(self.name, quoted=True)))
                read.set("this", sge.to_identifier(table, quoted=True))
        parts = cte.parent
        cte.pop()
        if isinstance(parts, sge.With) and not parts.expressions:
            parts.pop()


def copied_parts(query: sge.Query) -> Iterator[Part]:
    """The parts that would be copied more than a few times, the first ones first; each to be replaced before the next
    is asked for."""
    while (name := _first_copied(query)) is not None:
        yield Part(name, query)


def _first_copied(query: sge.Query) -> str | None:
    return next((name for name, copies in copies_of(query).items() if copies > MOST_COPIES), None)


def copies_of(query: sge.Query) -> dict[str, int]:
    """How often each part would stand in the query with all parts put into their places, by name, in order."""
    parts = {cte.alias: cte for cte in query.ctes}
    within = {name: _reads(cte.this, parts) for name, cte in parts.items()}
    everywhere = _reads(query, parts)
    for reads in within.values():
        for name, times in reads.items():
            everywhere[name] -= times
    copies: dict[str, int] = {}
    for name in reversed(list(parts)):  # those that read it come after it
        copies[name] = everywhere.get(name, 0) + sum(
            copies[reader] * within[reader].get(name, 0) for reader in list(parts)[list(parts).index(name) + 1 :]
        )
    return dict(reversed(copies.items()))


def _reads(expression: sge.Expression, parts: dict[str, sge.CTE]) -> dict[str, int]:
    found: dict[str, int] = {}
    for table in expression.find_all(sge.Table):
        if table.name in parts and not table.db:
            found[table.name] = found.get(table.name, 0) + 1
    return found


def _named(query: sge.Query, name: str) -> sge.CTE:
    return next(cte for cte in query.ctes if cte.alias == name)


def _needed(query: sge.Query, part: sge.Expression) -> list[sge.CTE]:
    """The parts that one reads, directly or by others, in the order of the query."""
    parts = {cte.alias: cte for cte in query.ctes}
    wanted, asked = set[str](), [part]
    while asked:
        for name in _reads(asked.pop(), parts):
            if name not in wanted:
                wanted.add(name)
                asked.append(parts[name].this)
    return [cte for name, cte in parts.items() if name in wanted]
