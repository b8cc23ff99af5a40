"""What privileged people, commands and the machine did: rows that are only added, each chained to the one before."""

from django.db import models


class Origin(models.TextChoices):
    """Where an act came from."""

    ADMIN = "admin"
    COMMAND = "command"
    API = "api"
    AUTOMATIC = "automatic"


class Entry(models.Model):
    """One act. PostgreSQL refuses to update, delete or truncate rows; ids are gapless, so a missing one shows.

    People and things are plain ids: an account may be erased, and what was done to it stays on record.
    """

    id = models.BigIntegerField(primary_key=True)
    created_at = models.DateTimeField()
    origin = models.CharField(max_length=10, choices=Origin.choices)
    actor_id = models.BigIntegerField(null=True)
    address = models.CharField(max_length=100, blank=True)
    action = models.CharField(max_length=80)
    target_kind = models.CharField(max_length=60)
    target_id = models.CharField(max_length=64, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["target_kind", "target_id", "-id"], name="audit_of_target"),
            models.Index(fields=["actor_id", "-id"], name="audit_of_actor"),
        ]

    def __str__(self) -> str:
        return f"entry {self.pk}"


class Head(models.Model):
    """The end of the chain, signed: one row. Without it a cut tail would not show; its lock puts writers in a queue."""

    last_id = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64)
    signature = models.CharField(max_length=64, blank=True)
