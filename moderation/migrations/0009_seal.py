from django.db import migrations

from gateway.rotation import columns_of


def seal(apps, schema_editor):
    for column in columns_of(apps.get_model("moderation", "Decision")):
        for _ in column.reseal():
            pass


class Migration(migrations.Migration):
    """Encrypts what is stored already, a batch a transaction; stopped, it goes on where it was."""

    atomic = False
    dependencies = [("moderation", "0008_decisions_encrypted")]
    operations = [migrations.RunPython(seal, migrations.RunPython.noop)]
