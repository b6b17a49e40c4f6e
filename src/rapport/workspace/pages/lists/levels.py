"""The colours of a score's bands, by their rank in its definition."""

from __future__ import annotations

from functools import lru_cache

from rapport.engine.errors import DefinitionError
from rapport.workspace.scores.definitions import parsed, version_of
from rapport.workspace.scores.models import ScoreDefinition


@lru_cache(maxsize=256)
def levels(score: str, version: int) -> dict[str, int]:
    """Band -> 1 (lowest) to 5 (highest); empty where the version has no bands or is gone. Versions never change."""
    try:
        bands = parsed(version_of(score, version)).bands
    except DefinitionError:
        return {}
    ranked = sorted(bands, key=lambda band: band.from_)
    steps = max(len(ranked) - 1, 1)
    return {band.label: 1 + round(4 * rank / steps) for rank, band in enumerate(ranked)}


def bands_of(version: ScoreDefinition | None) -> list[str]:
    """The bands of a version, highest first; none for none."""
    if version is None:
        return []
    return [band.label for band in sorted(parsed(version).bands, key=lambda band: band.from_, reverse=True)]
