"""What may be done with OG tiers: progress by gifts, memberships that begin and end, and which bonuses are due.

Coins are moved by gifts, which calls these in its transactions, with the users' wallets locked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Greatest, TruncDate
from django.utils import timezone

from accounts import services as account_services
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.publish import Announcement, publish_many
from gateway.rooms import Room, user_room
from og import selectors
from og.events import OgChanged, TierCard
from og.models import DailyBonus, Membership, MembershipEnd, Progress, Tier
from og.selectors import Quote
from streams import whereabouts
from streams.rooms import stream_room

_SWEEP = 100


@dataclass(frozen=True, slots=True)
class Bonus:
    """A day's bonus that is to be paid now."""

    user_id: int
    day: date
    coins: int


def add_progress(coins: Mapping[int, int]) -> None:
    """Add what users have gifted, by user, in the caller's transaction; one query."""
    rows = sorted(coins.items())
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO og_progress AS p (user_id, coins) SELECT * FROM unnest(%s::bigint[], %s::bigint[])
            ON CONFLICT (user_id) DO UPDATE SET coins = p.coins + excluded.coins
            """,
            [[user_id for user_id, _ in rows], [more for _, more in rows]],
        )


def take_progress(*, user_id: int, coins: int) -> None:
    """Take back what a voided gift had added, in the caller's transaction."""
    Progress.objects.filter(user=user_id).update(coins=Greatest(F("coins") - coins, 0))


# --- Memberships ----------------------------------------------------------------------------------


def lock_quote(*, user_id: int, level: int, now: datetime) -> Quote:
    """What a tier costs the user now, with the tier they have locked until the caller's transaction ends.

    Raises:
        CommandError: `not_found` for an unknown tier; `invalid_state` for one below the one they have.
    """
    memberships = Membership.objects.select_for_update(no_key=True, of=("self",)).select_related("tier", "user")
    current = memberships.filter(user=user_id, ended_at__isnull=True).first()
    if current is not None and current.expires_at <= now:
        _end(current, MembershipEnd.EXPIRED, current.expires_at)
        current = None
    return selectors.quote(level, current, now)


def begin_membership(*, user_id: int, username: str, quote: Quote, streams: Sequence[str], now: datetime) -> Membership:
    """Give the user what was quoted and paid, in the caller's transaction, and announce it.

    Args:
        streams: the streams the user is in, read before the transaction.
    """
    tier, current = quote.tier, quote.current
    old_level = current.tier_id if current is not None else 0
    if current is not None and quote.is_renewal:
        current.price += tier.price
        current.days += tier.days
        current.daily_bonus = max(current.daily_bonus, daily_bonus(tier))
        current.expires_at += timedelta(days=tier.days)
        current.save(update_fields=["price", "days", "daily_bonus", "expires_at"])
        _tell(user_id, username, old_level, tier, current.expires_at, "renewed", streams, now)
        return current
    if current is not None:
        _end(current, MembershipEnd.UPGRADED, now)
    membership = Membership.objects.create(
        user_id=user_id,
        tier=tier,
        price=tier.price,
        days=tier.days,
        daily_bonus=daily_bonus(tier),
        starts_at=now,
        expires_at=now + timedelta(days=tier.days),
        bonus_through=_day(now),
    )
    account_services.set_og_level(user_id=user_id, level=tier.level)
    reason = "upgraded" if current is not None else "bought"
    _tell(user_id, username, old_level, tier, membership.expires_at, reason, streams, now)
    return membership


def expire_memberships(*, now: datetime | None = None) -> int:
    """End the memberships whose time is over, and announce it; safe to run anywhere. Returns how many."""
    now = now or timezone.now()
    due = Membership.objects.filter(ended_at__isnull=True, expires_at__lte=now).order_by("id")
    streams = whereabouts.streams_of(due.values_list("user", flat=True)[:_SWEEP])
    with transaction.atomic(durable=True):
        locked = due.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related("user")
        expired = list(locked.filter(user__in=list(streams)))
        for membership in expired:
            _lose(membership, MembershipEnd.EXPIRED, membership.expires_at, streams[membership.user_id])
    return len(expired)


def revoke_membership(*, membership_id: int, now: datetime | None = None) -> None:
    """Take a tier away, as staff may; nothing is paid back.

    Raises:
        CommandError: `invalid_state` when it is over already.
    """
    now = now or timezone.now()
    owner = Membership.objects.get(pk=membership_id).user_id
    streams = whereabouts.streams_of([owner])[owner]
    with transaction.atomic(durable=True):
        locked = Membership.objects.select_for_update(no_key=True, of=("self",)).select_related("user")
        membership = locked.get(pk=membership_id)
        if membership.ended_at is not None:
            raise CommandError(ErrorCode.INVALID_STATE)
        _lose(membership, MembershipEnd.REVOKED, now, streams)


