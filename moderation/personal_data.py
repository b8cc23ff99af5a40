"""What moderation holds on a person."""

from accounts.personal_data import Blanked, Deleted, Holding, Kept, hold
from moderation.models import Appeal, Decision, Item, Points, QueueFilter, Report, Sanction

hold(
    Holding(
        "stoppedMessages",
        lambda user: Decision.objects.filter(user=user),
        ("id", "stream_id", "text", "action", "score", "categories", "model_version", "policy_version", "created_at"),
        Blanked({"text": "", "matched": []}),
    ),
    Holding(
        "sanctions",
        lambda user: Sanction.objects.filter(user=user),
        ("id", "rung", "stream_id", "reason", "created_at", "until", "acknowledged_at", "ended_at"),
        Blanked({"reason": ""}),
    ),
    Holding(
        "appeals",
        lambda user: Appeal.objects.filter(sanction__user=user),
        ("sanction_id", "text", "created_at", "outcome", "decided_at"),
        Blanked({"text": ""}),
    ),
    Holding("moderationPoints", lambda user: Points.objects.filter(user=user), ("points", "created_at"), Deleted()),
    Holding(
        "queueItems",
        lambda user: Item.objects.filter(user=user),
        ("id", "kind", "subject_kind", "subject_id", "score", "categories", "reports", "outcome", "created_at"),
        Kept("what moderators decided is answered for; it names ids"),
    ),
    Holding(
        "reportsMade",
        lambda user: Report.objects.filter(reporter=user),
        ("item_id", "reason", "note", "created_at"),
        Blanked({"note": ""}),
    ),
    Holding("queueFilters", lambda user: QueueFilter.objects.filter(owner=user), ("name", "query"), Deleted()),
)
