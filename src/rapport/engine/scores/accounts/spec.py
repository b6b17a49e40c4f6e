"""What an account's score is: its people's scores rolled up, the roles that are covered, and its own scores."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from rapport.engine.crm.closed import Closed, Number
from rapport.engine.crm.conditions.checks import check_condition
from rapport.engine.crm.conditions.grammar import Condition, No, walk
from rapport.engine.scores.definition_base import Band
from rapport.engine.scores.parts import NullWord, ScoreOfScores
from rapport.engine.scores.points.spec import Decay, Limit

_MOST_WEIGHT = Decimal(100)
_WEIGHT_PLACES = 2

Weight = Annotated[Number, Field(ge=0, le=_MOST_WEIGHT)]


def _plain_weight(weight: Decimal) -> Decimal:
    exponent = weight.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_WEIGHT_PLACES:
        raise ValueError("A weight has at most 2 decimal places.")
    return weight


class RoleWeight(Closed):
    """How much a contact counts that meets a condition on `contact.role`, `contact.seniority`, `contact.title` ..."""

    when: Condition
    weight: Weight

    @field_validator("weight")
    @classmethod
    def _plain(cls, weight: Decimal) -> Decimal:
        return _plain_weight(weight)


class Position(Closed):
    """Each further contact counts `percent` of the one before: 50 gives 1, 0.5, 0.25 ... of their points."""

    percent: Annotated[Number, Field(gt=0, le=100)]


class RollUp(Closed):
    """How contacts' scores become one number.

    Attributes:
        score: of contacts, one of `scores`.
        how: sum or mean of what the contacts count; max is the best one alone.
        top: only so many contacts, the best first; None takes all.
        weights: the first that a contact meets, else `otherwise`. A mean divides by the weights.
        decay: by the contact's age in local days since its last interaction that was not ours; a contact without
            one counts nothing. It lowers what a contact counts, not what a mean divides by.
        position: by the contact's place among those of the account, the best first.
        limit: of the result.
        nobody: what an account gets without a contact that has a value: none, or 0 from its contacts.
    """

    score: str
    how: Literal["sum", "mean", "max"] = "sum"
    top: Annotated[int, Field(ge=1, le=10_000)] | None = None
    weights: tuple[RoleWeight, ...] = ()
    otherwise: Weight = Decimal(1)
    decay: Decay | None = None
    position: Position | None = None
    limit: Limit | None = None
    nobody: Annotated[Literal["null", "zero"], NullWord] = "null"

    @field_validator("otherwise")
    @classmethod
    def _plain(cls, weight: Decimal) -> Decimal:
        return _plain_weight(weight)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.how == "max" and (self.top is not None or self.position is not None):
            raise ValueError("max is the best contact alone: it takes no top and no position.")
        return self

    @property
    def most(self) -> int | None:
        """How many contacts count at most."""
        return 1 if self.how == "max" else self.top


class Role(Closed):
    """A role that a purchase needs.

    Attributes:
        when: who plays it. A contact may play several.
        at_least: how many engaged contacts fill it.
        points: what it gives when filled; in part where fewer than `at_least` are engaged.
    """

    name: str = Field(min_length=1, max_length=80)
    when: Condition
    at_least: Annotated[int, Field(ge=1, le=1000)] = 1
    points: Number = Decimal(0)


class BuyingGroup(Closed):
    """Which roles of a purchase are covered by engaged contacts.

        share covered = mean over the roles of min(engaged contacts in the role, at_least) / at_least

    Attributes:
        score: of contacts, which tells who is engaged: from `engaged_from` on.
        labels: of the share in percent; the account's matrix label.
    """

    score: str
    engaged_from: Number
    roles: tuple[Role, ...] = Field(min_length=1, max_length=30)
    labels: tuple[Band, ...] = ()

    @field_validator("labels")
    @classmethod
    def _sorted(cls, labels: tuple[Band, ...]) -> tuple[Band, ...]:
        return tuple(sorted(labels, key=lambda band: band.from_, reverse=True))

    @model_validator(mode="after")
    def _own_names(self) -> Self:
        if len({role.name for role in self.roles}) < len(self.roles):
            raise ValueError("Each role has a name of its own.")
        return self


class OwnScore(Closed):
    """A score of the account itself, added.

    Attributes:
        type: the subtotal it belongs to.
        missing: what an account without that score gets: nothing added, or no value at all.
    """

    score: str
    weight: Annotated[Number, Field(ge=-_MOST_WEIGHT, le=_MOST_WEIGHT)] = Decimal(1)
    type: Literal["fit", "engagement"] = "fit"
    missing: Annotated[Literal["skip", "null"], NullWord] = "skip"

    @field_validator("weight")
    @classmethod
    def _plain(cls, weight: Decimal) -> Decimal:
        return _plain_weight(weight)


class AccountsDefinition(ScoreOfScores):
    """A score of accounts, made of their contacts' scores.

        value = roll-up + points of the roles covered + scores of the account itself, within `range`

    `engagement` is the roll-up and the roles, `fit` the added scores of that type.

    Attributes:
        children: `none`; `members`: contacts of accounts below count for it too, whatever the depth; `average`: an
            account that has accounts below it with a value gets their mean instead of its own (one level).
    """

    kind: Literal["accounts"] = "accounts"
    subject: Literal["account"]
    roll_up: RollUp
    buying_group: BuyingGroup | None = None
    add: tuple[OwnScore, ...] = ()
    children: Literal["none", "members", "average"] = "none"

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        self._of("contact", self.roll_up.score, "roll_up.score")
        if self.buying_group is not None:
            self._of("contact", self.buying_group.score, "buying_group.score")
        for own in self.add:
            self._of("account", own.score, "add.score")
        if len({own.score for own in self.add}) < len(self.add):
            raise ValueError("add: each score once.")
        if self.buying_group is not None and self.buying_group.labels and self.matrix is not None:
            raise ValueError("The matrix label comes from the buying group or from fit and engagement, not both.")
        return self

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        for condition in self.contact_conditions:
            check_condition(condition, subject="contact")
            if any(isinstance(part, No) for part in walk(condition)):
                raise ValueError("Conditions on contacts test fields, segments and related records, not events.")
        return self

    @property
    def contact_conditions(self) -> tuple[Condition, ...]:
        """Conditions on contacts: those of weights, then those of roles."""
        roles = self.buying_group.roles if self.buying_group else ()
        return (*(one.when for one in self.roll_up.weights), *(role.when for role in roles))

    def _of(self, subject: str, name: str, where: str) -> None:
        if self.part(name, where=where).subject != subject:
            raise ValueError(f"{where}: {name!r} is not a score of {subject}s.")
