"""Messages."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from gateway.encryption import EncryptedTextField


class Visibility(models.TextChoices):
    """Who sees a message: the legacy `type` on the wire."""

    PUBLIC = "public"
    PRIVATE = "private"
    GIFT = "gift"
    LOUNGE = "lounge"


# What everybody in the room sees.
ROOM_WIDE = (Visibility.PUBLIC, Visibility.GIFT)


class Kind(models.TextChoices):
    """What a message is: `messageType` on the wire."""

    TEXT = "text"
    GIFT = "gift"
    SYSTEM = "system"
    EMOJI = "emoji"


class RemovalReason(models.TextChoices):
    """Why a message is not shown any more: `reason` on the wire."""

    AUTHOR = "author"
    MODERATOR = "moderator"
    AUTOMATIC = "automatic"
    PURGE = "purge"
    # Not shown yet: a person is to decide. Nobody has been told of it.
    HELD = "held"
    # Not shown yet: only those who moderate have been told of it, for some seconds.
    DELAYED = "delayed"


# Why the room has not seen a message yet.
UNSHOWN = (RemovalReason.HELD, RemovalReason.DELAYED)


class Message(models.Model):
    """A message that moderation did not stop. The text is kept as it was sent and never interpreted.

    A held message waits for a decision as if it was removed, a delayed one for `appears_at`. A removed message keeps
    its row, for those who answer for the removal; nobody is shown it any more.
    """

    stream = models.ForeignKey("streams.Stream", on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="messages")
    # Whispers are encrypted in their rows; what a room may read is plain, so that it can be searched.
    text = EncryptedTextField(only_when=("type", Visibility.PRIVATE.value))
    type = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC)
    message_type = models.CharField(max_length=10, choices=Kind.choices, default=Kind.TEXT)
    mentions: "models.JSONField[list[dict[str, Any]], list[Any]]" = models.JSONField(default=list)
    reply_to = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replies")
    # The first message of the thread; empty for a message that has no part in one.
    thread = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="thread_messages")
    score = models.FloatField()
    model_version = models.CharField(max_length=60)
    policy_version = models.CharField(max_length=60)
    created_at = models.DateTimeField()
    is_spotlight = models.BooleanField(default=False, db_default=False)
    # Written under a shadow ban: shown to its author alone.
    is_hidden = models.BooleanField(default=False, db_default=False)
    # Of a line that tells of gifts: their combo, and what the line shows of it.
    combo = models.BigIntegerField(null=True, blank=True)
    gift: "models.JSONField[dict[str, Any] | None, dict[str, Any] | None]" = models.JSONField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_reason = models.CharField(
        max_length=10, choices=RemovalReason.choices, blank=True, default="", db_default=""
    )
    appears_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        indexes = [
            models.Index(fields=["stream", "-id"], name="messages_of_stream"),
            models.Index(fields=["thread", "id"], name="messages_of_thread"),
            models.Index(
                fields=["appears_at"],
                name="messages_to_appear",
                condition=models.Q(removed_reason=RemovalReason.DELAYED.value),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["combo"], name="message_of_combo", condition=models.Q(combo__isnull=False))
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"


class Pin(models.Model):
    """The one pinned message of a stream, or none. Its row is what those who pin at once wait for."""

    stream = models.OneToOneField("streams.Stream", on_delete=models.CASCADE, related_name="pin", primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    pinned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Empty while it holds until somebody takes it down.
    expires_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"pin of stream {self.stream_id}"
