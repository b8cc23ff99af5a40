"""What moderation decided, and who may not write for a while."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from gateway.encryption import EncryptedTextField, ReservedId


class Decision(models.Model):
    """What was decided on a message, with all that led to it, so that it can be understood and appealed later.

    The look before publication leaves one for each message that is held or stopped, the second look for each it made.

    Attributes:
        text: what was judged; empty when a second look let it be, as the message itself is there.
        provider: who took the second look; empty for the look before publication.
        thresholds: those of the policy it was judged by, and its levels by category.
    """

    id = ReservedId(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="moderation_decisions")
    stream = models.ForeignKey("streams.Stream", on_delete=models.CASCADE, related_name="+")
    # Encrypted in every row: nobody else has read it, and it may have been a whisper.
    text = EncryptedTextField(blank=True)
    action = models.CharField(max_length=10)
    score = models.FloatField()
    categories: "models.JSONField[dict[str, float], dict[str, Any]]" = models.JSONField(default=dict)
    matched: "models.JSONField[list[str], list[Any]]" = models.JSONField(default=list)
    provider = models.CharField(max_length=20, blank=True, default="", db_default="")
    model_version = models.CharField(max_length=60)
    policy_version = models.CharField(max_length=60)
    thresholds: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [models.Index(fields=["user", "-id"], name="decisions_of_user")]

    def __str__(self) -> str:
        return f"{self.action} at {self.score:.2f}"


class Rung(models.TextChoices):
    """The ladder, from the mildest to the hardest."""

    WARNING = "warning"
    TIMEOUT = "timeout"
    SHADOW_BAN = "shadow_ban"
    BAN = "ban"
    DEVICE_BAN = "device_ban", "ban of devices and addresses"


class SanctionQuerySet(models.QuerySet["Sanction"]):
    """Sanctions by what they are now."""

    def in_force(self, now: datetime) -> "SanctionQuerySet":
        """Those that have neither run out nor been lifted; an acknowledged warning has done its work."""
        running = self.filter(Q(until__isnull=True) | Q(until__gt=now), ended_at__isnull=True)
        return running.exclude(rung=Rung.WARNING, acknowledged_at__isnull=False)


class Sanction(models.Model):
    """What a user must bear, in one stream or everywhere. Rows stay: they are the user's record.

    Attributes:
        stream: where it holds; everywhere when empty.
        until: when it runs out; when empty, it holds until it is lifted.
        issued_by: who decided; the machine when empty.
        decision: the stopped message that led to it, when the machine decided.
        ended_at: when it was lifted, or its end was met.
        lifted_by: who lifted it, if somebody did.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sanctions")
    rung = models.CharField(max_length=12, choices=Rung.choices)
    stream = models.ForeignKey(
        "streams.Stream", on_delete=models.CASCADE, null=True, blank=True, related_name="sanctions"
    )
    reason = models.CharField(max_length=500)
    until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decision = models.ForeignKey(Decision, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = SanctionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "-id"], name="sanctions_of_user"),
            models.Index(fields=["user"], name="sanctions_not_ended", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["until"], name="sanctions_running_out", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.get_rung_display()} {self.pk}"

    @property
    def is_unread_warning(self) -> bool:
        """Whether it waits to be acknowledged."""
        return self.rung == Rung.WARNING and self.acknowledged_at is None and self.ended_at is None


class Appeal(models.Model):
    """What the sanctioned says against it, once, and what was decided."""

    class Outcome(models.TextChoices):
        """What became of an appeal."""

        UPHELD = "upheld"
        LIFTED = "lifted"

    sanction = models.OneToOneField(Sanction, on_delete=models.CASCADE, related_name="appeal")
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"appeal against {self.sanction}"


class Points(models.Model):
    """What adds to a user's moderation score; each row counts for less the older it is."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    points = models.FloatField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["user", "created_at"], name="points_of_user")]

    def __str__(self) -> str:
        return f"{self.points:g} points"


# Django looks for models here.
from moderation.models.queue import Item as Item  # noqa: E402
from moderation.models.queue import QueueFilter as QueueFilter  # noqa: E402
from moderation.models.queue import Report as Report  # noqa: E402
from moderation.models.rules import ListEntry as ListEntry  # noqa: E402
from moderation.models.rules import PolicyRow as PolicyRow  # noqa: E402
from moderation.models.rules import RulesVersion as RulesVersion  # noqa: E402
from moderation.models.second_look import Look as Look  # noqa: E402
from moderation.models.second_look import Outage as Outage  # noqa: E402
