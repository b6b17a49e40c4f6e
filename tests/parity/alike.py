"""Whether what two engines tell is the same: counts, money, words and instants exactly, floats to a billionth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from math import isclose

import numpy as np

RELATIVE = 1e-9
_NOTHING = 1e-12  # beside which a float counts as 0


def differences(here: object, there: object, path: str = "") -> list[str]:
    """Where two results differ, in words; [] where they are the same. Looks into whatever they are made of."""
    return list(_differences(here, there, path))


def _differences(here: object, there: object, path: str) -> Iterator[str]:
    if isinstance(here, np.ndarray) and isinstance(there, np.ndarray):
        here, there = here.tolist(), there.tolist()
    if isinstance(here, float) and isinstance(there, float):
        same = isclose(here, there, rel_tol=RELATIVE, abs_tol=_NOTHING) or (here != here and there != there)
        if not same:
            yield f"{path}: {here!r}, and there {there!r}"
        return
    parts, other_parts = _parts(here), _parts(there)
    if parts is None or other_parts is None:
        if type(here) is not type(there) or here != there:
            yield f"{path}: {here!r}, and there {there!r}"
        return
    if list(parts) != list(other_parts):
        yield f"{path}: {list(parts)}, and there {list(other_parts)}"
        return
    for name, part in parts.items():
        yield from _differences(part, other_parts[name], f"{path}.{name}" if path else str(name))


def _parts(thing: object) -> Mapping[object, object] | None:
    """What a thing is made of by name or place; None where it is one thing."""
    if is_dataclass(thing) and not isinstance(thing, type):
        return {field.name: getattr(thing, field.name) for field in fields(thing)}
    if isinstance(thing, Mapping):
        return thing
    if isinstance(thing, Sequence) and not isinstance(thing, str | bytes):
        return dict(enumerate(thing))
    return None
