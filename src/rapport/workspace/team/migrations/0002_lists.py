import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import rapport.workspace.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("team", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=rapport.workspace.lib.ids.new_id,
                        editable=False,
                        max_length=100,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("page", models.CharField(max_length=50)),
                ("name", models.CharField(max_length=100)),
                ("query", models.TextField(blank=True, default="")),
                ("shared", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "saved_views",
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="savedview",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="saved_views", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="savedview",
            index=models.Index(fields=["page"], name="saved_views_of_page"),
        ),
    ]
