"""Reports by users: weighted by what moderators made of the reporter's earlier ones."""

from django.db import transaction
from django.db.models import Sum

from gateway.errors import CommandError, ErrorCode
from gateway.idempotency import Answer, CommandKey, remember
from gateway.identity import Identity
from moderation.models.queue import ItemKind, Report, ReportReason
from moderation.selectors.queue import reporter_weight
from moderation.services.queue import Arrival, enqueue
from moderation.services.second_look import Candidate, ask_for_look
from moderation.subjects import Subject

# What remains of the doubt after one report of weight 1.
_DOUBT_LEFT = 0.75


def send_report(
    *,
    reporter: Identity,
    subject_kind: str,
    subject: Subject,
    reason: ReportReason,
    note: str = "",
    key: CommandKey | None = None,
) -> Answer:
    """Bring something the reporter may see before the moderators; a second report of theirs changes nothing.

    Raises:
        CommandError: `access_denied` for something of their own.
    """
    if str(subject.author_id) == reporter.user_id:
        raise CommandError(ErrorCode.ACCESS_DENIED, "You cannot report yourself")
    answer = Answer(ok=True, body="{}")
    with transaction.atomic(durable=True):
        if key is not None and (earlier := remember({key: answer})):
            return earlier[key]
        _add(reporter, subject_kind, subject, reason, note)
    return answer


def _add(reporter: Identity, subject_kind: str, subject: Subject, reason: ReportReason, note: str) -> None:
    weight = reporter_weight(int(reporter.user_id))
    others = Report.objects.filter(
        item__subject_kind=subject_kind, item__subject_id=subject.id, item__decided_at__isnull=True
    ).exclude(reporter=int(reporter.user_id))
    together = weight + (others.aggregate(sum=Sum("weight"))["sum"] or 0.0)
    item = enqueue(
        Arrival(
            kind=ItemKind.REPORT,
            subject_kind=subject_kind,
            subject_id=subject.id,
            user_id=subject.author_id,
            stream_id=subject.stream_id,
            score=round(1 - _DOUBT_LEFT**together, 4),
            categories=[reason] if reason != ReportReason.OTHER else [],
        )
    )
    if not subject.is_private:
        ask_for_look([Candidate(subject_kind, subject.id, score=item.score, is_reported=True)])
    Report.objects.get_or_create(
        item=item,
        reporter_id=int(reporter.user_id),
        defaults={"reason": reason, "note": note, "weight": weight},
    )
    item.reports = item.reported_by.count()
    item.save(update_fields=["reports"])
