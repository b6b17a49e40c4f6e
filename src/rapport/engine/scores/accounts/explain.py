"""Why an account's score is what it is: the people who count most by name, the roles, its own scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from rapport.engine.crm.conditions.words import value_words
from rapport.engine.scores.accounts.contributions import HUNDRED, NEVER
from rapport.engine.scores.accounts.expression import NO_CONTACT, Accounts
from rapport.engine.scores.bands import MICRO
from rapport.engine.scores.exact import shares
from rapport.engine.scores.explanation import Explanation, Line
from rapport.engine.scores.parts import part_of

NAMED = 5  # contacts with a line of their own
Row = Mapping[str, Any]


def explain(accounts: Accounts) -> dict[str, Explanation]:
    """The explanation of each account asked for."""
    rows = {row["subject_id"]: row for row in accounts.runner.to_arrow(accounts.rows()).to_pylist()}
    totals = {row["subject_id"]: row for row in accounts.runner.to_arrow(accounts.totals).to_pylist()}
    order = ["account_id", "place"]
    placed = accounts.runner.to_arrow(accounts.placed.order_by(order)).to_pylist()
    children = _children(accounts, rows, totals)
    shown = [row for row in placed if row["account_id"] in rows]
    names = _names(accounts, "contacts", [row["contact_id"] for row in shown if row["place"] < NAMED])
    own = {one.score: _own(accounts, one.score, list(rows)) for one in accounts.definition.add}
    told = {}
    for account, row in rows.items():
        if row["micro"] is None:
            told[account] = Explanation(value=None, reason_null=row["reason_null"])
            continue
        value = Decimal(row["micro"]).scaleb(-6)
        if children.get(account):
            told[account] = Explanation(value=value, lines=_averaged(children[account]))
            continue
        people = [one for one in shown if one["account_id"] == account]
        reasons = _Reasons(accounts, totals[account], people, names, {n: e.get(account) for n, e in own.items()})
        told[account] = Explanation(value=value, lines=tuple(reasons.lines()), facts=reasons.facts())
    return told


@dataclass(frozen=True)
class _Reasons:
    """One account. Attributes: row, as `Accounts.totals` gives it; people, its contacts, the best first."""

    accounts: Accounts
    row: Row
    people: Sequence[Row]
    names: Mapping[str, str]
    own: Mapping[str, Explanation | None]

    def lines(self) -> Iterator[Line]:
        yield from self._contacts()
        limit = self.accounts.definition.roll_up.limit
        if limit is not None and self.row["roll_up_limited"]:
            yield _limit("limit of contacts", "contacts", self.row["roll_up_limited"], limit.min, limit.max)
        yield from self._roles()
        yield from self._added()
        if self.row["range_limited"]:
            ends = self.accounts.definition.range
            yield _limit("range", "", self.row["range_limited"], ends.min, ends.max)

    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"contacts that count": len(self.people)}
        if "covered" in self.row:
            facts["buying group covered"] = f"{value_words(_decimal(self.row['covered']))} %"
        return facts

    def _contacts(self) -> Iterator[Line]:
        points = self._points()
        for person, given in zip(self.people[:NAMED], points, strict=False):
            yield Line(
                name=self.names.get(person["contact_id"], person["contact_id"]),
                group="contacts",
                points=_decimal(given),
                sentence=self._sentence(person),
                evidence=self._evidence(person),
            )
        rest = self.people[NAMED:]
        if rest:
            known = f"{len(rest):,} more {'contact' if len(rest) == 1 else 'contacts'}"
            yield Line(
                name="further contacts",
                group="contacts",
                points=_decimal(sum(points[NAMED:])),
                sentence=f"{known}, none of whom counts more than those above.",
                evidence={"contacts": len(rest)},
            )
        if not self.people:
            yield Line(name="contacts", group="contacts", points=Decimal(0), sentence=f"{NO_CONTACT.capitalize()}.")

    def _points(self) -> list[int]:
        """What each contact adds to the account's value."""
        counts = [person["points"] for person in self.people]
        if self.accounts.definition.roll_up.how != "mean":
            return counts
        weight = self.row["weight"]
        return shares([count * HUNDRED for count in counts], weight) if weight else [0] * len(counts)

    def _sentence(self, person: Row) -> str:
        roll_up = self.accounts.definition.roll_up
        parts = [f"{self._title(roll_up.score)} {value_words(_decimal(person['score']))}"]
        if roll_up.weights:
            parts.append(f"counts {value_words(Decimal(person['weight']) / HUNDRED)} times")
        if roll_up.decay is not None:
            parts.append(_active(person["age"]))
        if roll_up.position is not None and person["place"]:
            parts.append(f"number {person['place'] + 1} of the account")
        return f"{', '.join(parts)}."

    def _evidence(self, person: Row) -> dict[str, Any]:
        return {
            "contact": person["contact_id"],
            "account": person["via_id"],
            "score": _decimal(person["score"]),
            "weight": Decimal(person["weight"]) / HUNDRED,
            "days_since_last_interaction": None if person["age"] == NEVER else person["age"],
        }

    def _roles(self) -> Iterator[Line]:
        group = self.accounts.definition.buying_group
        for position, role in enumerate(group.roles if group else ()):
            engaged = self.row[f"engaged_{position}"]
            state = "covered" if engaged >= role.at_least else f"{engaged} of {role.at_least} engaged"
            yield Line(
                name=role.name,
                group="buying group",
                points=_decimal(self.row[f"role_{position}"]),
                sentence=f"{role.name[:1].upper()}{role.name[1:]}: {state}.",
                evidence={"engaged": engaged, "needed": role.at_least},
            )

    def _added(self) -> Iterator[Line]:
        for position, own in enumerate(self.accounts.definition.add):
            known = bool(self.row[f"own_{position}_known"])
            value = value_words(_decimal(self.row[f"own_{position}"])) if known else "unknown"
            times = "" if own.weight == 1 else f", counts {value_words(own.weight)} times"
            explained = self.own.get(own.score)
            yield Line(
                name=own.score,
                group=own.type,
                points=_decimal(self.row[f"added_{position}"]),
                sentence=f"{self._title(own.score)} {value}{times}.",
                evidence={"score": value, "weight": own.weight},
                inner=explained.lines if explained else (),
            )

    def _title(self, name: str) -> str:
        part = self.accounts.definition.scores[name]
        return part.title or name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class _Child:
    name: str
    account_id: str
    micro: int