def daily_bonus(tier: Tier) -> int:
    """The bonus a tier's day brings."""
    return tier.price * settings.OG_BONUS_PERCENT // 100 // tier.days


# --- Daily bonuses --------------------------------------------------------------------------------


def members_with_bonus_due(*, now: datetime, limit: int) -> list[int]:
    """Users to whom days of a membership, over or not, are owed; those come back until `take_bonuses` took them."""
    return list(_owing(_day(now)).order_by("id").values_list("user", flat=True)[:limit])


def take_bonuses(*, user_ids: Sequence[int], now: datetime) -> list[Bonus]:
    """Note the days owed to users as paid, in the caller's transaction, which pays what is returned.

    A membership owes each day after the one it began, as many as it has, whether or not anybody was there to pay
    them. A day is noted once a user, so that none is paid twice.
    """
    today = _day(now)
    owing = _owing(today).filter(user__in=user_ids)
    memberships = Membership.objects.select_for_update(no_key=True).filter(pk__in=owing.values("pk")).order_by("id")
    owed = [bonus for membership in memberships for bonus in _owed(membership, today, now)]
    for membership in memberships:
        membership.bonus_through = min(today, _last_day(membership))
        membership.save(update_fields=["bonus_through"])
    return _note(owed)


def _note(owed: Sequence[DailyBonus]) -> list[Bonus]:
    """Write days that were not written before; returns those."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO og_dailybonus (user_id, membership_id, day, coins, paid_at)
            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::integer[], %s::timestamptz[])
            ON CONFLICT (user_id, day) DO NOTHING RETURNING user_id, day, coins
            """,
            [
                [bonus.user_id for bonus in owed],
                [bonus.membership_id for bonus in owed],
                [bonus.day for bonus in owed],
                [bonus.coins for bonus in owed],
                [bonus.paid_at for bonus in owed],
            ],
        )
        return [Bonus(user_id, day, coins) for user_id, day, coins in cursor.fetchall()]


def _owed(membership: Membership, today: date, now: datetime) -> list[DailyBonus]:
    days = (min(today, _last_day(membership)) - membership.bonus_through).days
    return [
        DailyBonus(
            user_id=membership.user_id,
            membership=membership,
            day=membership.bonus_through + timedelta(days=number),
            coins=membership.daily_bonus,
            paid_at=now,
        )
        for number in range(1, days + 1)
    ]


def _owing(today: date) -> QuerySet[Membership]:
    last = TruncDate(Coalesce("ended_at", "expires_at"), tzinfo=UTC)
    return Membership.objects.filter(bonus_through__lt=today).alias(last=last).filter(bonus_through__lt=F("last"))


def _last_day(membership: Membership) -> date:
    return _day(membership.ended_at or membership.expires_at)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


# --- Ends and announcements -----------------------------------------------------------------------


def _end(membership: Membership, end: MembershipEnd, moment: datetime) -> None:
    membership.ended_at, membership.end = moment, end
    membership.save(update_fields=["ended_at", "end"])


def _lose(membership: Membership, end: MembershipEnd, moment: datetime, streams: Sequence[str]) -> None:
    _end(membership, end, moment)
    account_services.set_og_level(user_id=membership.user_id, level=0)
    _tell(membership.user_id, membership.user.username, membership.tier_id, None, None, end, streams, moment)


def _tell(
    user_id: int,
    username: str,
    old_level: int,
    tier: Tier | None,
    expires_at: datetime | None,
    reason: str,
    streams: Sequence[str],
    now: datetime,
) -> None:
    card = TierCard(level=tier.level, name=tier.name, perks=tier.perks, badge=tier.badge) if tier else None
    rooms: list[tuple[Room, str | None]] = [(user_room(str(user_id)), None)]
    rooms += [(stream_room(stream_id), stream_id) for stream_id in streams]
    publish_many(
        Announcement(
            room,
            OgChanged(
                user_id=str(user_id),
                username=username,
                old_level=old_level,
                new_level=tier.level if tier else 0,
                timestamp=iso(now),
                tier=card,
                expires_at=iso(expires_at) if expires_at else None,
                reason=reason,
                stream_id=stream_id,
            ),
        )
        for room, stream_id in rooms
    )
