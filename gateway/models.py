"""What must be announced, written in the same transaction as what it tells of; and answers kept for retries."""

from django.conf import settings
from django.db import models


class OutboxEvent(models.Model):
    """An event of a room. It is published after its transaction commits, and kept as the room's log."""

    event_id = models.CharField(max_length=32, unique=True)
    room = models.CharField(max_length=80)
    name = models.CharField(max_length=60)
    delivery = models.CharField(max_length=10)
    body = models.TextField(help_text="The event's JSON, finished but for seq and epoch.")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)
    epoch = models.CharField(max_length=16, blank=True, default="")
    seq = models.PositiveBigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="outbox_unpublished", condition=models.Q(published_at__isnull=True)),
            models.Index(fields=["room", "id"], name="outbox_room"),
            models.Index(fields=["created_at"], name="outbox_created"),
        ]

    def __str__(self) -> str:
        return f"{self.name} to {self.room}"


class CommandAnswer(models.Model):
    """The first answer to a command that carried a `cid`; a retry within a day gets it again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=60)
    cid = models.CharField(max_length=64)
    body_hash = models.BinaryField(max_length=16)
    ok = models.BooleanField()
    answer = models.TextField(help_text="The answer's JSON: data, or the error.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event", "cid"], name="answer_once")]
        indexes = [models.Index(fields=["created_at"], name="answer_created")]

    def __str__(self) -> str:
        return f"answer to {self.event}"
