"""The records that scores are about: who owns them and what they are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Model, QuerySet

from rapport.workspace.crm.records.models import Account, Contact
from rapport.workspace.crm.sales.models import Deal

MODELS: Mapping[str, type[Model]] = {"contact": Contact, "account": Account, "deal": Deal}
_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A record in short. Attributes: kind (contact, account, deal), id, name (never empty), owner_id or None."""

    kind: str
    id: str
    name: str
    owner_id: str | None


def subjects(kind: str, ids: Collection[str]) -> dict[str, Subject]:
    """The records that exist and are not deleted, by id."""
    found: dict[str, Subject] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        for record in records(kind).filter(pk__in=wanted[start : start + _AT_ONCE]):
            found[record.pk] = Subject(
                kind=kind, id=record.pk, name=name_of(record), owner_id=getattr(record, "owner_id", None)
            )
    return found


def records(kind: str) -> QuerySet[Model]:
    """The standing records of one kind."""
    return MODELS[kind]._default_manager.filter(deleted_at__isnull=True)


def name_of(record: Model) -> str:
    """What people call a record; its id in the source, or here, where it has no name."""
    name = getattr(record, "name", None) or " ".join(
        part for part in (getattr(record, "first_name", None), getattr(record, "last_name", None)) if part
    )
    return name or getattr(record, "email", None) or getattr(record, "external_id", None) or str(record.pk)
