"""What people call the values of a dimension that holds ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import Model

from rapport.engine.metrics.relation import SEGMENT
from rapport.workspace.crm.marketing.models import Campaign
from rapport.workspace.crm.records.models import Account
from rapport.workspace.crm.sales.models import Deal, Product
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.scores.subjects import name_of
from rapport.workspace.team.models import Team, User

_MODELS: Mapping[str, type[Model]] = {
    "owner": User,
    "team": Team,
    "campaign": Campaign,
    "product": Product,
    "account": Account,
    "deal": Deal,
}


def names_of(dimension: str, values: Collection[str]) -> dict[str, str]:
    """A name for each value: that of the record, where the dimension holds ids of records; else the value itself."""
    if dimension == SEGMENT:  # named, not numbered: conditions and filters are written by people
        titles = dict(Segment.objects.filter(name__in=list(values)).values_list("name", "title"))
        return {value: titles.get(value, value) for value in values}
    model = _MODELS.get(dimension)
    if model is None:
        return {value: value for value in values}
    found = {row.pk: name_of(row) for row in model._default_manager.filter(pk__in=list(values))}
    return {value: found.get(value, value) for value in values}
