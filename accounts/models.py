"""People and their sessions. A session is a device that is signed in; all its sockets end with it."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator, validate_email
from django.db import models
from django.db.models.functions import Lower

from gateway.encryption import EncryptedTextField, ReservedId

# Usernames can be mentioned in chat as @name, so they hold only what ends a mention cleanly.
USERNAME_PATTERN = r"[A-Za-z0-9_]{3,30}"
# How the names of those begin who were erased; nobody may take one.
ERASED = "erased_"


class User(AbstractUser):
    """A person. `is_staff` is Django's; `is_moderator` moderates everywhere."""

    username = models.CharField(
        max_length=30,
        unique=True,
        validators=[RegexValidator(f"^{USERNAME_PATTERN}$", "3 to 30 letters, digits or underscores.")],
        error_messages={"unique": "That name is taken."},
    )
    id = ReservedId(primary_key=True)
    email = EncryptedTextField(blank=True, default="", validators=[validate_email])
    avatar = models.URLField(blank=True, default="")
    # Written by the loyalty tiers; kept here so that one row tells all a message shows of its author.
    og_level = models.PositiveSmallIntegerField(default=0)
    is_moderator = models.BooleanField(default=False)
    is_banned = models.BooleanField(default=False)
    channel_moderators: "models.ManyToManyField[User, User]" = models.ManyToManyField(
        "self", symmetrical=False, related_name="moderates", blank=True
    )

    class Meta:
        # Names that differ in case alone would pass for one another, and a mention could mean either.
        constraints = [
            models.UniqueConstraint(
                Lower("username"), name="accounts_username_once", violation_error_message="That name is taken."
            )
        ]


class Session(models.Model):
    """One signed-in device. The refresh token in force is known by its `jti`; an older one is a theft."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    refresh_jti = models.CharField(max_length=64, blank=True, default="")
    user_agent = EncryptedTextField(blank=True, default="")
    # Where it was opened, and what is kept of its device and network to find the same again.
    address = EncryptedTextField(blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
    device = models.CharField(max_length=64, blank=True, default="")
    network = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=30, blank=True, default="")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["user"], name="accounts_session_open", condition=models.Q(revoked_at__isnull=True)),
            models.Index(fields=["device"], name="accounts_session_device", condition=~models.Q(device="")),
            models.Index(fields=["network"], name="accounts_session_network", condition=~models.Q(network="")),
        ]

    def __str__(self) -> str:
        return f"session {self.id} of user {self.user_id}"


class Violation(models.Model):
    """A refusal by a limit, as moderators see it. `blocked_seconds` is for how long it kept somebody out."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="violations")
    address = models.CharField(max_length=64)
    code = models.CharField(max_length=40)
    event = models.CharField(max_length=60, blank=True, default="")
    blocked_seconds = models.FloatField(default=0)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "-id"], name="violations_of_user"),
            models.Index(fields=["address", "-id"], name="violations_of_address"),
            models.Index(fields=["at"], name="violations_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.event or 'an unknown command'}"


class Barrier(models.Model):
    """A device or a network nobody may come from.

    Attributes:
        user: with whom it was barred; nobody when staff named it.
        device: as in a session.
        network: a prefix, as `203.0.113.0/24`.
        until: when it ends by itself; when empty, it holds until it is lifted.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="barriers")
    device = models.CharField(max_length=64, blank=True, default="")
    network = models.CharField(max_length=50, blank=True, default="")
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(device="") ^ models.Q(network=""), name="barrier_of_a_device_or_a_network"
            )
        ]
        indexes = [
            models.Index(fields=["device"], name="barriers_of_device", condition=models.Q(ended_at__isnull=True)),
            models.Index(fields=["network"], name="barriers_of_network", condition=models.Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"barrier {self.pk}"

    @property
    def kind(self) -> str:
        """What is barred: `device` or `network`."""
        return "device" if self.device else "network"


class Signal(models.TextChoices):
    """What two accounts share."""

    DEVICE = "device"
    NETWORK = "network"


class EvasionFlag(models.Model):
    """A new account that may be a banned user's, for a moderator to look at."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="evasion_flags")
    banned = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    signal = models.CharField(max_length=10, choices=Signal.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["user", "banned", "signal"], name="evasion_flag_once")]
        indexes = [models.Index(fields=["id"], name="evasion_flags_open", condition=models.Q(resolved_at__isnull=True))]

    def __str__(self) -> str:
        return f"user {self.user_id} shares a {self.signal} with user {self.banned_id}"
