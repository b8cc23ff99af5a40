"""The one queue of all that waits for a moderator: held messages, reports, and flags."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class ItemKind(models.TextChoices):
    """What brought an item into the queue first."""

    HOLD = "hold"
    REPORT = "report"
    RECHECK = "recheck"
    EVASION = "evasion"
    FRAUD = "fraud"


class Outcome(models.TextChoices):
    """What a moderator may decide: let it be seen, or take it away."""

    SHOW = "show"
    HIDE = "hide"


class Priority(models.IntegerChoices):
    """In which order items are looked at."""

    LOW = 1
    NORMAL = 2
    HIGH = 3
    URGENT = 4


class Item(models.Model):
    """Something a moderator is to decide. Holds and reports of one subject are one item while it is open.

    Attributes:
        subject_kind: `message`, or `user` for flags, which are about the user alone.
        subject_id: the thing's id in its own app.
        user: whom it is about.
        score: how bad it seems, 0 to 1: of the model, the reports and the flags the worst.
        version: raised by every change, so that nobody decides what they have not seen.
        due_at: when the stream's policy decides in the moderators' place; only for held messages.
        decided_by: empty when the policy decided.
    """

    kind = models.CharField(max_length=10, choices=ItemKind.choices)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="queue_items")
    stream = models.ForeignKey("streams.Stream", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    decision = models.ForeignKey(
        "moderation.Decision", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    score = models.FloatField()
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    categories: "models.JSONField[list[str], list[Any]]" = models.JSONField(default=list)
    reports = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    claimed_until = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=5, choices=Outcome.choices, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Whether the decision changed what people see, so that undoing it must too.
    changed_subject = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-priority", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"], name="one_open_item", condition=models.Q(decided_at__isnull=True)
            )
        ]
        indexes = [
            models.Index(fields=["-priority", "id"], name="open_items", condition=models.Q(decided_at__isnull=True)),
            models.Index(fields=["due_at"], name="items_due", condition=models.Q(decided_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ReportReason(models.TextChoices):
    """Why somebody reports."""

    HARASSMENT = "harassment"
    HATE = "hate"
    SEXUAL = "sexual"
    THREAT = "threat"
    SELF_HARM = "self_harm"
    SPAM = "spam"
    OTHER = "other"


class Report(models.Model):
    """One user's report; its weight is what the reporter's record was worth then."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="reported_by")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=12, choices=ReportReason.choices)
    note = models.CharField(max_length=500, blank=True)
    weight = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "reporter"], name="one_report_an_item")]

    def __str__(self) -> str:
        return f"report {self.pk}"


class QueueFilter(models.Model):
    """A view of the queue a moderator keeps under a name.

    Attributes:
        view: the fields of `queue:list` that narrow it, as clients send them.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="queue_filters")
    name = models.CharField(max_length=40)
    view: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="one_filter_a_name")]

    def __str__(self) -> str:
        return self.name
