from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from heliograph.accounts import finding

_CHUNK = 2000  # people


def fill(apps: Any, schema_editor: Any) -> None:
    """Whoever is here already is found by their names, too."""
    person, word = apps.get_model("accounts", "Person"), apps.get_model("accounts", "PersonWord")
    to = schema_editor.connection.alias
    rows = []
    for id, username, full_name in person.objects.using(to).values_list("id", "username", "full_name"):
        rows += [word(word=found, person_id=id) for found in finding.words_of(username, full_name)]
        if len(rows) > _CHUNK:
            word.objects.using(to).bulk_create(rows, ignore_conflicts=True)
            rows = []
    word.objects.using(to).bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    """People are found by the beginning of any word of their names."""

    dependencies = [("accounts", "0002_person_ids")]

    operations = [
        migrations.CreateModel(
            name="PersonWord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "word", "person", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("word", models.CharField(db_collation="C", max_length=30)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.person"),
                ),
            ],
            options={"db_table": "person_word"},
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
