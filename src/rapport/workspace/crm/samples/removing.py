"""Take a sample out again, and keep what people made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.db import models, router, transaction

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.lake import rebuild
from rapport.workspace.crm.records.models import AttributeValue
from rapport.workspace.crm.records.table_models import model_of
from rapport.workspace.crm.samples.drafts import ORDER
from rapport.workspace.crm.samples.loading import SOURCE
from rapport.workspace.crm.samples.models import LoadedSample

Kept = dict[str, set[str]]


@dataclass
class Removed:
    """Rows removed and sample rows kept, by table; kept are those that something people made refers to."""

    removed: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)


def remove_sample(*, rebuild_lake: Callable[[], object] = rebuild) -> Removed:
    """Remove every row of the sample, its history and what was computed about it, and make the lake again.

    A row that people made (a note, a deal, a case) stays, and so do the sample rows that it refers to, with their
    history. Safe to repeat after it was broken off.
    """
    kept: Kept = defaultdict(set)
    _keep_referred(kept, by_people=True)
    for name in ORDER:
        for computed in _computed_about(name, _gone(name, kept)):
            _drop(computed)
    _keep_referred(kept, by_people=False)
    outcome = Removed(kept={name: len(ids) for name, ids in kept.items() if ids})
    for name in reversed(ORDER):
        with transaction.atomic():
            gone = _gone(name, kept)
            _drop(AttributeValue.objects.filter(entity=TABLES[name].entity, entity_id__in=gone.values("pk")))
            outcome.removed[name] = _drop(gone)
    rebuild_lake()
    LoadedSample.objects.all().delete()
    return outcome


def _gone(name: str, kept: Kept) -> models.QuerySet[models.Model]:
    return model_of(name)._default_manager.filter(source=SOURCE).exclude(pk__in=kept[name])


def _keep_referred(kept: Kept, *, by_people: bool) -> None:
    """Add the sample rows that others lead to, directly or through sample rows that stay.

    by_people: others are CRM rows of another source; else rows that are no CRM rows (saved views, jobs ...).
    """
    for name in ORDER:
        for relation in _pointing_at(model_of(name)):
            if _attribute(relation.model, "source") is by_people:
                rows = relation.model._default_manager.filter(**{f"{relation.name}__source": SOURCE})
                rows = rows.exclude(source=SOURCE) if by_people else rows
                kept[name] |= set(rows.values_list(relation.attname, flat=True))
    for name in reversed(ORDER):  # what stays keeps what it refers to; a table comes after those that it refers to
        _follow(name, kept)


def _follow(name: str, kept: Kept) -> None:
    model, fresh = model_of(name), kept[name]
    while fresh:
        found: Kept = defaultdict(set)
        for column in TABLES[name].columns.values():
            if column.refers_to in ORDER:
                rows = model._default_manager.filter(pk__in=fresh)
                found[column.refers_to] |= {value for value in rows.values_list(column.name, flat=True) if value}
        fresh = found.get(name, set()) - kept[name]  # a parent of the same table
        for table, ids in found.items():
            sampled = model_of(table)._default_manager.filter(pk__in=ids, source=SOURCE)
            kept[table] |= set(sampled.values_list("pk", flat=True))


def _pointing_at(model: type[models.Model]) -> Iterator[models.ForeignKey[models.Model, models.Model]]:
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel):
            yield relation.field


def _computed_about(name: str, gone: models.QuerySet[models.Model]) -> Iterator[models.QuerySet[models.Model]]:
    """Scores, work items and the like: rows with a subject, whichever room keeps them."""
    for model in apps.get_models():
        if _attribute(model, "subject") and _attribute(model, "subject_id") and not _attribute(model, "segment"):
            yield model._default_manager.filter(subject=TABLES[name].entity, subject_id__in=gone.values("pk"))


def _attribute(model: type[models.Model], name: str) -> bool:
    return any(f.attname == name for f in model._meta.concrete_fields)


def _drop(rows: models.QuerySet[models.Model]) -> int:
    """Delete without reading the rows first: references were followed already."""
    return rows._raw_delete(router.db_for_write(rows.model))
