from django.db import migrations

from gateway.rotation import columns_of


def seal(apps, schema_editor):
    for name in ("User", "Session"):
        for column in columns_of(apps.get_model("accounts", name)):
            for _ in column.reseal():
                pass


class Migration(migrations.Migration):
    """Encrypts what is stored already, a batch a transaction; stopped, it goes on where it was."""

    atomic = False
    dependencies = [("accounts", "0004_encrypted")]
    operations = [migrations.RunPython(seal, migrations.RunPython.noop)]
