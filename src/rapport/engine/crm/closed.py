"""Models of what people write (definitions, conditions): closed, frozen, and wrong keys named.

Validation errors of pydantic become one `DefinitionError` that says where, what came and what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from rapport.engine.errors import DefinitionError

PLACES = 6
_LARGEST = Decimal(10) ** 12
TAG = "~"  # marks the names of union members, so that they can be left out of a place


def _decimal(value: object) -> object:
    """A number as written; a float from JSON counts as its shortest text."""
    if isinstance(value, bool):
        raise PydanticCustomError("number", "A number is expected, not true or false.")
    return Decimal(repr(value)) if isinstance(value, float) else value


def _bounded(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(value) >= _LARGEST:
        raise PydanticCustomError("number", "A number must lie between -10^12 and 10^12.")
    if exponent < -PLACES:
        raise PydanticCustomError("number", "A number has at most 6 decimal places.")
    return value


Number = Annotated[Decimal, BeforeValidator(_decimal), AfterValidator(_bounded)]


def _scalar(value: object) -> object:
    if isinstance(value, bool | str | Decimal):
        return _bounded(value) if isinstance(value, Decimal) else value
    if isinstance(value, int | float):
        return _bounded(Decimal(repr(value)))
    raise PydanticCustomError("scalar", "A text, a number or true / false is expected.")


Scalar = Annotated[Any, BeforeValidator(_scalar)]  # bool, str or Decimal as written


class Closed(BaseModel):
    """A part of a definition: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys_only(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            allowed = [field.alias or name for name, field in cls.model_fields.items()]
            for key in value:
                if key not in allowed and key not in cls.model_fields:
                    raise PydanticCustomError(
                        "unknown_key", "This key is not known.", {"received": str(key), "allowed": allowed}
                    )
        return value


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], document: object, *, what: str) -> Model:
    """`document` as a `model`; DefinitionError for the first thing that is wrong."""
    try:
        return model.model_validate(document)
    except ValidationError as failure:
        raise definition_error(failure, what=what) from None


def definition_error(failure: ValidationError, *, what: str) -> DefinitionError:
    """The first failure of a validation, told in parts."""
    first = failure.errors()[0]
    context = first.get("ctx") or {}
    received = context.get("received", _shown(first))
    others = failure.error_count() - 1
    return DefinitionError(
        _message(first),
        where=_place(what, first["loc"]),
        received=received,
        allowed=context.get("allowed"),
        next_step=f"{others} more to mend after this." if others else None,
    )


def _message(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "A value is missing."
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    message = error["msg"]
    return message if message.endswith(".") else f"{message}."


def _shown(error: ErrorDetails) -> object:
    received = error["input"]
    if error["type"] == "missing":
        return None
    return str(received) if isinstance(received, Decimal) else received


def _place(what: str, steps: tuple[int | str, ...]) -> str:
    place = what
    for step in steps:
        if isinstance(step, int):
            place += f"[{step}]"
        elif not step.startswith(TAG) and "[" not in step:
            place += f".{step}" if place else step
    return place
