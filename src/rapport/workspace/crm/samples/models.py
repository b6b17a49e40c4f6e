"""Which sample this workspace was filled with, and by how much its times are shifted."""

from django.db import models


class LoadedSample(models.Model):
    """One row is a sample that is in the workspace.

    shift_days: added to every time of the source, a multiple of 7; 0 for a simulated sample, which is
        made up to the instant of loading. The same constant holds for all its rows.
    rows: rows written, by table.
    """

    name = models.CharField(primary_key=True, max_length=40)
    title = models.CharField(max_length=255)
    is_simulated = models.BooleanField(default=False)
    shift_days = models.IntegerField(default=0)
    loaded_at = models.DateTimeField()
    rows = models.JSONField(default=dict)

    class Meta:
        db_table = "loaded_samples"

    def __str__(self) -> str:
        return self.title
