from django.conf import settings
from django.db import migrations, models

import rapport.workspace.lib.sort_key


class Migration(migrations.Migration):
    dependencies = [
        ("marketing", "0002_initial"),
        ("records", "0003_lists"),
        ("sales", "0002_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(rapport.workspace.lib.sort_key.SortKey("name"), models.F("id"), name="deals_by_name"),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(fields=["status", "expected_close_date", "id"], name="deals_by_close_date"),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(fields=["amount", "id"], name="deals_by_amount"),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(fields=["created_at", "id"], name="deals_by_created"),
        ),
    ]
