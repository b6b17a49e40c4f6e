from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0003_lists"),
        ("sales", "0003_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="deal",
            name="deals_by_close_date",
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(fields=["status", "stage", "amount", "id"], name="deals_by_stage"),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(fields=["expected_close_date", "id"], name="deals_by_close_date"),
        ),
    ]