def _children(accounts: Accounts, rows: Mapping[str, Row], totals: Mapping[str, Row]) -> dict[str, list[_Child]]:
    """The accounts below each account that are averaged for it, the highest first."""
    if accounts.definition.children != "average":
        return {}
    pairs = accounts.runner.to_arrow(accounts.children).to_pylist()
    mine = [pair for pair in pairs if pair["above_id"] in rows and pair["below_id"] in totals]
    names = _names(accounts, "accounts", [pair["below_id"] for pair in mine])
    found: dict[str, list[_Child]] = {}
    for pair in mine:
        value = totals[pair["below_id"]]["micro"]
        if value is not None:
            child = _Child(names.get(pair["below_id"], pair["below_id"]), pair["below_id"], value)
            found.setdefault(pair["above_id"], []).append(child)
    return {above: sorted(ones, key=lambda one: (-one.micro, one.account_id)) for above, ones in found.items()}


def _averaged(children: Sequence[_Child]) -> tuple[Line, ...]:
    points = shares([child.micro for child in children], len(children))
    named = [
        Line(
            name=child.name,
            group="accounts below",
            points=_decimal(given),
            sentence=f"{child.name} has {value_words(_decimal(child.micro))}, one of {len(children)} accounts below.",
            evidence={"account": child.account_id, "score": _decimal(child.micro)},
        )
        for child, given in zip(children[:NAMED], points, strict=False)
    ]
    rest = points[NAMED:]
    if rest:
        sentence = f"{len(rest):,} more accounts below, none higher than those above."
        named.append(
            Line(
                name="further accounts",
                group="accounts below",
                points=_decimal(sum(rest)),
                sentence=sentence,
                evidence={"accounts": len(rest)},
            )
        )
    return tuple(named)


def _own(accounts: Accounts, name: str, subject_ids: list[str]) -> Mapping[str, Explanation]:
    part = part_of(accounts.definition, name, accounts.view)
    kind = accounts.kinds[part.kind]
    return kind.explain(
        part, accounts.view, subject_ids=subject_ids, runner=accounts.runner, run=accounts.parts.runs.get(name)
    )


def _names(accounts: Accounts, table: str, ids: Sequence[str]) -> dict[str, str]:
    """What people call a few records; those without a name are left out."""
    columns = ["first_name", "last_name", "email"] if table == "contacts" else ["name"]
    rows = accounts.view.table(table, needed_by=accounts.needed_by, columns=columns)
    wanted = accounts.runner.from_arrow(pa.table({"_wanted": pa.array(sorted(set(ids)), pa.string())}))
    found = accounts.runner.to_arrow(rows.semi_join(wanted, rows.id == wanted["_wanted"])).to_pylist()
    return {row["id"]: name for row in found if (name := _name(row))}


def _name(row: Row) -> str | None:
    whole = " ".join(part for part in (row.get("first_name"), row.get("last_name")) if part)
    return row.get("name") or whole or row.get("email")


def _limit(name: str, group: str, change: int, low: Decimal | None, high: Decimal | None) -> Line:
    bound = f"at most {value_words(high)}" if change < 0 else f"at least {value_words(low)}"
    of = "The score" if name == "range" else "All contacts together"
    given = "is" if name == "range" else "give"
    return Line(name=name, group=group, points=_decimal(change), sentence=f"{of} {given} {bound}.", kind="limit")


def _active(age: int) -> str:
    if age == NEVER:
        return "never active"
    return {0: "active today", 1: "active yesterday"}.get(age, f"last active {age} days ago")


def _decimal(whole: int) -> Decimal:
    return (Decimal(int(whole)) / MICRO).quantize(Decimal("0.000001"))
