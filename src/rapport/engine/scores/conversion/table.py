"""Scores by a learnt model, batch by batch where the rows are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rapport.engine.errors import InternalError
from rapport.engine.scores.conversion.model import model_of
from rapport.engine.scores.conversion.scale import percent_micro
from rapport.engine.scores.features.frame import Layout
from rapport.engine.scores.population import Integers

SCORED = pa.schema(
    [
        ("subject_id", pa.string()),
        ("micro", pa.int64()),
        ("low_micro", pa.int64()),
        ("high_micro", pa.int64()),
        ("probability", pa.float64()),
        ("reason_null", pa.string()),
    ]
)


@dataclass(frozen=True)
class Scorer:
    """Turns rows of a feature frame into scores: plain data, so that it travels.

    Attributes: text, the model's JSON; layout, of the frame.
    """

    text: str
    layout: Layout

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rows of subject_id, left_out, group_name and the frame's columns as rows of `SCORED`."""
        model = model_of(self.text)
        features = self.layout.read(batch)
        groups = np.array(batch.column("group_name").to_pylist(), dtype=object)
        left_out = batch.column("left_out")
        skipped = np.asarray(left_out.is_valid().to_numpy(zero_copy_only=False))
        logits = model.micro_logits(features, groups)
        if model.calibrator is None or model.scale is None:
            raise InternalError("A model without a scale cannot score.")
        low, high = model.calibrator.interval(logits / 1_000_000)
        micro = model.scale.micro_points(logits)
        columns = [
            batch.column("subject_id"),
            _known(micro, skipped),
            _known(np.minimum(micro, percent_micro(low)), skipped),
            _known(np.maximum(micro, percent_micro(high)), skipped),
            pa.array(model.probabilities(logits), mask=skipped),
            left_out,
        ]
        return pa.RecordBatch.from_arrays(columns, schema=SCORED)


def _known(values: Integers, skipped: np.ndarray) -> pa.Array:
    return pa.array(values, pa.int64(), mask=skipped)
