"""Challenges to a battle: invite, accept, decline, and what happens when nobody answers."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from gateway.errors import CommandError, ErrorCode
from gateway.events import encode, iso
from gateway.idempotency import Answer, CommandKey, earlier, remember
from gateway.identity import Identity
from gateway.publish import Announcement, publish, publish_many
from gateway.rooms import user_room
from streams.events.battle import BattleAnswer, BattleDeclined, BattleInvited, BattleStarted
from streams.models import Battle, BattleSide, BattleStatus
from streams.rooms import stream_room
from streams.selectors import StreamCard
from streams.services import battles
from streams.services.totals import hold_streams

_SWEEP = 100


def invite_to_battle(
    *,
    host: Identity,
    card: StreamCard,
    opponent: StreamCard,
    key: CommandKey | None = None,
    now: datetime | None = None,
) -> Answer:
    """Challenge the host of another stream.

    Raises:
        CommandError: `access_denied` for anybody but the host; `not_live`; `invalid_state` when either is in
            a battle, an answer is awaited, or the two have just fought.
    """
    now = now or timezone.now()
    if not card.is_host(host) or opponent.host_id == card.host_id:
        raise CommandError(ErrorCode.ACCESS_DENIED)
    pair = [int(card.id), int(opponent.id)]
    with transaction.atomic(durable=True):
        if len(hold_streams(pair)) < 2:
            raise CommandError(ErrorCode.NOT_LIVE)
        if key is not None and key in (answered := earlier([key])):
            return answered[key]
        _require_free(pair, now)
        _require_rested(card, opponent, now)
        battle = Battle.objects.create(
            invited_at=now, answer_by=now + timedelta(seconds=settings.STREAM_BATTLE_ANSWER_SECONDS)
        )
        BattleSide.objects.bulk_create(
            BattleSide(battle=battle, number=number, stream_id=stream_id) for number, stream_id in enumerate(pair)
        )
        publish(user_room(opponent.host_id), _invited(battle))
        answer = Answer(ok=True, body=encode(BattleAnswer(battle=battles.describe(battle, now))).decode())
        if key is not None:
            remember({key: answer})
    return answer


def accept_battle(*, host: Identity, battle_id: str, now: datetime | None = None) -> Answer:
    """Accept a challenge as the challenged host: the battle begins. Accepting again changes nothing.

    Raises:
        CommandError: `not_found` unless the user is the challenged host; `invalid_state` when it was declined,
            has expired, or either side is in a battle by now; `not_live`.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        battle, sides, live = _access(host, battle_id)
        if battle.status == BattleStatus.RUNNING:
            return _answer(battle, now)
        if battle.status != BattleStatus.INVITED or battle.answer_by <= now:
            raise CommandError(ErrorCode.INVALID_STATE)
        if len(live) < 2:
            raise CommandError(ErrorCode.NOT_LIVE)
        battle.status = BattleStatus.RUNNING
        battle.started_at = now
        battle.ends_at = now + timedelta(seconds=settings.STREAM_BATTLE_SECONDS)
        battle.save(update_fields=["status", "started_at", "ends_at"])
        try:
            with transaction.atomic():
                # In the order of streams, so that two battles that begin at once cannot wait for each other.
                for side in sorted(sides, key=lambda side: side.stream_id):
                    side.is_running = True
                    side.save(update_fields=["is_running"])
        except IntegrityError as error:
            raise CommandError(ErrorCode.INVALID_STATE, "One of the streams is in a battle already") from error
        event = BattleStarted(battle=battles.describe(battle, now), timestamp=iso(now))
        publish_many([Announcement(stream_room(str(side.stream_id)), event) for side in sides])
    return _answer(battle, now)


