"""Model fields that keep every digit on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression

if TYPE_CHECKING:
    _IntegerField = models.BigIntegerField[Decimal | None, Decimal | None]
else:
    _IntegerField = models.BigIntegerField


class ScaledDecimalField(_IntegerField):
    """A decimal with fixed places, kept as a 64-bit integer of its smallest unit.

    SQLite would keep a decimal as a floating-point number and lose digits beyond the fifteenth.
    """

    def __init__(self, *args: Any, places: int = 4, **kwargs: Any) -> None:
        self.places = places
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "places": self.places}

    def from_db_value(
        self, value: int | None, _expression: Expression, _connection: BaseDatabaseWrapper
    ) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return Decimal(str(value))
        except ArithmeticError as error:
            raise ValidationError(f"{value!r} is not a decimal number.") from error

    def get_prep_value(self, value: Any) -> int | None:
        number = self.to_python(value)
        if number is None:
            return None
        scaled = number.scaleb(self.places)
        if scaled != scaled.to_integral_value():
            raise ValidationError(f"{number} has more than {self.places} decimal places.")
        return int(scaled)

    @property
    def validators(self) -> list[Any]:
        return []  # the integer's bounds do not apply to the decimal


class MoneyField(ScaledDecimalField):
    """An amount to 1/10,000 of its currency, whatever the currency."""


class BatchField(models.PositiveIntegerField[int | None, int | None]):
    """The lake batch that claimed a row. Saving an object that was read before the claim leaves the claim alone."""

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.PositiveIntegerField", args, kwargs  # the same column

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return super().pre_save(model_instance, add) if add else models.F(self.attname)
