"""The thirty gifts every installation starts with. Staff change them in the admin; running this again changes nothing."""

from django.db import migrations

# id, name, category, rarity, price
GIFTS = [
    ("rose", "Rose", "flower", "common", 10),
    ("tulip", "Tulip", "flower", "common", 30),
    ("sunflower", "Sunflower", "flower", "common", 40),
    ("lily", "Lily", "flower", "common", 60),
    ("orchid", "Orchid", "flower", "rare", 120),
    ("bouquet", "Bouquet", "flower", "rare", 250),
    ("heart", "Heart", "emoji", "common", 50),
    ("thumbs_up", "Thumbs up", "emoji", "common", 30),
    ("laugh", "Laugh", "emoji", "common", 30),
    ("fire", "Fire", "emoji", "common", 45),
    ("star", "Star", "emoji", "common", 70),
    ("rainbow", "Rainbow", "emoji", "rare", 150),
    ("cat", "Cat", "sticker", "common", 40),
    ("dog", "Dog", "sticker", "common", 40),
    ("coffee", "Coffee", "sticker", "common", 55),
    ("pizza", "Pizza", "sticker", "common", 80),
    ("vinyl", "Vinyl", "sticker", "rare", 130),
    ("headphones", "Headphones", "sticker", "rare", 180),
    ("crown", "Crown", "super", "rare", 200),
    ("rocket", "Rocket", "super", "epic", 400),
    ("diamond", "Diamond", "super", "epic", 500),
    ("dragon", "Dragon", "super", "epic", 800),
    ("halo", "Halo", "super", "legendary", 1000),
    ("galaxy", "Galaxy", "super", "legendary", 1200),
    ("lantern", "Lantern", "festival", "common", 60),
    ("pumpkin", "Pumpkin", "festival", "common", 66),
    ("snowman", "Snowman", "festival", "rare", 100),
    ("confetti", "Confetti", "festival", "rare", 150),
    ("fireworks", "Fireworks", "festival", "epic", 600),
    ("phoenix", "Phoenix", "festival", "legendary", 1100),
]
# A gift of each kind of rule, so that clients meet them: a tier, a number, a festival's dates and countries.
RULES = {
    "galaxy": {"min_og_level": 3},
    "dragon": {"min_og_level": 2},
    "phoenix": {"stock": 1000},
    "pumpkin": {"starts_on": "2026-10-24", "ends_on": "2026-11-02"},
    "snowman": {"starts_on": "2026-12-01", "ends_on": "2027-01-06"},
    "lantern": {"starts_on": "2027-02-01", "ends_on": "2027-02-28", "countries": ["CN", "SG", "TW", "VN"]},
}


def seed(apps, schema_editor):
    gift = apps.get_model("gifts", "Gift")
    gift.objects.bulk_create(
        [
            gift(
                id=id, name=name, category=category, rarity=rarity, price=price, animation=id, position=position,
                **RULES.get(id, {}),
            )
            for position, (id, name, category, rarity, price) in enumerate(GIFTS)
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("gifts", "0002_ledger_rules")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
