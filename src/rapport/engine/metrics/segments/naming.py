"""Groups in words: what their members do more or less than others, and a name to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_STRONG, _NOTABLE = 0.8, 0.4  # standard deviations
_MOST_SAID = 4


@dataclass(frozen=True, kw_only=True)
class Trait:
    """One feature of a group against all others.

    Attributes:
        effect: difference of means in standard deviations. here, elsewhere: typical values (shares: means; others:
            medians), None where unknown.
    """

    name: str
    effect: float
    here: float | None
    elsewhere: float | None


@dataclass(frozen=True, kw_only=True)
class Words:
    """How a feature is said: of those with more of it and with less, in a sentence and in a name; its unit."""

    more: str
    less: str
    more_name: str
    less_name: str
    unit: str = ""


_WORDS = {
    "recency": Words(
        more="have not bought for long", less="bought lately", more_name="lapsed", less_name="recent", unit="days ago"
    ),
    "frequency": Words(
        more="buy often", less="buy seldom", more_name="frequent", less_name="occasional", unit="purchases a year"
    ),
    "monetary": Words(
        more="spend much", less="spend little", more_name="big spenders", less_name="small spenders", unit="money"
    ),
    "basket": Words(
        more="fill large baskets",
        less="fill small baskets",
        more_name="large baskets",
        less_name="small baskets",
        unit="money",
    ),
    "tenure": Words(
        more="have been known for long", less="are new", more_name="long-standing", less_name="new", unit="days"
    ),
    "contacts": Words(
        more="are in touch often",
        less="are seldom in touch",
        more_name="active",
        less_name="quiet",
        unit="contacts a year",
    ),
    "service": Words(
        more="need much service",
        less="need little service",
        more_name="much service",
        less_name="little service",
        unit="cases a year",
    ),
}


def words_of(name: str) -> Words:
    """The words of a feature, shares of channels and families too."""
    if name in _WORDS:
        return _WORDS[name]
    kind, _, what = name.partition(":")
    shown = what.replace("_", " ")
    if kind == "family":
        return Words(
            more=f"buy {shown}",
            less=f"buy little {shown}",
            more_name=f"{shown} buyers",
            less_name=f"not {shown}",
            unit="share",
        )
    verb = "order" if kind == "ordered" else "are in touch"
    return Words(
        more=f"{verb} by {shown}",
        less=f"{verb} little by {shown}",
        more_name=f"by {shown}",
        less_name=f"not by {shown}",
        unit="share",
    )


def label(name: str) -> str:
    """A feature as the heading of a row: `days since the last purchase`, `share of order lines: Shoes`."""
    kind, _, what = name.partition(":")
    plain = {
        "recency": "days since the last purchase",
        "frequency": "purchases in a year",
        "monetary": "spent in a year",
        "basket": "mean purchase",
        "tenure": "days known",
        "contacts": "contacts from them in a year",
        "service": "cases in a year",
        "active": "active",
        "channel": "share of contacts by",
        "ordered": "share of orders by",
        "family": "share of order lines:",
    }[kind]
    return f"{plain} {what.replace('_', ' ')}" if what else plain


def description(traits: Sequence[Trait], *, currency: str) -> str:
    """What sets a group apart, the strongest first, with figures: `Buy often (12 purchases a year; others 2).`"""
    said = [_said(trait, currency) for trait in traits if abs(trait.effect) >= _NOTABLE][:_MOST_SAID]
    if not said:
        return "Much like everybody else."
    text = ", ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def names_of(groups: Sequence[Sequence[Trait]]) -> list[str]:
    """A name for each group, no two alike: its two strongest traits, more where that is not enough."""
    names: list[str] = []
    for traits in groups:
        telling = _telling(traits)
        options = [_joined(telling[:count]) for count in range(min(2, len(telling)), len(telling) + 1)] or ["Average"]
        free = [name for name in options if name not in names]
        names.append(free[0] if free else f"{options[0]} ({len(names) + 1})")
    return names


def _telling(traits: Sequence[Trait]) -> list[str]:
    """Words for a name: more of something says more than less of it, and one of related features is enough."""
    words: list[str] = []
    seen: set[str] = set()
    for trait in traits:
        kin = _KIN.get(trait.name, trait.name.partition(":")[0])
        if abs(trait.effect) < _NOTABLE or kin in seen or (":" in trait.name and trait.effect < _STRONG):
            continue
        seen.add(kin)
        found = words_of(trait.name)
        words.append(found.more_name if trait.effect > 0 else found.less_name)
    return words


_KIN = {"monetary": "money", "basket": "money"}


def _joined(words: Sequence[str]) -> str:
    text = ", ".join(words)
    return f"{text[0].upper()}{text[1:]}" if text else "Average"


def _said(trait: Trait, currency: str) -> str:
    words = words_of(trait.name)
    said = words.more if trait.effect > 0 else words.less
    if trait.here is None or trait.elsewhere is None:
        return said
    here, others = (figure(value, words.unit, currency) for value in (trait.here, trait.elsewhere))
    unit = f" {words.unit}" if words.unit not in ("money", "share", "") else ""
    if here == "1":
        unit = unit.replace("s a year", " a year").replace("days ago", "day ago")
    return f"{said} ({here}{unit}; others {others})"


def figure(value: float, unit: str, currency: str) -> str:
    """A typical value with its unit where it is money or a share."""
    if unit == "share":
        return f"{value:.0%}"
    if unit == "money" and abs(value) >= 1e6:
        return f"{value / 1e6:,.1f} M {currency}"
    shown = f"{value:,.0f}" if abs(value) >= 10 or float(value).is_integer() else f"{value:.1f}"
    return f"{shown} {currency}" if unit == "money" else shown
