"""What follows from a second look: a message stays, goes before the moderators, or is taken back."""

from collections.abc import Collection
from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gateway.publish import publish
from gateway.rooms import user_room
from moderation.events import ContentWarning
from moderation.lexicon import Category
from moderation.models import Decision, Item, Look
from moderation.models.queue import ItemKind, Outcome
from moderation.models.second_look import LookOutcome
from moderation.policy import LEVELS, Action, Policy, Verdict, hardest
from moderation.second_look.opinion import Opinion
from moderation.selectors.rules import policy_of
from moderation.services.decisions import keep_decision
from moderation.services.queue import Arrival, enqueue, save_settled, settle_items
from moderation.services.sanctions import add_points
from moderation.subjects import Subject, describe
from streams.selectors import StreamCard, find_card

# The rule a verdict names when nobody could be asked.
AWAY_RULE = "second_look.away"

_FAIL_ACTIONS = {"allow": Action.ALLOW, "hold": Action.HOLD, "deny": Action.STOP}
_OUTCOMES = {
    Action.ALLOW: LookOutcome.KEPT,
    Action.HOLD: LookOutcome.QUEUED,
    Action.STOP: LookOutcome.TAKEN_BACK,
}
# Providers are nearly certain of every swear word. Alone it counts that many levels milder: in strict streams, that is.
_SWEARING_IS_MILDER = 2
_TAKEN_BACK = "Your message was taken back: it breaks the rules of this chat."
_UNCHECKED = "Your message was taken back: it could not be checked."


def fail_action(card: StreamCard) -> Action:
    """What becomes of a stream's messages a second look is wanted for, while nobody can be asked."""
    return _FAIL_ACTIONS[card.fail_mode]


def act_on_opinion(*, look_id: int, opinion: Opinion, provider: str) -> None:
    """Do what the provider's opinion asks for, and keep the decision; once, whatever happens in between."""
    with transaction.atomic(durable=True):
        if (found := _open(look_id)) is None:
            return
        look, subject = found
        policy = policy_of(subject.stream_id)
        verdict = Verdict(
            score=opinion.score,
            categories={str(category): score for category, score in opinion.categories.items()},
            action=_action(opinion, policy),
            model_version=opinion.model,
            policy=policy,
            matched=(),
        )
        _act(look, subject, verdict, provider)


def act_on_silence(*, look_id: int, provider: str) -> None:
    """Do what the stream's fail mode says of a published message about which the provider gave no answer.

    What is looked at because of a report stays, lest a report takes things back whenever nobody can be asked.
    """
    with transaction.atomic(durable=True):
        if (found := _open(look_id)) is None:
            return
        look, subject = found
        card = find_card(str(subject.stream_id))
        verdict = Verdict(
            score=look.score,
            categories={},
            action=Action.ALLOW if card is None or look.is_reported else fail_action(card),
            model_version="",
            policy=policy_of(subject.stream_id),
            matched=(AWAY_RULE,),
        )
        _act(look, subject, verdict, provider)


def may_be_asked_about(subject: Subject) -> bool:
    """Whether somebody elsewhere may be asked about it: people see it, and it is not for a few alone."""
    return subject.is_shown and not subject.is_private


def close_unasked(*, look_ids: Collection[int]) -> None:
    """Be done with looks at what is gone, or is not for people outside."""
    undecided = Look.objects.filter(pk__in=look_ids, decided_at__isnull=True)
    undecided.update(outcome=LookOutcome.GONE, decided_at=timezone.now())


def _open(look_id: int) -> tuple[Look, Subject] | None:
    """A look nobody has decided, locked, and what it is about as it is now; `None` when there is nothing to do."""
    look = Look.objects.select_for_update().filter(pk=look_id, decided_at__isnull=True).first()
    if look is None:
        return None
    subject = describe(look.subject_kind, [look.subject_id]).get(look.subject_id)
    if subject is None or not may_be_asked_about(subject):
        close_unasked(look_ids=[look_id])
        return None
    return look, subject


def _act(look: Look, subject: Subject, verdict: Verdict, provider: str) -> None:
    if verdict.action is not Action.ALLOW and _was_shown_by_a_person(look):
        verdict = replace(verdict, action=Action.ALLOW)
    look.decision = keep_decision(
        user_id=subject.author_id,
        stream_id=subject.stream_id,
        text="" if verdict.action is Action.ALLOW else subject.text,
        verdict=verdict,
        provider=provider,
    )
    look.outcome, look.decided_at = _OUTCOMES[verdict.action], timezone.now()
    look.save(update_fields=["decision", "outcome", "decided_at"])
    if verdict.action is Action.ALLOW:
        return
    item = enqueue(
        Arrival(
            kind=ItemKind.RECHECK,
            subject_kind=look.subject_kind,
            subject_id=look.subject_id,
            user_id=subject.author_id,
            stream_id=subject.stream_id,
            score=verdict.score,
            categories=_named(verdict),
            decision_id=look.decision.pk,
        )
    )
    if verdict.action is Action.STOP:
        _take_back(item, look.decision, subject, verdict)


def _action(opinion: Opinion, policy: Policy) -> Action:
    """What the stream's policy says of an opinion. Nobody is muted by somebody elsewhere."""
    actions = [policy.decide(score, _level(category, policy)) for category, score in opinion.categories.items()]
    if opinion.score > max(opinion.categories.values(), default=0.0):
        actions.append(policy.decide(opinion.score, policy.level(Category.HARASSMENT)))
    action = hardest(actions)
    return Action.STOP if action is Action.BAN else action


def _level(category: Category, policy: Policy) -> int:
    level = policy.level(category)
    return max(LEVELS[0], level - _SWEARING_IS_MILDER) if category is Category.PROFANITY else level


def _take_back(item: Item, decision: Decision, subject: Subject, verdict: Verdict) -> None:
    """Take a message back as the queue does, so that a moderator may undo it, and tell its author."""
    was_judged = AWAY_RULE not in verdict.matched
    settle_items([item], outcome=Outcome.HIDE, by=None, reason="second look")
    save_settled([item], None)
    if was_judged:
        add_points(user_id=subject.author_id, points=settings.MODERATION_POINTS[Action.STOP])
    publish(
        user_room(str(subject.author_id)),
        ContentWarning(
            message=_TAKEN_BACK if was_judged else _UNCHECKED,
            type="content_moderation",
            score=decision.score,
            warning_id=str(decision.pk),
            categories=_named(verdict),
            action="remove",
            until=None,
            appealable=False,
            must_acknowledge=False,
            stream_id=str(subject.stream_id),
        ),
    )


def _named(verdict: Verdict) -> list[str]:
    """The categories people are told of; providers score every one of theirs, however little."""
    return sorted(category for category, score in verdict.categories.items() if score >= verdict.policy.hold)


def _was_shown_by_a_person(look: Look) -> bool:
    """Whether a moderator has looked at it and lets it be seen: that counts for more."""
    decided = Item.objects.filter(subject_kind=look.subject_kind, subject_id=look.subject_id, outcome=Outcome.SHOW)
    return decided.filter(decided_by__isnull=False).exists()
