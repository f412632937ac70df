from django.db import migrations


class Migration(migrations.Migration):
    """People's ids are made by the directory, with the same function as every other id, for the shard it picks."""

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE person_id_seq", "DROP SEQUENCE person_id_seq"),
    ]
