"""The throne: claims are decided one after the other, under the lock of the throne's row."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import selectors as account_selectors
from gateway.errors import CommandError, ErrorCode
from gateway.events import Event, encode, iso
from gateway.idempotency import Answer, CommandKey, earlier, remember
from gateway.identity import Identity
from gateway.publish import Announcement, publish_many
from streams import selectors
from streams.events.throne import Reigned, ThroneClaimed, ThroneHolder, ThroneState, ThroneVacated
from streams.models import Reign, ReignEnd, Throne
from streams.rooms import stream_room, throne_room
from streams.selectors import StreamCard
from streams.services.totals import hold_streams

_SWEEP = 100


def claim_throne(
    *, claimer: Identity, card: StreamCard, key: CommandKey | None = None, now: datetime | None = None
) -> Answer:
    """Sit on the stream's throne, when what was gifted in this stream is enough.

    Raises:
        CommandError: `access_denied` for the host; `insufficient_coins` when more must be gifted first;
            `not_live`; `invalid_state` for who sits there already; `banned`.
    """
    now = now or timezone.now()
    user_id, stream_id = int(claimer.user_id), int(card.id)
    with transaction.atomic(durable=True):
        live = hold_streams([stream_id])
        throne = _lock(stream_id)
        if key is not None and key in (answered := earlier([key])):
            return answered[key]
        if stream_id not in live:
            raise CommandError(ErrorCode.NOT_LIVE)
        if card.is_host(claimer):
            raise CommandError(ErrorCode.ACCESS_DENIED)
        standing = account_selectors.standing([user_id]).get(user_id)
        if standing is None or not standing.is_welcome:
            raise CommandError(ErrorCode.BANNED)
        holder = _holder(throne, now)
        if holder is not None and holder.user_id == user_id:
            raise CommandError(ErrorCode.INVALID_STATE, "You sit on this throne already")
        needed = selectors.throne_price(stream_id, holder, standing.og_level)
        coins = selectors.total_of(stream_id, user_id)
        if coins < needed:
            raise CommandError(ErrorCode.INSUFFICIENT_COINS, limits={"coins": needed})
        if holder is not None:
            _end([holder], ReignEnd.CLAIMED, now)
        reign = _begin(throne, user_id, coins=coins, needed=needed, previous=holder, now=now)
        event = _claimed(reign, claimer.username, holder, now)
        _tell(stream_id, event)
        answer = Answer(ok=True, body=encode(event).decode())
        if key is not None:
            remember({key: answer})
    return answer


def restore_throne(*, stream_id: int, now: datetime) -> None:
    """Give the throne back when its holder's total, lowered by a void, no longer carries the claim.

    Runs in the caller's transaction, which has locked the throne by `lock_throne` and then lowered the total.
    It falls to the last holder before whose claim still stands and has time left, or to nobody.
    """
    throne = Throne.objects.filter(pk=stream_id).first()
    holder = _holder(throne, now) if throne is not None else None
    if throne is None or holder is None or selectors.total_of(stream_id, holder.user_id) >= holder.needed:
        return
    _end([holder], ReignEnd.VOIDED, now)
    heir = holder.previous
    while heir is not None and not _still_stands(heir, now):
        heir = heir.previous
    if heir is None:
        _tell(stream_id, _vacated(holder, ReignEnd.VOIDED, now))
        return
    reign = _begin(
        throne,
        heir.user_id,
        coins=selectors.total_of(stream_id, heir.user_id),
        needed=heir.needed,
        previous=heir.previous,
        now=now,
        expires_at=heir.expires_at,
    )
    _tell(stream_id, _claimed(reign, heir.user.username, holder, now))


def throne_of(stream_id: int, *, now: datetime | None = None) -> ThroneState:
    """A stream's throne, and what a claim takes of somebody without a tier."""
    now = now or timezone.now()
    reign = selectors.holder_of(stream_id, now)
    holder = None
    if reign is not None:
        holder = ThroneHolder(
            throne_id=str(reign.pk),
            user_id=str(reign.user_id),
            username=reign.user.username,
            coins=selectors.total_of(stream_id, reign.user_id),
            since=iso(reign.began_at),
            expires_at=iso(reign.expires_at),
        )
    return ThroneState(holder=holder, needed=selectors.throne_price(stream_id, reign, 0))


