import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import rapport.workspace.lib.sort_key


class Migration(migrations.Migration):
    dependencies = [
        ("marketing", "0002_initial"),
        ("records", "0002_initial"),
        ("sales", "0002_initial"),
        ("service", "0002_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="interaction",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="records.contact",
            ),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(rapport.workspace.lib.sort_key.SortKey("name"), models.F("id"), name="accounts_by_name"),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(
                rapport.workspace.lib.sort_key.SortKey("domain"), models.F("id"), name="accounts_by_domain"
            ),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(fields=["created_at", "id"], name="accounts_by_created"),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                rapport.workspace.lib.sort_key.SortKey("last_name"), models.F("id"), name="contacts_by_last_name"
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                rapport.workspace.lib.sort_key.SortKey("first_name"), models.F("id"), name="contacts_by_first_name"
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                rapport.workspace.lib.sort_key.SortKey("email"), models.F("id"), name="contacts_by_email"
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["created_at", "id"], name="contacts_by_created"),
        ),
        migrations.AddIndex(
            model_name="interaction",
            index=models.Index(fields=["contact", "-occurred_at"], name="interactions_of_contact"),
        ),
        migrations.AddIndex(
            model_name="interaction",
            index=models.Index(
                condition=models.Q(("account__isnull", False)),
                fields=["account", "-occurred_at"],
                name="interactions_of_account",
            ),
        ),
        migrations.AddIndex(
            model_name="interaction",
            index=models.Index(
                condition=models.Q(("deal__isnull", False)),
                fields=["deal", "-occurred_at"],
                name="interactions_of_deal",
            ),
        ),
    ]
