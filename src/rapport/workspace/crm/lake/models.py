"""What the database knows of its lake."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from rapport.engine.execution.buckets import BUCKETS


def _new_incarnation() -> str:
    return uuid.uuid4().hex


class LakeState(models.Model):
    """The one row (id 1) names the lake that belongs to this database; a rebuild names a new one.

    buckets: number of buckets of `interactions`, fixed for the life of an incarnation.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    incarnation = models.CharField(max_length=32, default=_new_incarnation)
    buckets = models.PositiveSmallIntegerField(default=BUCKETS)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "lake_state"


class LakeBatch(models.Model):
    """One row is a table's newest batch. Batches are numbered 1, 2, ... in each table, without gaps.

    sealed: no further row will be claimed for it, so that it may be appended to the lake.
    """

    table = models.CharField(primary_key=True, max_length=100)
    batch = models.PositiveIntegerField(default=0)
    sealed = models.BooleanField(default=True)

    class Meta:
        db_table = "lake_batches"


class LakeWithdrawal(models.Model):
    """One row is a row that was taken back after its batch was claimed.

    gone_in: the Delta commit since which no file holds it; null while readers must leave it out.
    """

    table = models.CharField(max_length=100)
    row_id = models.CharField(max_length=100)
    withdrawn_at = models.DateTimeField(default=timezone.now)
    gone_in = models.BigIntegerField(null=True)

    class Meta:
        db_table = "lake_withdrawals"
        constraints = [models.UniqueConstraint(fields=["table", "row_id"], name="lake_withdrawals_once")]
