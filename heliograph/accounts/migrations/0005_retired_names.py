from django.db import migrations, models


class Migration(migrations.Migration):
    """Names of accounts that are gone, for as long as nobody may take them."""

    dependencies = [
        ("accounts", "0004_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="RetiredName",
            fields=[
                ("name", models.CharField(max_length=30, primary_key=True, serialize=False)),
                ("until", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "retired_name"},
        ),
    ]
