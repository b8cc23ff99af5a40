"""Battles that run: points, boosts, and the result at the deadline, whoever notices it first.

A battle's row is locked before anything of it changes. Time is the server's: what comes after `ends_at`
counts for nothing, and finds the battle finished.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from gateway.errors import CommandError, ErrorCode
from gateway.events import Event, iso
from gateway.publish import Announcement, publish_many
from streams import metrics
from streams.events.battle import (
    BattleBoost,
    BattleBoosted,
    BattleEnded,
    BattleScore,
    BattleScored,
    BattleState,
    BoostType,
)
from streams.models import Battle, BattleEffect, BattlePoints, BattleSide, BattleStatus, Stream
from streams.rooms import stream_room

_SWEEP = 100


@dataclass(frozen=True, slots=True)
class Running:
    """A locked battle that goes on."""

    battle: Battle
    sides: dict[int, BattleSide]
    effects: list[BattleEffect]

    def working(self, side: BattleSide, kind: str, now: datetime) -> bool:
        """Whether a boost of this kind works on the side now."""
        return any(
            effect.side_id == side.pk and effect.kind == kind and effect.starts_at <= now < effect.ends_at
            for effect in self.effects
        )

    def worth(self, side: BattleSide, coins: int, now: datetime) -> int:
        """The points the side gains with these coins now."""
        other = next(each for each in self.sides.values() if each.pk != side.pk)
        points = coins * 2 if self.working(side, "special", now) else coins
        return points // 2 if self.working(other, "defense", now) else points


@dataclass(frozen=True, slots=True)
class Gain:
    """Coins somebody gave for a stream. `source` names them, such as `gift:31`."""

    stream_id: int
    user_id: int
    source: str
    coins: int


def lock_running(stream_ids: Iterable[int], *, now: datetime) -> dict[int, Running]:
    """The battles the streams are in, by stream, locked until the caller's transaction ends; one query when none is.

    A battle found to be over is finished.
    """
    sides = BattleSide.objects.filter(stream_id__in=set(stream_ids), is_running=True)
    ids = set(sides.values_list("battle_id", flat=True))
    running: dict[int, Running] = {}
    if ids:
        for battle in _locked().filter(pk__in=ids):
            if battle.ends_at is not None and battle.ends_at <= now:
                _finish(battle)
                continue
            found = _load(battle)
            running |= dict.fromkeys(found.sides, found)
    return running


def gain(running: Mapping[int, Running], gains: Sequence[Gain], *, now: datetime) -> None:
    """Give the sides of battles their points, in the caller's transaction; streams in no battle gain nothing."""
    counted = [each for each in gains if each.stream_id in running]
    if not counted:
        return
    points = []
    for each in counted:
        battle = running[each.stream_id]
        side = battle.sides[each.stream_id]
        worth = battle.worth(side, each.coins, now)
        if worth:
            side.score += worth
            side.reached_at = now
        points.append(
            BattlePoints(side=side, user_id=each.user_id, source=each.source, coins=each.coins, points=worth, at=now)
        )
    BattlePoints.objects.bulk_create(points)
    changed = {running[each.stream_id].sides[each.stream_id] for each in counted}
    BattleSide.objects.bulk_update(sorted(changed, key=lambda side: side.pk), ["score", "reached_at"])
    _mark(running[each.stream_id].battle.pk for each in counted)


def void_points(*, source: str, now: datetime) -> None:
    """Take a voided gift's points out of a battle that still runs, in the caller's transaction."""
    entry = BattlePoints.objects.filter(source=source, is_void=False).select_related("side").first()
    if entry is None:
        return
    running = lock_running([entry.side.stream_id], now=now).get(entry.side.stream_id)
    if running is None or running.battle.pk != entry.side.battle_id:
        return
    BattlePoints.objects.filter(pk=entry.pk).update(is_void=True)
    side = running.sides[entry.side.stream_id]
    left = list(BattlePoints.objects.filter(side=side, is_void=False, points__gt=0).order_by("id"))
    side.score = sum(each.points for each in left)
    side.reached_at = left[-1].at if left else None
    side.save(update_fields=["score", "reached_at"])
    _mark([running.battle.pk])


def require_boost(running: Running | None, *, stream_id: int, kind: BoostType, now: datetime) -> None:
    """Check that a boost would do something, before it is paid.

    Raises:
        CommandError: `invalid_state` when as many of its kind as are allowed work and wait already, or its turn
            would come after the end.
    """
    if running is None or kind == "attack":
        return
    side = running.sides[stream_id]
    queue = _queue(running, side, kind, now)
    if len(queue) >= settings.STREAM_BOOST_QUEUE:
        raise CommandError(ErrorCode.INVALID_STATE, "No more boosts of this kind fit")
    assert running.battle.ends_at is not None
    if queue and queue[-1].ends_at >= running.battle.ends_at:
        raise CommandError(ErrorCode.INVALID_STATE, "The battle ends before this boost's turn")


def boost(
    running: Running | None,
    *,
    stream_id: int,
    user_id: int,
    username: str,
    kind: BoostType,
    coins: int,
    source: str,
    now: datetime,
) -> BattleState | None:
    """Let a boost that was paid work, in the caller's transaction, and announce it. Without a battle it engages."""
    if running is None:
        Stream.objects.filter(pk=stream_id).update(engagement=F("engagement") + coins)
        transaction.on_commit(lambda: metrics.mark([str(stream_id)]))
    elif kind == "attack":
        gain({stream_id: running}, [Gain(stream_id, user_id, source, coins)], now=now)
    else:
        _add_effect(running, running.sides[stream_id], user_id, kind, coins, now)
    battle = state(running.battle, list(running.sides.values()), running.effects, now) if running else None
    event = BattleBoosted(
        user_id=str(user_id),
        username=username,
        boost_type=kind,
        boost_amount=coins,
        timestamp=iso(now),
        battle=battle,
        stream_id=str(stream_id),
    )
    _tell(sorted(running.sides) if running else [stream_id], event)
    return battle


