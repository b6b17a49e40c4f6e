"""What a document of Apache Ossie (OSI) 0.1.1 may hold, written from core-spec/spec.md and osi-schema.json.

Nothing beside what is named is allowed. Draft 0.2 has the same parts.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}


def _closed(required: tuple[str, ...], **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


def _many(item: Schema, **more: int) -> Schema:
    return {"type": "array", "items": item, **more}


_DIALECT: Schema = {"enum": ["ANSI_SQL", "SNOWFLAKE", "MDX", "TABLEAU", "DATABRICKS"]}
_EXPRESSION = _closed(
    ("dialects",), dialects=_many(_closed(("dialect", "expression"), dialect=_DIALECT, expression=_TEXT), minItems=1)
)
_CONTEXT: Schema = {
    "oneOf": [
        _TEXT,
        {"type": "object", "properties": {"instructions": _TEXT, "synonyms": _TEXTS, "examples": _TEXTS}},
    ]
}
_COMMON: dict[str, Schema] = {
    "name": _TEXT,
    "description": _TEXT,
    "ai_context": _CONTEXT,
    "custom_extensions": _many(_closed(("vendor_name", "data"), vendor_name=_TEXT, data=_TEXT)),
}
_FIELD = _closed(
    ("name", "expression"),
    **_COMMON,
    expression=_EXPRESSION,
    dimension=_closed((), is_time={"type": "boolean"}),
    label=_TEXT,
)
_DATASET = _closed(
    ("name", "source"), **_COMMON, source=_TEXT, primary_key=_TEXTS, unique_keys=_many(_TEXTS), fields=_many(_FIELD)
)
_RELATIONSHIP = _closed(
    ("name", "from", "to", "from_columns", "to_columns"),
    **{key: value for key, value in _COMMON.items() if key != "description"},
    **{"from": _TEXT, "to": _TEXT},
    from_columns=_many(_TEXT, minItems=1),
    to_columns=_many(_TEXT, minItems=1),
)
_MODEL: dict[str, Schema] = {
    **_COMMON,
    "datasets": _many(_DATASET, minItems=1),
    "relationships": _many(_RELATIONSHIP),
    "metrics": _many(_closed(("name", "expression"), **_COMMON, expression=_EXPRESSION)),
}
OSSIE_SCHEMA = _closed(
    ("version", "semantic_model"),
    version={"const": "0.1.1"},
    dialects=_many(_DIALECT),
    vendors=_TEXTS,
    semantic_model=_many(_closed(("name", "datasets"), **_MODEL)),
)
OSSIE_SCHEMA_0_2 = _closed(("version", "name", "datasets"), version={"const": "0.2.0.dev0"}, **_MODEL)
