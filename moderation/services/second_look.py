"""The second look: a provider elsewhere is asked about messages that are published, by a worker.

A `Look` is written in the transaction that publishes, so that none is forgotten. A worker takes a few, asks outside of
any transaction, and acts. One that is lost leaves its looks to the next, and an answer acts once, whoever gives it.
"""

import logging
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from pybreaker import CircuitBreaker, CircuitBreakerError

from gateway.events import iso
from gateway.publish import publish
from moderation.events.second_look import SecondLookChanged
from moderation.models import Decision, Look, Outage
from moderation.policy import Action
from moderation.rooms import QUEUE_ROOM
from moderation.second_look import configured_provider
from moderation.second_look.breaker import breaker_of, is_closed
from moderation.second_look.opinion import Opinion, Provider, ProviderFailed
from moderation.services.opinions import act_on_opinion, act_on_silence, close_unasked, may_be_asked_about
from moderation.subjects import Subject, describe

log = logging.getLogger(__name__)

# A worker that has not said what became of a look by then is lost.
_TAKEN = timedelta(seconds=30)
_AGAIN = timedelta(seconds=1)
# How long one run goes on when there is much to look at: other tasks want the worker too.
_RUN_SECONDS = 2.0
_GIVEN_UP_TOGETHER = 100
# What a provider that was away is tried with; it takes no message to find out.
_HARMLESS = "hello"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A thing that is published, how bad it seems so far, 0 to 1, and whether somebody has reported it."""

    subject_kind: str
    subject_id: int
    score: float
    is_reported: bool = False


def is_wanted(score: float) -> bool:
    """Whether a message the first look gave this score, 0 to 1, is to be looked at again."""
    return bool(settings.MODERATION_SECOND_LOOK_PROVIDER) and score >= settings.MODERATION_SECOND_LOOK_FROM_SCORE


def ask_for_look(candidates: Iterable[Candidate]) -> None:
    """Let things be looked at when the caller's transaction has published them; each once, however often asked."""
    if not settings.MODERATION_SECOND_LOOK_PROVIDER:
        return
    looks = [Look(**asdict(candidate)) for candidate in candidates]
    Look.objects.bulk_create(looks, ignore_conflicts=True)


def look_again() -> int:
    """Ask about what is due and act on the answers; for a worker, once a second. Returns how many were answered.

    Safe to run anywhere, at any time and by several at once.
    """
    provider = configured_provider()
    if provider is None:
        return 0
    for look_id in _hopeless():
        act_on_silence(look_id=look_id, provider=provider.name)
    breaker = breaker_of(provider.name)
    answered = 0
    if is_closed(breaker) or _ask(provider, breaker, [_HARMLESS]):
        answered = _look_for_a_while(provider, breaker)
    note_outage(provider=provider.name, is_away=not is_closed(breaker))
    return answered


def prune_looks() -> int:
    """Delete looks that were decided `MODERATION_LOOKS_KEPT` ago, and the decisions that let things be; how many."""
    before = timezone.now() - settings.MODERATION_LOOKS_KEPT
    with transaction.atomic(durable=True):
        old = Look.objects.filter(decided_at__lt=before)
        Decision.objects.filter(pk__in=old.values("decision"), action=Action.ALLOW).delete()
        deleted, _ = old.delete()
    return deleted


def _look_for_a_while(provider: Provider, breaker: CircuitBreaker) -> int:
    end = time.monotonic() + _RUN_SECONDS
    answered = 0
    while is_closed(breaker) and time.monotonic() < end and (looks := _take(provider.most)):
        subjects = _subjects(looks)
        asked = [look for look in looks if look.pk in subjects]
        close_unasked(look_ids=[look.pk for look in looks if look.pk not in subjects])
        opinions = _ask(provider, breaker, [subjects[look.pk].text for look in asked]) if asked else []
        if opinions is None:
            _put_back(asked)
            continue
        for look, opinion in zip(asked, opinions, strict=True):
            act_on_opinion(look_id=look.pk, opinion=opinion, provider=provider.name)
        answered += len(asked)
    return answered


def _ask(provider: Provider, breaker: CircuitBreaker, texts: Sequence[str]) -> list[Opinion] | None:
    """What the provider thinks; `None` when it does not say, or the breaker does not let us ask."""
    try:
        return breaker.call(provider.judge, texts)
    except CircuitBreakerError:
        return None
    except ProviderFailed as error:
        log.warning("the second look by %s failed: %s", provider.name, error)
        return None


def _take(most: int) -> list[Look]:
    """Some looks that are due. One that has failed before goes alone, so that it takes no others with it again."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        waiting = Look.objects.filter(decided_at__isnull=True, due_at__lte=now)
        due = waiting.order_by("due_at").select_for_update(skip_locked=True)
        looks = list(due.filter(tries=0)[:most]) or list(due[:1])
        Look.objects.filter(pk__in=[look.pk for look in looks]).update(due_at=now + _TAKEN, tries=F("tries") + 1)
    return looks


def _put_back(looks: Collection[Look]) -> None:
    undecided = Look.objects.filter(pk__in=[look.pk for look in looks], decided_at__isnull=True)
    undecided.update(due_at=timezone.now() + _AGAIN)


def _subjects(looks: Collection[Look]) -> dict[int, Subject]:
    """What people see and may be shown to somebody outside, by look."""
    found: dict[int, Subject] = {}
    for kind in {look.subject_kind for look in looks}:
        of_kind = [look for look in looks if look.subject_kind == kind]
        subjects = describe(kind, [look.subject_id for look in of_kind])
        found |= {look.pk: subjects[look.subject_id] for look in of_kind if look.subject_id in subjects}
    return {look_id: subject for look_id, subject in found.items() if may_be_asked_about(subject)}


def _hopeless() -> list[int]:
    """Looks that have been tried often enough, or wait for too long."""
    now = timezone.now()
    tried = Q(tries__gte=settings.MODERATION_SECOND_LOOK_TRIES)
    old = Q(created_at__lt=now - settings.MODERATION_SECOND_LOOK_PATIENCE)
    waiting = Look.objects.filter(tried | old, decided_at__isnull=True, due_at__lte=now)
    return list(waiting.order_by("due_at").values_list("pk", flat=True)[:_GIVEN_UP_TOGETHER])


def note_outage(*, provider: str, is_away: bool) -> None:
    """Keep that the provider is lost, or is back, and tell moderators; whoever notices first does."""
    with transaction.atomic(durable=True):
        if is_away:
            outage, is_news = Outage.objects.get_or_create(provider=provider, ended_at=None)
        else:
            lasting = Outage.objects.filter(provider=provider, ended_at__isnull=True).select_for_update().first()
            if lasting is None:
                return
            outage, is_news = lasting, True
            outage.ended_at = timezone.now()
            outage.save(update_fields=["ended_at"])
        if not is_news:
            return
        log.warning("the second look by %s is %s", provider, "away" if is_away else "back")
        publish(
            QUEUE_ROOM,
            SecondLookChanged(
                provider=provider, is_away=is_away, since=iso(outage.began_at), timestamp=iso(timezone.now())
            ),
        )