def finish_due(*, now: datetime | None = None) -> int:
    """Finish the battles whose time is over; safe to run anywhere and at any time. Returns how many."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        due = _locked(skip_locked=True).filter(ends_at__lte=now)
        battles = list(due[:_SWEEP])
        for battle in battles:
            _finish(battle)
    return len(battles)


def finish_battle_of(*, stream_id: int, now: datetime) -> None:
    """End the battle a stream is in at once, in the caller's transaction, as when the stream ends."""
    for running in lock_running([stream_id], now=now).values():
        if stream_id in running.sides:
            running.battle.ends_at = now
            running.battle.save(update_fields=["ends_at"])
            _finish(running.battle)
            return


def announce_scores(*, battle_id: int) -> None:
    """Tell both rooms how the battle stands."""
    battle = Battle.objects.filter(pk=battle_id, status=BattleStatus.RUNNING).first()
    if battle is not None:
        now = timezone.now()
        _tell(sorted(_load(battle).sides), BattleScored(battle=describe(battle, now), timestamp=iso(now)))


def battle_of(stream_id: int, *, now: datetime | None = None) -> BattleState | None:
    """The battle the stream is in, for those who join late."""
    now = now or timezone.now()
    side = BattleSide.objects.filter(stream_id=stream_id, is_running=True).select_related("battle").first()
    return describe(side.battle, now) if side is not None else None


def describe(battle: Battle, now: datetime) -> BattleState:
    """The battle as clients see it."""
    running = _load(battle)
    return state(battle, list(running.sides.values()), running.effects, now)


def state(battle: Battle, sides: Sequence[BattleSide], effects: Sequence[BattleEffect], now: datetime) -> BattleState:
    """The battle as clients see it, from what is loaded; sides have their streams and hosts."""
    streams = {side.pk: str(side.stream_id) for side in sides}
    return BattleState(
        id=str(battle.pk),
        status=battle.status,
        sides=[
            BattleScore(
                stream_id=str(side.stream_id),
                user_id=str(side.stream.host_id),
                username=side.stream.host.username,
                score=side.score,
            )
            for side in sorted(sides, key=lambda side: side.number)
        ],
        starts_at=iso(battle.started_at) if battle.started_at else None,
        ends_at=iso(battle.ends_at) if battle.ends_at else None,
        server_time=iso(now),
        active_boosts=[
            BattleBoost(
                stream_id=streams[effect.side_id],
                boost_type=effect.kind,
                user_id=str(effect.user_id),
                starts_at=iso(effect.starts_at),
                ends_at=iso(effect.ends_at),
            )
            for effect in effects
            if effect.ends_at > now
        ],
        winner=next((str(side.stream_id) for side in sides if side.number == battle.winner), None),
    )


def _locked(*, skip_locked: bool = False) -> QuerySet[Battle]:
    return (
        Battle.objects.select_for_update(no_key=True, skip_locked=skip_locked)
        .filter(status=BattleStatus.RUNNING)
        .order_by("id")
    )


def _load(battle: Battle) -> Running:
    sides = BattleSide.objects.filter(battle=battle).select_related("stream__host").order_by("number")
    effects = BattleEffect.objects.filter(side__battle=battle).order_by("id")
    return Running(battle, {side.stream_id: side for side in sides}, list(effects))


def _finish(battle: Battle) -> None:
    """Write and announce the result of a locked battle whose time is over."""
    assert battle.ends_at is not None
    running = _load(battle)
    sides = list(running.sides.values())
    battle.status = BattleStatus.ENDED
    battle.winner = _winner(sides)
    battle.save(update_fields=["status", "winner"])
    BattleSide.objects.filter(battle=battle).update(is_running=False)
    event = BattleEnded(battle=state(battle, sides, [], battle.ends_at), timestamp=iso(battle.ends_at))
    _tell(sorted(running.sides), event)


def _winner(sides: Sequence[BattleSide]) -> int | None:
    scored = [side for side in sides if side.score]
    best = max((side.score for side in scored), default=0)
    first = sorted((side.reached_at, side.number) for side in scored if side.score == best and side.reached_at)
    return first[0][1] if first else None


def _queue(running: Running, side: BattleSide, kind: str, now: datetime) -> list[BattleEffect]:
    effects = [each for each in running.effects if each.side_id == side.pk and each.kind == kind]
    return sorted((each for each in effects if each.ends_at > now), key=lambda each: each.ends_at)


def _add_effect(running: Running, side: BattleSide, user_id: int, kind: str, coins: int, now: datetime) -> None:
    queue = _queue(running, side, kind, now)
    starts_at = queue[-1].ends_at if queue else now
    effect = BattleEffect.objects.create(
        side=side,
        user_id=user_id,
        kind=kind,
        coins=coins,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(seconds=settings.STREAM_BOOST_SECONDS[kind]),
    )
    running.effects.append(effect)


def _tell(stream_ids: Iterable[int], event: Event) -> None:
    publish_many([Announcement(stream_room(str(stream_id)), event) for stream_id in stream_ids])


def _mark(battle_ids: Iterable[int]) -> None:
    ids = set(battle_ids)
    transaction.on_commit(lambda: metrics.mark_battles(ids))
