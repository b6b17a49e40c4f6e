"""What a predictive score learnt, as it is kept in a population run: the model, its figures and its reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rapport.engine.scores.conversion.predictor import Predictor
from rapport.engine.scores.conversion.scale import Scale
from rapport.engine.scores.features.frame import Layout
from rapport.engine.scores.features.terms import Feature
from rapport.engine.statistics.additive import Features
from rapport.engine.statistics.additive.tables import Micros
from rapport.engine.statistics.auc import Floats
from rapport.engine.statistics.calibrator import Calibrator


@dataclass(frozen=True, kw_only=True)
class LearntPeriod:
    """Cases of one cut-off: how many were eligible, how many were learnt from, how many had the outcome. ISO 8601."""

    cut_off: str
    window_end: str
    eligible: int
    n: int
    event_count: int


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """How one model told cases after those it had learnt from. Null where there were none to try."""

    name: str
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    log_loss: float | None
    brier: float | None
    slope: float | None
    intercept: float | None


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A field that seems to know the outcome. `kept`: used all the same, as the definition asks."""

    name: str
    evidence: str
    kept: bool = False


@dataclass(frozen=True, kw_only=True)
class LearntGroup:
    """The model of one group: of its own, or everybody's moved to its level. `sentence` says which and why."""

    predictor: Predictor
    n: int
    event_count: int
    sentence: str


@dataclass(frozen=True, kw_only=True)
class ConversionModel:
    """Everything that `score` and `explain` need, and everything that a reader asks.

    Attributes:
        reason_null: why nobody has a score; then there is no predictor.
        forward: whether models were tried on a later period than those they learnt from.
        notes: what limits it, in sentences. gate: why it replaced the model before it, or stayed.
    """

    outcome: str
    definition: str
    features: tuple[Feature, ...] = ()
    predictor: Predictor | None = None
    calibrator: Calibrator | None = None
    scale: Scale | None = None
    groups: Mapping[str, LearntGroup] = field(default_factory=dict)
    periods: tuple[LearntPeriod, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    chosen: str = ""
    sentence: str = ""
    forward: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)
    leaks: tuple[Leak, ...] = ()
    notes: tuple[str, ...] = ()
    gate: str = ""
    reason_null: str | None = None

    @property
    def n(self) -> int:
        return sum(p.n for p in self.periods)

    @property
    def event_count(self) -> int:
        return sum(p.event_count for p in self.periods)

    @property
    def base_rate(self) -> float:
        return self.event_count / self.n if self.n else 0.0

    @cached_property
    def importance(self) -> dict[str, float]:
        return self.predictor.importance if self.predictor else {}

    def layout(self, subject: str) -> Layout:
        return Layout.of(self.features, subject)

    def of_group(self, name: str | None) -> Predictor | None:
        """The model of a group; everybody's where it has none."""
        return self.groups[name].predictor if name is not None and name in self.groups else self.predictor

    def micro_logits(self, features: Features, group_names: NDArray[np.object_]) -> Micros:
        """Log-odds of each row by the model of its group, before calibration."""
        if self.predictor is None:
            return np.zeros(features.count, dtype=np.int64)
        total = self.predictor.micro_logits(features)
        for name, group in self.groups.items():
            mine = np.flatnonzero(group_names == name)
            if len(mine):
                total[mine] = group.predictor.micro_logits(features.take(mine))
        return total

    def probabilities(self, micro_logits: Micros) -> Floats:
        """Calibrated chances."""
        if self.calibrator is None:
            return np.full(len(micro_logits), np.nan)
        return self.calibrator.probabilities(micro_logits / 1_000_000)

    def to_json(self) -> str:
        plain = {f: getattr(self, f) for f in _PLAIN}
        document = {
            **plain,
            "features": [f.to_dict() for f in self.features],
            "predictor": self.predictor.to_dict() if self.predictor else None,
            "calibrator": self.calibrator.to_dict() if self.calibrator else None,
            "scale": self.scale.begins.tolist() if self.scale else None,
            "groups": {
                name: {**{k: getattr(g, k) for k in ("n", "event_count", "sentence")}, **g.predictor.to_dict()}
                for name, g in self.groups.items()
            },
            **{name: [asdict(one) for one in getattr(self, name)] for name in ("periods", "candidates", "leaks")},
            "importance": self.importance,
        }
        return json.dumps(document, separators=(",", ":"))


_PLAIN = ("outcome", "definition", "chosen", "sentence", "forward", "left_out", "notes", "gate", "reason_null")


@lru_cache(maxsize=16)
def model_of(text: str) -> ConversionModel:
    """The model that `to_json` wrote."""
    stored: dict[str, Any] = json.loads(text)
    groups = {
        name: LearntGroup(
            predictor=Predictor.from_dict(g), n=g["n"], event_count=g["event_count"], sentence=g["sentence"]
        )
        for name, g in stored["groups"].items()
    }
    known = stored["predictor"] is not None
    return ConversionModel(
        **{**{name: stored[name] for name in _PLAIN}, "notes": tuple(stored["notes"])},
        features=tuple(Feature.from_dict(f) for f in stored["features"]),
        predictor=Predictor.from_dict(stored["predictor"]) if known else None,
        calibrator=Calibrator.from_dict(stored["calibrator"]) if known else None,
        scale=Scale(np.array(stored["scale"], dtype=np.int64)) if known else None,
        groups=groups,
        periods=tuple(LearntPeriod(**p) for p in stored["periods"]),
        candidates=tuple(Candidate(**c) for c in stored["candidates"]),
        leaks=tuple(Leak(**one) for one in stored["leaks"]),
    )
