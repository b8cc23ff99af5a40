"""The five tiers every installation starts with. Staff change them in the admin; running this again changes nothing."""

from django.db import migrations

_2 = ["animated_reactions", "early_join"]
_3 = [*_2, "stealth_entry", "pin_message"]
_4 = [*_3, "unsend_any_time", "lounge_chat", "free_throne"]
_5 = [*_4, "ghost_mode", "spotlight"]

# level, name, price, days, badge, perks
TIERS = [
    (1, "Fresh OG", 5_000, 15, "og-fresh", ["badge"]),
    (2, "Skilled OG", 7_000, 25, "og-skilled", ["badge", *_2]),
    (3, "Elite OG", 9_000, 30, "og-elite", ["badge", *_3]),
    (4, "Crown OG", 15_000, 60, "og-crown", ["badge", *_4]),
    (5, "Immortal OG", 45_000, 180, "og-immortal", ["badge", *_5]),
]


def seed(apps, schema_editor):
    tier = apps.get_model("og", "Tier")
    tier.objects.bulk_create(
        [
            tier(level=level, name=name, price=price, days=days, badge=badge, perks=perks)
            for level, name, price, days, badge, perks in TIERS
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("og", "0001_initial")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
