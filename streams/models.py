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


class Stream(models.Model):
    """One broadcast of a host. Ingest and playback are the media server's affair."""

    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="streams")
    title = models.CharField(max_length=140)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    country = models.CharField(
        max_length=2, blank=True, default="", validators=[RegexValidator("^[A-Z]{2}$", "An ISO 3166 code.")]
    )
    tags: "ArrayField[list[str], list[str]]" = ArrayField(
        models.CharField(max_length=30), default=list, blank=True, size=10
    )
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
    # Raised in the transaction that writes the messages, so that it is always right.
    comments = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [models.Index(fields=["status", "-id"], name="streams_by_status")]

    def __str__(self) -> str:
        return self.title
