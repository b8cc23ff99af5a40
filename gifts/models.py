"""Coins and gifts: the ledger, the catalog, what was sent, combos, top-ups and payouts.

The ledger's rules are kept by the database: see `gifts/migrations/0002_ledger_rules.py`.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

# --- The ledger -----------------------------------------------------------------------------------


class AccountKind(models.TextChoices):
    """What an account holds. The first two are a user's wallet, the others the platform's own."""

    COINS = "coins"
    BONUS = "bonus"
    REVENUE = "revenue"
    ISSUANCE = "issuance"
    PAYOUTS = "payouts"
    LOSSES = "losses"


class Account(models.Model):
    """An account of the ledger. Only entries change a balance, by a trigger, and a user's is never below zero.

    The platform's accounts keep no balance: a row every gift writes would make all gifts wait for each
    other. Theirs is the sum of their entries.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="accounts", null=True, blank=True
    )
    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    balance = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="account_once", nulls_distinct=False),
            models.CheckConstraint(condition=models.Q(balance__gte=0), name="account_not_below_zero"),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, kind__in=["coins", "bonus"])
                | models.Q(user__isnull=True, kind__in=["revenue", "issuance", "payouts", "losses"], balance=0),
                name="account_of_user_or_platform",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of user {self.user_id}" if self.user_id else self.kind


class TransferKind(models.TextChoices):
    """Why coins moved."""

    TOP_UP = "top_up"
    GRANT = "grant"
    GIFT = "gift"
    VOID = "void"
    BOOST = "boost"
    OG_TIER = "og_tier"
    OG_BONUS = "og_bonus"
    PAYOUT = "payout"
    PAYOUT_REFUSED = "payout_refused"


class Transfer(models.Model):
    """Coins that moved. `key` names the effect, so that it happens once; nothing of it is ever changed."""

    key = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=14, choices=TransferKind.choices)
    reason = models.CharField(max_length=200, blank=True, default="")
    entry_count = models.PositiveSmallIntegerField()
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """One account's part of a transfer. The entries of a transfer sum to zero."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries", db_index=False)
    amount = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["transfer", "account"], name="entry_once"),
            models.CheckConstraint(condition=~models.Q(amount=0), name="entry_moves_something"),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="entries_of_account")]

    def __str__(self) -> str:
        return f"{self.amount:+}"


# --- The catalog ----------------------------------------------------------------------------------


class Category(models.TextChoices):
    """Where a gift is found in the tray."""

    FLOWER = "flower"
    EMOJI = "emoji"
    STICKER = "sticker"
    SUPER = "super"
    FESTIVAL = "festival"


class Rarity(models.TextChoices):
    """How special a gift is."""

    COMMON = "common"
    RARE = "rare"
    EPIC = "epic"
    LEGENDARY = "legendary"


class Gift(models.Model):
    """Something that can be sent. Its id is what clients send."""

    id = models.CharField(
        max_length=40, primary_key=True, validators=[RegexValidator("^[a-z][a-z0-9_]*$", "Lower case letters and _.")]
    )
    name = models.CharField(max_length=60)
    category = models.CharField(max_length=10, choices=Category.choices)
    rarity = models.CharField(max_length=10, choices=Rarity.choices, default=Rarity.COMMON)
    price = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    animation = models.CharField(max_length=200, blank=True, default="", help_text="What clients play; theirs to read.")
    is_active = models.BooleanField(default=True)
    min_og_level = models.PositiveSmallIntegerField(default=0)
    stock = models.PositiveIntegerField(null=True, blank=True, help_text="How many are left; empty for no limit.")
    # A festival's gift: between these dates, in streams of these countries.
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    countries: "ArrayField[list[str], list[str]]" = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]
        constraints = [models.CheckConstraint(condition=models.Q(price__gt=0), name="gift_has_a_price")]

    def __str__(self) -> str:
        return self.name


# --- What was sent --------------------------------------------------------------------------------


class Combo(models.Model):
    """The same gift again and again from one user in one stream. Its end is announced by whoever notices it first."""

    stream = models.ForeignKey("streams.Stream", on_delete=models.CASCADE, related_name="+")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    gift = models.ForeignKey(Gift, on_delete=models.PROTECT, related_name="+")
    sends = models.PositiveIntegerField(default=0)
    count = models.PositiveIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="+", help_text="Of its last gift.")
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "stream", "gift"], name="combo_once", condition=models.Q(ended_at__isnull=True)
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="combos_to_end", condition=models.Q(ended_at__isnull=True))]

    def __str__(self) -> str:
        return f"combo of {self.count}"


class SentGift(models.Model):
    """A gift somebody paid for. A void leaves the row and says so."""

    stream = models.ForeignKey("streams.Stream", on_delete=models.PROTECT, related_name="+", db_index=False)
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="gifts_sent", db_index=False
    )
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="gifts_received")
    gift = models.ForeignKey(Gift, on_delete=models.PROTECT, related_name="sent", db_index=False)
    combo = models.ForeignKey(Combo, on_delete=models.SET_NULL, null=True, blank=True, related_name="gifts")
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="gift")
    quantity = models.PositiveSmallIntegerField()
    cost = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True, blank=True)
    void_transfer = models.OneToOneField(
        Transfer, on_delete=models.PROTECT, null=True, blank=True, related_name="voided_gift"
    )
    void_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gte=1, quantity__lte=100), name="sent_gift_quantity"),
            models.CheckConstraint(condition=models.Q(cost__gt=0), name="sent_gift_costs"),
        ]
        indexes = [
            models.Index(fields=["stream", "-id"], name="gifts_of_stream"),
            models.Index(fields=["sender", "-id"], name="gifts_of_sender"),
            models.Index(fields=["gift", "-id"], name="gifts_of_gift"),
            models.Index(fields=["created_at"], name="gifts_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.gift_id}"


# --- Money in and out -----------------------------------------------------------------------------


class TopUp(models.Model):
    """Coins a payment provider reported as bought, as it reported them."""

    provider_id = models.CharField(max_length=80, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="top_ups")
    coins = models.PositiveIntegerField()
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="top_up")
    report: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.provider_id


class FraudFlag(models.Model):
    """A user whose coins moved strangely, by the rule that found it; brought before the moderators once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    rule = models.CharField(max_length=40)
    day = models.DateField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [models.UniqueConstraint(fields=["user", "rule", "day"], name="fraud_flag_once_a_day")]

    def __str__(self) -> str:
        return f"{self.rule} on {self.day}"


class PayoutStatus(models.TextChoices):
    """The life of a payout request."""

    REQUESTED = "requested"
    PAID = "paid"
    REFUSED = "refused"


class Payout(models.Model):
    """Coins a user wants paid out. They leave the wallet at once, and come back when staff refuse."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payouts")
    coins = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    status = models.CharField(max_length=10, choices=PayoutStatus.choices, default=PayoutStatus.REQUESTED)
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="payout")
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [models.Index(fields=["user", "-id"], name="payouts_of_user")]

    def __str__(self) -> str:
        return f"{self.coins} coins"
