"""What moderation decided, and who may not write for a while."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class Decision(models.Model):
    """A message that was stopped, with all that led to it, so that it can be understood and appealed later."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="moderation_decisions")
    stream = models.ForeignKey("streams.Stream", on_delete=models.CASCADE, related_name="+")
    text = models.TextField()
    action = models.CharField(max_length=10)
    score = models.FloatField()
    categories: "models.JSONField[dict[str, float], dict[str, Any]]" = models.JSONField(default=dict)
    matched: "models.JSONField[list[str], list[Any]]" = models.JSONField(default=list)
    model_version = models.CharField(max_length=60)
    policy_version = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [models.Index(fields=["user", "-id"], name="decisions_of_user")]

    def __str__(self) -> str:
        return f"{self.action} at {self.score:.2f}"


class Mute(models.Model):
    """A user who may not write anywhere until then."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mutes")
    decision = models.ForeignKey(Decision, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    until = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [models.Index(fields=["user", "until"], name="mutes_of_user")]

    def __str__(self) -> str:
        return f"until {self.until:%Y-%m-%d %H:%M}"
