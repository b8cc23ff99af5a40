"""Messages that wait for a person, and what becomes of those nobody decides in time."""

from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gateway.identity import Identity
from moderation.models.queue import Item, ItemKind, Outcome
from moderation.policy import Action, Verdict
from moderation.selectors.queue import due_item_ids
from moderation.selectors.rules import policy_of
from moderation.services.decisions import keep_decision
from moderation.services.notices import tell_waiting
from moderation.services.queue import Arrival, enqueue, save_settled, settle_items


def hold_message(
    *, author: Identity, stream_id: str, subject_kind: str, subject_id: int, text: str, verdict: Verdict
) -> None:
    """Let a message wait for a person, and tell its author. Runs in the caller's transaction."""
    decision = keep_decision(
        user_id=int(author.user_id),
        stream_id=int(stream_id),
        text=text,
        verdict=replace(verdict, action=Action.HOLD),
    )
    item = enqueue(
        Arrival(
            kind=ItemKind.HOLD,
            subject_kind=subject_kind,
            subject_id=subject_id,
            user_id=int(author.user_id),
            stream_id=int(stream_id),
            score=verdict.score,
            categories=sorted(verdict.categories),
            decision_id=decision.pk,
            due_at=timezone.now() + timedelta(seconds=settings.MODERATION_HOLD_SECONDS),
        )
    )
    tell_waiting(item)


def settle_due() -> int:
    """Decide what nobody has decided in time, as the policy of its stream has it; how many items it were."""
    settled = 0
    for item_id in due_item_ids(timezone.now()):
        with transaction.atomic(durable=True):
            # A moderator who is deciding it this moment is quicker.
            waiting = Item.objects.filter(pk=item_id, decided_at__isnull=True).select_related("user")
            item = waiting.select_for_update(of=("self",), skip_locked=True).first()
            if item is not None:
                settle_items([item], outcome=Outcome(policy_of(item.stream_id).undecided), by=None)
                save_settled([item], None)
                settled += 1
    return settled
