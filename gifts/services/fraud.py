"""Coins that move strangely, found by a few simple rules; what becomes of who moved them is for a moderator.

Each rule flags a user once within `FRAUD_QUIET`, however often it is looked for.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.evasion import places_of
from gifts.circles import in_circles
from gifts.models import FraudFlag, Payout, PayoutStatus, SentGift, TopUp
from moderation.services.flags import queue_fraud


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which coins move that honest people's seldom do.

    Attributes:
        name: as moderators see it.
        score: how sure it is, 0 to 1.
        find: the ids of the users it finds at a moment.
    """

    name: str
    score: float
    find: Callable[[datetime], Collection[int]]


def find_fraud(*, now: datetime | None = None) -> int:
    """Bring whom the rules find before the moderators; safe to run anywhere, at any time. Returns how many were new."""
    now = now or timezone.now()
    return sum(_flag(user_id, rule, now) for rule in RULES for user_id in sorted(rule.find(now)))


def _flag(user_id: int, rule: Rule, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        quiet = (now - settings.FRAUD_QUIET).date()
        if FraudFlag.objects.filter(user=user_id, rule=rule.name, day__gt=quiet).exists():
            return False
        _, is_new = FraudFlag.objects.get_or_create(user_id=user_id, rule=rule.name, day=now.date())
        if is_new:
            queue_fraud(user_id=user_id, rule=rule.name, score=rule.score)
    return is_new


def _cash_out(now: datetime) -> Collection[int]:
    """Who bought many coins and wants at least half as many paid out, within a day: a card that is not theirs."""
    since = now - settings.FRAUD_CASH_OUT_WITHIN
    bought = TopUp.objects.filter(created_at__gt=since, created_at__lte=now).values("user").annotate(sum=Sum("coins"))
    most = dict(bought.filter(sum__gte=settings.FRAUD_CASH_OUT_COINS).order_by().values_list("user", "sum"))
    wanted = Payout.objects.filter(user__in=most, requested_at__gt=since).exclude(status=PayoutStatus.REFUSED)
    sums = wanted.values("user").annotate(sum=Sum("coins")).order_by().values_list("user", "sum")
    return {user_id for user_id, coins in sums if coins >= most[user_id] / 2}


def _circle(now: datetime) -> Collection[int]:
    """Who passes coins round, within a week, among accounts of which each shares a device or network with the next."""
    given = _given(now - settings.FRAUD_CIRCLE_WITHIN, now).values("sender", "recipient").annotate(coins=Sum("cost"))
    much = set(given.filter(coins__gte=settings.FRAUD_CIRCLE_COINS).order_by().values_list("sender", "recipient"))
    # Nearly everybody gives to hosts alone: only who is in a circle is looked up.
    places = places_of(in_circles(much))
    among = {gift for gift in much if places.keys() >= set(gift)}
    return in_circles({(sender, recipient) for sender, recipient in among if places[sender] & places[recipient]})


def _newcomer(now: datetime) -> Collection[int]:
    """Whose account is new and gives away very much within a day."""
    given = _given(now - settings.FRAUD_NEWCOMER_WITHIN, now)
    new = given.filter(sender__date_joined__gt=now - settings.FRAUD_NEWCOMER_AGE).values("sender")
    much = new.annotate(coins=Sum("cost")).filter(coins__gte=settings.FRAUD_NEWCOMER_COINS)
    return set(much.order_by().values_list("sender", flat=True))


def _given(since: datetime, until: datetime) -> QuerySet[SentGift]:
    return SentGift.objects.filter(created_at__gt=since, created_at__lte=until, voided_at__isnull=True)


RULES = (
    Rule("top_up_then_payout", 0.8, _cash_out),
    Rule("coins_in_a_circle", 0.7, _circle),
    Rule("newcomer_gives_much", 0.5, _newcomer),
)
