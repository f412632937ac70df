import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What people tell the operator about photos, comments and each other."""

    dependencies = [
        ("accounts", "0003_person_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=8)),
                ("thing_id", models.BigIntegerField()),
                ("photo_id", models.BigIntegerField(null=True)),
                ("owner_id", models.BigIntegerField()),
                ("reason", models.CharField(max_length=12)),
                ("words", models.CharField(blank=True, max_length=500)),
                ("seen", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "reporter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "report",
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at", None)), fields=["created_at"], name="report_open"
                    ),
                    models.Index(fields=["owner_id"], name="report_of_owner"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("reporter", "kind", "thing_id"), name="report_once")
                ],
            },
        ),
    ]
