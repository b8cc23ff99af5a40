"""What is looked at a second time, after it was published."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class LookOutcome(models.TextChoices):
    """What became of a second look."""

    KEPT = "kept"
    QUEUED = "queued"
    TAKEN_BACK = "taken_back", "taken back"
    # It was removed before anybody looked, or may be shown to nobody outside.
    GONE = "gone"


class Look(models.Model):
    """A thing a provider is asked about, once. The row is the work to do, and then the record of it.

    Attributes:
        subject_id: the thing's id in its own app.
        score: what the look before publication gave it, or those who reported it, 0 to 1.
        is_reported: whether it is asked for because of a report; moderators have it before them then, and without an
            answer nothing is done.
        tries: how often it was taken to be asked about.
        due_at: from when on it may be taken, by another worker when the one that took it is lost.
        decision: what the provider thought of it; empty when it never answered.
    """

    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    score = models.FloatField()
    is_reported = models.BooleanField(default=False, db_default=False)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=LookOutcome.choices, blank=True, default="")
    decision = models.ForeignKey(
        "moderation.Decision", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints = [models.UniqueConstraint(fields=["subject_kind", "subject_id"], name="one_look_a_thing")]
        indexes = [models.Index(fields=["due_at"], name="looks_due", condition=Q(decided_at__isnull=True))]

    def __str__(self) -> str:
        return f"second look at {self.subject_kind} {self.subject_id}"


class Outage(models.Model):
    """A time in which a provider could not be asked; it lasts while `ended_at` is empty."""

    provider = models.CharField(max_length=20)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["provider"], name="one_outage_a_time", condition=Q(ended_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"outage of {self.provider}"
