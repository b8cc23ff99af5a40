"""Streams: what is shown, by whom, to whom, and how its chat behaves."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models


class Status(models.TextChoices):
    """The life of a stream; it only moves forward."""

    PENDING = "pending"
    LIVE = "live"
    ENDED = "ended"


class FailMode(models.TextChoices):
    """What becomes of messages a second look is wanted for while nobody can be asked."""

    ALLOW = "allow"
    HOLD = "hold"
    DENY = "deny"


_COUNTRY = RegexValidator("^[A-Z]{2}$", "An ISO 3166 code.")


def _countries() -> "ArrayField[list[str], list[str]]":
    return ArrayField(models.CharField(max_length=2, validators=[_COUNTRY]), default=list, blank=True, size=250)


class Stream(models.Model):
    """One broadcast of a host. Ingest and playback are the media server's affair."""

    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="streams")
    title = models.CharField(max_length=140)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    country = models.CharField(max_length=2, blank=True, default="", validators=[_COUNTRY])
    tags: "ArrayField[list[str], list[str]]" = ArrayField(
        models.CharField(max_length=30), default=list, blank=True, size=10
    )
    # Where it may be watched from: anywhere, or in the countries allowed; and not in those denied.
    allowed_countries = _countries()
    denied_countries = _countries()
    playback_url = models.URLField(blank=True, default="")
    is_private = models.BooleanField(default=False)
    is_anonymous = models.BooleanField(default=False)
    invited: "models.ManyToManyField[models.Model, models.Model]" = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="invited_to", blank=True
    )
    max_viewers = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    slow_mode_seconds = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(settings.STREAM_SLOW_MODE_MAX_SECONDS)]
    )
    og_only_level = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(5)], help_text="The OG level one needs to write; 0 for none."
    )
    emoji_only = models.BooleanField(default=False)
    unique_messages = models.BooleanField(default=False, help_text="Nobody may say what somebody has just said.")
    chat_delay_seconds = models.PositiveSmallIntegerField(
        default=0,
        choices=[(seconds, f"{seconds} s") for seconds in (0, 2, 4, 6)],
        help_text="How long messages are seen by those who moderate alone.",
    )
    links_allowed = models.BooleanField(default=True)
    # Until when the shield tightens all that; what was set stays in its columns.
    shield_until = models.DateTimeField(null=True, blank=True, editable=False)
    early_join_seconds = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(settings.STREAM_EARLY_MAX_SECONDS)],
        help_text="How long after the start only those with the tier for it may join.",
    )
    fail_mode = models.CharField(
        max_length=5,
        choices=FailMode.choices,
        default=FailMode.ALLOW,
        db_default=FailMode.ALLOW,
        help_text="What becomes of messages that should be looked at a second time while nobody can be asked.",
    )
    # Raised in the transaction that writes the messages, so that it is always right.
    comments = models.PositiveIntegerField(default=0, editable=False)
    # What boosts without a battle have raised.
    engagement = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [
            models.Index(fields=["status", "-id"], name="streams_by_status"),
            models.Index(
                fields=["shield_until"], name="shields_to_end", condition=models.Q(shield_until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.title


# --- Gifts, as streams know them ------------------------------------------------------------------


class StreamTotal(models.Model):
    """What one user has gifted in one stream. Raised and lowered by gifts in the transaction that moves the coins."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="totals")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    coins = models.PositiveBigIntegerField(default=0)
    gifts = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "user"], name="stream_total_once")]
        indexes = [models.Index(fields=["stream", "-coins"], name="stream_totals_by_coins")]

    def __str__(self) -> str:
        return f"{self.coins} coins of user {self.user_id}"


# --- The throne -----------------------------------------------------------------------------------


class Throne(models.Model):
    """The one throne of a stream. Its row is what simultaneous claims wait for."""

    stream = models.OneToOneField(Stream, on_delete=models.CASCADE, related_name="throne", primary_key=True)

    def __str__(self) -> str:
        return f"throne of stream {self.stream_id}"


class ReignEnd(models.TextChoices):
    """Why somebody does not sit on the throne any more."""

    CLAIMED = "claimed"
    EXPIRED = "expired"
    STREAM_ENDED = "stream_ended"
    VOIDED = "voided"


class Reign(models.Model):
    """Somebody's time on a throne. `needed` are the coins the claim took: a void lowers a total, but not them."""

    throne = models.ForeignKey(Throne, on_delete=models.CASCADE, related_name="reigns")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reigns")
    coins = models.PositiveBigIntegerField(help_text="What the user had gifted in the stream when the reign began.")
    needed = models.PositiveBigIntegerField()
    # Whom this reign ended; the throne falls back to them when a void takes it away.
    previous = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    began_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=12, choices=ReignEnd.choices, blank=True, default="")

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["throne"], name="throne_has_one_holder", condition=models.Q(ended_at__isnull=True)
            )
        ]
        indexes = [
            models.Index(fields=["throne", "-id"], name="reigns_of_throne"),
            models.Index(fields=["expires_at"], name="reigns_to_end", condition=models.Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"reign of user {self.user_id}"


# --- Battles --------------------------------------------------------------------------------------


class BattleStatus(models.TextChoices):
    """The life of a battle; it only moves forward."""

    INVITED = "invited"
    RUNNING = "running"
    ENDED = "ended"
    DECLINED = "declined"
    EXPIRED = "expired"


class Battle(models.Model):
    """Two streams against each other. `ends_at` is the deadline; whoever notices it first finishes the battle."""

    status = models.CharField(max_length=10, choices=BattleStatus.choices, default=BattleStatus.INVITED)
    invited_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    # The number of the side that won; empty before the end, and when nobody scored.
    winner = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [
            models.Index(fields=["ends_at"], name="battles_to_end", condition=models.Q(status="running")),
            models.Index(fields=["answer_by"], name="battles_to_answer", condition=models.Q(status="invited")),
        ]

    def __str__(self) -> str:
        return f"battle {self.pk}"


class BattleSide(models.Model):
    """One stream in a battle. The challenger is number 0. A stream runs at most one battle at a time."""

    battle = models.ForeignKey(Battle, on_delete=models.CASCADE, related_name="sides")
    number = models.PositiveSmallIntegerField()
    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="battle_sides")
    score = models.PositiveBigIntegerField(default=0)
    # When the score became what it is: the earlier of two equal ones wins.
    reached_at = models.DateTimeField(null=True, blank=True)
    is_running = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["battle", "number"]
        constraints = [
            models.UniqueConstraint(fields=["battle", "number"], name="battle_side_once"),
            models.UniqueConstraint(fields=["stream"], name="stream_battles_once", condition=models.Q(is_running=True)),
        ]
        indexes = [models.Index(fields=["stream", "-id"], name="battles_of_stream")]

    def __str__(self) -> str:
        return f"side {self.number} of battle {self.battle_id}"


class BattlePoints(models.Model):
    """Points one gift or attack gave a side. `source` names it, so that a void finds them and nothing counts twice."""

    side = models.ForeignKey(BattleSide, on_delete=models.CASCADE, related_name="points")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=60, unique=True)
    coins = models.PositiveIntegerField()
    points = models.PositiveIntegerField()
    at = models.DateTimeField()
    is_void = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.points} points"


class BattleEffect(models.Model):
    """A boost that works for a time. Effects of one kind and side follow one another and never overlap."""

    side = models.ForeignKey(BattleSide, on_delete=models.CASCADE, related_name="effects")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10)
    coins = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} until {self.ends_at:%H:%M:%S}"


# --- Numbers --------------------------------------------------------------------------------------


class Period(models.TextChoices):
    """How much time a row of numbers spans."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class StreamNumbers(models.Model):
    """A stream's numbers in one minute, hour or day."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="numbers")
    period = models.CharField(max_length=6, choices=Period.choices)
    starts_at = models.DateTimeField()
    viewers = models.PositiveIntegerField(default=0, help_text="The most at any moment.")
    likes = models.PositiveBigIntegerField(default=0)
    gifts = models.PositiveBigIntegerField(default=0)
    coins = models.PositiveBigIntegerField(default=0)
    comments = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["starts_at"]
        constraints = [models.UniqueConstraint(fields=["stream", "period", "starts_at"], name="stream_numbers_once")]
        indexes = [models.Index(fields=["period", "starts_at"], name="stream_numbers_by_time")]

    def __str__(self) -> str:
        return f"{self.period} {self.starts_at:%Y-%m-%d %H:%M}"