def decline_battle(*, host: Identity, battle_id: str, now: datetime | None = None) -> Answer:
    """Decline a challenge as the challenged host. Declining again changes nothing.

    Raises:
        CommandError: `not_found` unless the user is the challenged host; `invalid_state` when it has begun.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        battle, _, _ = _access(host, battle_id)
        if battle.status not in (BattleStatus.INVITED, BattleStatus.DECLINED):
            raise CommandError(ErrorCode.INVALID_STATE)
        if battle.status == BattleStatus.INVITED:
            _give_up(battle, BattleStatus.DECLINED, now)
    return _answer(battle, now)


def expire_challenges(*, now: datetime | None = None) -> int:
    """End the challenges nobody answered in time; safe to run anywhere and at any time. Returns how many."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        due = Battle.objects.select_for_update(no_key=True, skip_locked=True).filter(
            status=BattleStatus.INVITED, answer_by__lte=now
        )
        expired = list(due.order_by("id")[:_SWEEP])
        for battle in expired:
            _give_up(battle, BattleStatus.EXPIRED, now)
    return len(expired)


def challenge_to(stream_id: int, *, now: datetime) -> BattleInvited | None:
    """The newest challenge the stream's host may answer."""
    open_battles = Battle.objects.filter(status=BattleStatus.INVITED, answer_by__gt=now)
    battle = open_battles.filter(sides__stream=stream_id, sides__number=1).order_by("-id").first()
    return _invited(battle) if battle is not None else None


def _require_free(pair: list[int], now: datetime) -> None:
    sides = BattleSide.objects.filter(stream_id__in=pair)
    if sides.filter(is_running=True).exists():
        raise CommandError(ErrorCode.INVALID_STATE, "One of the streams is in a battle already")
    open_sides = sides.filter(battle__status=BattleStatus.INVITED, battle__answer_by__gt=now)
    if open_sides.filter(stream_id=pair[0]).exists():
        raise CommandError(ErrorCode.INVALID_STATE, "A challenge waits for its answer")


def _require_rested(card: StreamCard, opponent: StreamCard, now: datetime) -> None:
    since = now - timedelta(seconds=settings.STREAM_BATTLE_REMATCH_SECONDS)
    recent = Battle.objects.filter(status=BattleStatus.ENDED, ends_at__gt=since)
    if recent.filter(sides__stream__host=int(card.host_id)).filter(sides__stream__host=int(opponent.host_id)).exists():
        raise CommandError(ErrorCode.INVALID_STATE, "You have just fought each other")


def _access(host: Identity, battle_id: str) -> tuple[Battle, list[BattleSide], set[int]]:
    """The battle, locked, for the challenged host alone; its sides; and which of their streams are live and stay so."""
    sides = list(BattleSide.objects.filter(battle=int(battle_id)).select_related("stream").order_by("number"))
    if len(sides) < 2 or str(sides[1].stream.host_id) != host.user_id:
        raise CommandError(ErrorCode.NOT_FOUND)
    live = hold_streams(side.stream_id for side in sides)
    return Battle.objects.select_for_update(no_key=True).get(pk=battle_id), sides, live


def _give_up(battle: Battle, status: BattleStatus, now: datetime) -> None:
    battle.status = status
    battle.save(update_fields=["status"])
    challenger = BattleSide.objects.select_related("stream").get(battle=battle, number=0)
    event = BattleDeclined(battle_id=str(battle.pk), reason=status, timestamp=iso(now))
    publish(user_room(str(challenger.stream.host_id)), event)


def _answer(battle: Battle, now: datetime) -> Answer:
    return Answer(ok=True, body=encode(BattleAnswer(battle=battles.describe(battle, now))).decode())


def _invited(battle: Battle) -> BattleInvited:
    challenger, challenged = battle.sides.select_related("stream__host")
    return BattleInvited(
        battle_id=str(battle.pk),
        user_id=str(challenger.stream.host_id),
        username=challenger.stream.host.username,
        stream_id=str(challenger.stream_id),
        opponent_stream_id=str(challenged.stream_id),
        answer_by=iso(battle.answer_by),
        timestamp=iso(battle.invited_at),
    )
