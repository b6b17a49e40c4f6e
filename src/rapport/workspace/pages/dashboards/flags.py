"""What a figure's flags mean: short words to stand beside it, and a sentence for who asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_TOLD = {
    "small sample": ("few cases", "It rests on fewer than thirty cases: a few more would move it."),
    "immature": ("too early to tell", "Some of those counted still have time left to answer, buy or leave."),
    "period not over": ("period not over", "Its last day is still to come: what happens until then will count."),
    "partly covered": (
        "data cover part of it",
        "The sources tell less than the whole period: they begin later or end earlier.",
    ),
    "adjusted interval": ("interval adjusted", "With few answers of one kind, two of each are added for the interval."),
}
_SENTENCES = (
    ("with an assumed date or amount", "Where a date or amount is not told, the usual one stands in."),
    ("without amount", "They have no amount, so the sum leaves them out."),
    ("without exchange rate", "No rate into the company's currency is known for their day, so they are left out."),
    ("without a full time", "They lack the start or the end of the time that is counted."),
    ("mixes", "Several surveys are counted together; filter by survey to tell them apart."),
    ("not by", "This metric does not know what is filtered by, so it shows the whole."),
)


@dataclass(frozen=True, kw_only=True)
class Flag:
    """words: as they stand beside the figure; meaning: a sentence, empty where the words say all."""

    words: str
    meaning: str

    def __str__(self) -> str:
        return self.words


def flags_of(told: Iterable[str]) -> list[Flag]:
    """The metric's own flags, as people read them."""
    return [_flag(flag) for flag in told]


def _flag(told: str) -> Flag:
    if told in _TOLD:
        words, meaning = _TOLD[told]
        return Flag(words=words, meaning=meaning)
    meaning = next((sentence for part, sentence in _SENTENCES if part in told), "")
    return Flag(words=told, meaning=meaning)
