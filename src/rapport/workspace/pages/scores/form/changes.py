"""One change of a document at a place, as a field of the form makes it.

A place is a path of keys and positions: `groups/fit/criteria/0/points` (`~1` stands for a slash in a key, `~0` for
a tilde, as in JSON pointers). What a change does not name stays
as it is, so that parts of a definition that the form does not show survive it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from rapport.engine.crm.conditions.grammar import TESTS
from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition_text import read_yaml
from rapport.engine.scores.definition_writing import write_yaml
from rapport.workspace.pages.scores.form.values import number_or_text, operand, plain

FORMS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    # what people choose from: its words, and what a new criterion of the form begins with
    "per": ("each time something happens", {"points": Decimal(5), "per": {"event": "page_view"}}),
    "once": ("if it happened at all", {"points": Decimal(10), "once": {"event": "form_submit"}}),
    "count": (
        "by how often it happened",
        {"points": {"count": {"event": "page_view", "within_days": Decimal(30)}, "ranges": [[1, None, Decimal(5)]]}},
    ),
    "when": (
        "if a fact is true",
        {"points": Decimal(10), "when": {"all": [{"field": "contact.country", "present": True}]}},
    ),
    "value": (
        "by the value of a fact",
        {"points": {"value": "contact.lifecycle_stage", "map": {"sql": Decimal(10)}, "otherwise": Decimal(0)}},
    ),
    "no": (
        "if nothing happened",
        {"points": Decimal(-10), "when": {"no": {"event": "any", "within_days": Decimal(60)}}},
    ),
}
_TEXTS = frozenset({"name", "title", "description", "label", "event", "field", "value", "owner", "type", "shape"})


def changed(text: str, *, change: str, place: str, value: str) -> str:
    """The document with one change.

    Raises: DefinitionError where the text cannot be read, or the place or change is not there.
    """
    document = plain(read_yaml(text))
    path = [part.replace("~1", "/").replace("~0", "~") for part in place.split("/")] if place else []
    if change not in _CHANGES:
        raise DefinitionError("There is no such change.", where=place, received=change, allowed=sorted(_CHANGES))
    try:
        _CHANGES[change](document, path, value)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        raise DefinitionError("There is no such place in the definition.", where=place, received=change) from error
    return write_yaml(document)


def place_of(*path: object) -> str:
    """A path as a place."""
    return "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _at(document: Any, path: list[str]) -> Any:
    for part in path:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _set(document: Any, path: list[str], value: str) -> None:
    """A value; an empty one takes the key away, and the parts around it that are then empty."""
    typed: Any = value.strip()
    if path[-1] not in _TEXTS:
        typed = number_or_text(typed)
    if typed == "":
        return _clear(document, path)
    parent = _at(document, path[:-2])
    if len(path) > 1:  # the part around it may be new: an outcome, a limit
        parent = parent[int(path[-2])] if isinstance(parent, list) else parent.setdefault(path[-2], {})
    parent[int(path[-1]) if isinstance(parent, list) else path[-1]] = typed
    return None


def _clear(document: Any, path: list[str]) -> None:
    parent = _at(document, path[:-1])
    if isinstance(parent, list):
        parent[int(path[-1])] = None
        return
    parent.pop(path[-1], None)
    if not parent and len(path) > 1 and not path[-2].isdigit():
        _clear(document, path[:-1])


def _remove(document: Any, path: list[str], _: str) -> None:
    parent = _at(document, path[:-1])
    parent.pop(int(path[-1]) if isinstance(parent, list) else path[-1])


def _move(document: Any, path: list[str], value: str) -> None:
    """Up or down in its list."""
    parts, position = _at(document, path[:-1]), int(path[-1])
    other = position + (-1 if value == "up" else 1)
    if 0 <= other < len(parts):
        parts[position], parts[other] = parts[other], parts[position]


def _add_group(document: Any, path: list[str], value: str) -> None:
    groups = document.setdefault("groups", {})
    kind = value if value in ("fit", "engagement") else "engagement"
    groups[_free(kind, groups)] = {"type": kind, "criteria": [_new(document, "per" if kind != "fit" else "when")]}


def _rename_group(document: Any, path: list[str], value: str) -> None:
    groups, new = document["groups"], value.strip()
    if new and new not in groups:
        document["groups"] = {new if name == path[-1] else name: group for name, group in groups.items()}


def _add_criterion(document: Any, path: list[str], value: str) -> None:
    """At the end of the group, of a form of `FORMS`."""
    _at(document, path).setdefault("criteria", []).append(_new(document, value))


def _new(document: Any, form: str) -> dict[str, Any]:
    names = {c.get("name") for g in document.get("groups", {}).values() for c in g.get("criteria", ())}
    return {"name": _free("new criterion", names), **plain(FORMS[form][1])}


def _free(name: str, taken: Any) -> str:
    return next(n for n in (name, *(f"{name} {i}" for i in range(2, 10_000))) if n not in taken)


def _reform(document: Any, path: list[str], value: str) -> None:
    """The criterion in another form: its name and decay stay, its event too where the new form has one."""
    parts, position = _at(document, path[:-1]), int(path[-1])
    old, new = parts[position], plain(FORMS[value][1])
    event = (
        old.get("per") or old.get("once") or (old["points"].get("count") if isinstance(old["points"], dict) else None)
    )
    if event and value in ("per", "once"):
        new[value] = event
    elif event and value == "count":
        new["points"]["count"] = event
    if not isinstance(old["points"], dict) and not isinstance(new["points"], dict):
        new["points"] = old["points"]
    parts[position] = {"name": old["name"], **new}


def _test(document: Any, path: list[str], value: str) -> None:
    """Another test on the field at the place; what was compared with is kept where it can be."""
    held = _at(document, path)
    before = next((t for t in TESTS if t in held), None)
    compared = held.pop(before) if before else ""
    if value not in TESTS:
        raise ValueError(value)
    text = ", ".join(map(str, compared)) if isinstance(compared, list) else str(compared)
    held[value] = True if value == "present" else operand(value, "" if before == "present" else text)


def _operand(document: Any, path: list[str], value: str) -> None:
    held = _at(document, path)
    held[next(t for t in TESTS if t in held)] = operand(next(t for t in TESTS if t in held), value)


def _add_test(document: Any, path: list[str], value: str) -> None:
    """One more test, joined to those at the place by all (or by any, where they are joined by it)."""
    parent, key = _at(document, path[:-1]), path[-1]
    new = {"field": value or "country", "present": True}
    old = parent.get(key)
    if not old:
        parent[key] = {"all": [new]}
    elif "all" in old or "any" in old:
        old["all" if "all" in old else "any"].append(new)
    else:
        parent[key] = {"all": [old, new]}


def _remove_test(document: Any, path: list[str], _: str) -> None:
    """A test out of its list; the last one takes the condition with it."""
    parent = _at(document, path[:-1])
    if isinstance(parent, list) and len(parent) > 1:
        parent.pop(int(path[-1]))
    elif isinstance(parent, list):
        _remove(document, path[:-2], "")
    else:
        _remove(document, path, "")


def _join(document: Any, path: list[str], value: str) -> None:
    """Tests that were joined by all are joined by any, or the other way round."""
    held = _at(document, path)
    tests = held.pop("all", None) or held.pop("any")
    held["any" if value == "any" else "all"] = tests


def _map_key(document: Any, path: list[str], value: str) -> None:
    """Another word of a map, in its place."""
    held = _at(document, path[:-1])
    if value.strip() and value.strip() not in held:
        _at(document, path[:-2])[path[-2]] = {value.strip() if k == path[-1] else k: v for k, v in held.items()}


def _add_word(document: Any, path: list[str], _: str) -> None:
    held = _at(document, path)
    held[_free("value", held)] = Decimal(0)


def _add_range(document: Any, path: list[str], _: str) -> None:
    """A range after the last, which is closed where it was open."""
    ranges = _at(document, path)
    last = ranges[-1] if ranges else [Decimal(0), Decimal(0), Decimal(0)]
    if last[1] is None:
        last[1] = last[0]
    ranges.append([last[1] + 1, None, last[2]])


def _add_band(document: Any, path: list[str], _: str) -> None:
    bands = document.setdefault("bands", [])
    bands.append({"label": _free("new", {b.get("label") for b in bands}), "from": Decimal(0)})


_CHANGES: Mapping[str, Callable[[Any, list[str], str], None]] = {
    "set": _set,
    "remove": _remove,
    "move": _move,
    "add_group": _add_group,
    "rename_group": _rename_group,
    "add_criterion": _add_criterion,
    "reform": _reform,
    "test": _test,
    "operand": _operand,
    "add_test": _add_test,
    "remove_test": _remove_test,
    "join": _join,
    "map_key": _map_key,
    "add_word": _add_word,
    "add_range": _add_range,
    "add_band": _add_band,
}