def lock_throne(*, stream_id: int) -> None:
    """Keep claims waiting until the caller's transaction ends."""
    _lock(stream_id)


def expire_reigns(*, now: datetime | None = None) -> int:
    """End the reigns whose time is over; safe to run anywhere and at any time. Returns how many."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        due = Reign.objects.filter(ended_at__isnull=True, expires_at__lte=now).values("throne")
        thrones = Throne.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=due).order_by("pk")
        locked = [throne.pk for throne in thrones[:_SWEEP]]
        reigns = list(
            Reign.objects.filter(throne__in=locked, ended_at__isnull=True, expires_at__lte=now).select_related("user")
        )
        _expire(reigns)
    return len(reigns)


def vacate_throne(*, stream_id: int, now: datetime) -> None:
    """End the reign on the throne of a stream that ends, in the caller's transaction."""
    throne = Throne.objects.select_for_update(no_key=True).filter(pk=stream_id).first()
    holder = _holder(throne, now) if throne is not None else None
    if holder is not None:
        _end([holder], ReignEnd.STREAM_ENDED, now)
        _tell(stream_id, _vacated(holder, ReignEnd.STREAM_ENDED, now))


def _lock(stream_id: int) -> Throne:
    locked = Throne.objects.select_for_update(no_key=True)
    throne = locked.filter(pk=stream_id).first()
    if throne is None:
        Throne.objects.bulk_create([Throne(stream_id=stream_id)], ignore_conflicts=True)
        throne = locked.get(pk=stream_id)
    return throne


def _holder(throne: Throne, now: datetime) -> Reign | None:
    """Who sits on a locked throne; a reign found to be over is ended."""
    reign = throne.reigns.select_related("user", "previous__user").filter(ended_at__isnull=True).first()
    if reign is None or reign.expires_at > now:
        return reign
    _expire([reign])
    return None


def _expire(reigns: Sequence[Reign]) -> None:
    for reign in reigns:
        # It ended on time, however late that was noticed.
        _end([reign], ReignEnd.EXPIRED, reign.expires_at)
        _tell(reign.throne_id, _vacated(reign, ReignEnd.EXPIRED, reign.expires_at))


def _still_stands(reign: Reign, now: datetime) -> bool:
    user = reign.user
    return (
        reign.expires_at > now
        and not user.is_banned
        and user.is_active
        and selectors.total_of(reign.throne_id, reign.user_id) >= reign.needed
    )


def _begin(
    throne: Throne,
    user_id: int,
    *,
    coins: int,
    needed: int,
    previous: Reign | None,
    now: datetime,
    expires_at: datetime | None = None,
) -> Reign:
    return Reign.objects.create(
        throne=throne,
        user_id=user_id,
        coins=coins,
        needed=needed,
        previous=previous,
        began_at=now,
        expires_at=expires_at or now + timedelta(seconds=settings.STREAM_THRONE_SECONDS),
    )


def _end(reigns: Sequence[Reign], end: ReignEnd, now: datetime) -> None:
    for reign in reigns:
        reign.ended_at, reign.end = now, end
        reign.save(update_fields=["ended_at", "end"])


def _claimed(reign: Reign, username: str, previous: Reign | None, now: datetime) -> ThroneClaimed:
    return ThroneClaimed(
        user_id=str(reign.user_id),
        username=username,
        timestamp=iso(now),
        throne_id=str(reign.pk),
        coins=reign.coins,
        expires_at=iso(reign.expires_at),
        previous=_reigned(previous) if previous is not None else None,
        top_gift=selectors.top_total(reign.throne_id),
        stream_id=str(reign.throne_id),
    )


def _reigned(reign: Reign) -> Reigned:
    return Reigned(
        user_id=str(reign.user_id), username=reign.user.username, reign_seconds=selectors.reign_seconds(reign)
    )


def _vacated(reign: Reign, reason: ReignEnd, now: datetime) -> ThroneVacated:
    return ThroneVacated(
        user_id=str(reign.user_id),
        username=reign.user.username,
        reason=reason,
        reign_seconds=selectors.reign_seconds(reign),
        timestamp=iso(now),
        throne_id=str(reign.pk),
        stream_id=str(reign.throne_id),
    )


def _tell(stream_id: int, event: Event) -> None:
    rooms = stream_room(str(stream_id)), throne_room(str(stream_id))
    publish_many([Announcement(room, event) for room in rooms])
