"""OG tiers: what is for sale, who has one and until when, and which days' bonuses were paid."""

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Tier(models.Model):
    """A loyalty tier. Staff edit its price and data; what was bought before keeps its terms."""

    level = models.PositiveSmallIntegerField(primary_key=True, validators=[MinValueValidator(1), MaxValueValidator(5)])
    name = models.CharField(max_length=40)
    price = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    days = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    badge = models.CharField(max_length=40)
    # Names of perks. Those in `og.perks` act; the others are data for clients.
    perks: "models.JSONField[list[str], list[Any]]" = models.JSONField(default=list, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["level"]

    def __str__(self) -> str:
        return self.name


class MembershipEnd(models.TextChoices):
    """Why a membership is over."""

    EXPIRED = "expired"
    UPGRADED = "upgraded"
    REVOKED = "revoked"


class Membership(models.Model):
    """A tier somebody bought, on the terms of that day. A user has at most one that is not over."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+")
    price = models.PositiveIntegerField()
    days = models.PositiveSmallIntegerField(help_text="What the price bought; a renewal adds to both.")
    daily_bonus = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=10, choices=MembershipEnd.choices, blank=True, default="")
    # The last day whose bonus was paid, or that brought none; it only moves forward.
    bonus_through = models.DateField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], name="og_one_membership", condition=models.Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("starts_at")), name="og_membership_lasts"
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="og_to_expire", condition=models.Q(ended_at__isnull=True)),
            models.Index(fields=["bonus_through"], name="og_bonus_due"),
        ]

    def __str__(self) -> str:
        return f"membership {self.pk}"


class DailyBonus(models.Model):
    """One day's bonus of one user. The unique pair is what keeps a day from being paid twice."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="bonuses")
    day = models.DateField()
    coins = models.PositiveIntegerField()
    paid_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-day"]
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="og_bonus_once_a_day")]

    def __str__(self) -> str:
        return f"bonus of {self.day}"


class Progress(models.Model):
    """What a user has gifted in all streams, which is shown as the way to the next tier."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="og_progress", primary_key=True
    )
    coins = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.coins} coins"
