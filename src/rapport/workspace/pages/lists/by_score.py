"""A list in the order of a score: the score's own index is walked, and each subject looked up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from rapport.workspace.pages.lists.keyset import Cursor
from rapport.workspace.scores.models import CurrentScore


def page_by_score(
    rows: QuerySet[Any],
    loaded: QuerySet[Any],
    score: str,
    *,
    few: bool,
    descending: bool,
    after: Cursor | None,
    size: int,
) -> list[Model]:
    """At most `size` rows after the cursor, those without a value last.

    rows: which may be shown; loaded: the same model with what a row shows. few: they are looked up first, instead of
    walking the score from its top. Each row carries `sort_key`.
    """
    found: list[Model] = []
    if after is None or after.key is not None:
        wanted = rows.order_by()
        chosen = Q(subject_id__in=wanted.values("pk")) if few else Q(Exists(wanted.filter(pk=OuterRef("subject_id"))))
        found = _scored(chosen, loaded, score, descending, after, size)
    if len(found) < size:
        current = CurrentScore.objects.filter(score=score, subject_id=OuterRef("pk"), value__isnull=False)
        rest = rows.filter(~Exists(current)).order_by("pk")
        if after is not None and after.key is None:
            rest = rest.filter(pk__gt=after.row_id)
        ids = list(rest.values_list("pk", flat=True)[: size - len(found)])
        found += _in_order(loaded, [(row_id, None) for row_id in ids])
    return found


def _scored(
    chosen: Q, loaded: QuerySet[Any], score: str, descending: bool, after: Cursor | None, size: int
) -> list[Model]:
    values = CurrentScore.objects.filter(chosen, score=score, value__isnull=False).order_by(
        *(("-value", "subject_id") if descending else ("value", "-subject_id"))
    )
    if after is not None and after.key is not None:
        last = Decimal(after.key)
        beyond = Q(value__lt=last) if descending else Q(value__gt=last)
        same = Q(value=last) & (Q(subject_id__gt=after.row_id) if descending else Q(subject_id__lt=after.row_id))
        values = values.filter(beyond | same)
    return _in_order(loaded, list(values.values_list("subject_id", "value")[:size]))


def _in_order(loaded: QuerySet[Any], keys: list[tuple[str, Decimal | None]]) -> list[Model]:
    by_id = {row.pk: row for row in loaded.filter(pk__in=[row_id for row_id, _ in keys])} if keys else {}
    found = []
    for row_id, value in keys:
        if (row := by_id.get(row_id)) is not None:
            row.sort_key = value
            found.append(row)
    return found
