"""Commands and events of battles."""

from typing import Literal

import msgspec

from gateway.events import Command, Delivery, Event, Id, command, event


@command("battle:invite", limit="battle", example={"streamId": "7", "opponentStreamId": "8", "cid": "d3e4"})
class InviteToBattle(Command):
    """Challenge the host of another live stream, as the host of yours. They have a minute to accept."""

    stream_id: Id
    opponent_stream_id: Id


@command("battle:accept", limit="battle", example={"battleId": "3"})
class AcceptBattle(Command):
    """Accept a challenge: the battle starts now."""

    battle_id: Id


@command("battle:decline", limit="battle", example={"battleId": "3"})
class DeclineBattle(Command):
    """Decline a challenge."""

    battle_id: Id


BoostType = Literal["attack", "defense", "special"]


class BattleBoost(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """A boost that works, or waits for its turn, on one side of a battle."""

    stream_id: str
    boost_type: str
    user_id: str
    starts_at: str
    ends_at: str


class BattleScore(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """One side of a battle."""

    stream_id: str
    user_id: str
    username: str
    score: int


class BattleState(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """A battle as it stands. Count down to `endsAt` by `serverTime`, not by the device's clock."""

    id: str
    status: str
    sides: list[BattleScore]
    starts_at: str | None
    ends_at: str | None
    server_time: str
    active_boosts: list[BattleBoost]
    winner: str | None


class BattleAnswer(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """The answer to a command about a battle."""

    battle: BattleState


_SIDES = [
    {"streamId": "7", "userId": "1", "username": "alice", "score": 120},
    {"streamId": "8", "userId": "3", "username": "charlie", "score": 80},
]
_BATTLE = {
    "id": "3", "status": "running", "sides": _SIDES, "startsAt": "2026-01-01T12:00:00.000Z",
    "endsAt": "2026-01-01T12:05:00.000Z", "serverTime": "2026-01-01T12:01:00.000Z", "activeBoosts": [], "winner": None,
}  # fmt: skip


@event(
    "battle:invited",
    to="the challenged host",
    delivery=Delivery.DURABLE,
    example={
        "battleId": "3", "userId": "1", "username": "alice", "streamId": "7", "opponentStreamId": "8",
        "answerBy": "2026-01-01T12:01:00.000Z", "timestamp": "2026-01-01T12:00:00.000Z",
    },
)  # fmt: skip
class BattleInvited(Event):
    """Somebody challenges you."""

    battle_id: str
    user_id: str
    username: str
    stream_id: str
    opponent_stream_id: str
    answer_by: str
    timestamp: str


@event(
    "battle:declined",
    to="the host who challenged",
    delivery=Delivery.DURABLE,
    example={"battleId": "3", "reason": "declined", "timestamp": "2026-01-01T12:00:30.000Z"},
)
class BattleDeclined(Event):
    """The challenge came to nothing: `reason` is `declined` or `expired`."""

    battle_id: str
    reason: str
    timestamp: str


@event(
    "battle:started",
    to="the rooms of both streams",
    delivery=Delivery.DURABLE,
    example={"battle": _BATTLE, "timestamp": "2026-01-01T12:00:00.000Z"},
)
class BattleStarted(Event):
    """A battle begins."""

    battle: BattleState
    timestamp: str


@event(
    "battle:score",
    to="the rooms of both streams, at most once a second, when the score changed",
    delivery=Delivery.LATEST,
    example={"battle": _BATTLE, "timestamp": "2026-01-01T12:01:00.000Z"},
)
class BattleScored(Event):
    """The battle as it stands."""

    battle: BattleState
    timestamp: str


@event(
    "battle:boost",
    to="the rooms of both streams, or the one stream's without a battle",
    delivery=Delivery.DURABLE,
    example={
        "userId": "2", "username": "bob", "boostType": "attack", "boostAmount": 40,
        "timestamp": "2026-01-01T12:01:00.000Z", "battle": _BATTLE, "streamId": "7",
    },
)  # fmt: skip
class BattleBoosted(Event):
    """Somebody paid for a boost of the stream's side; `battle` is `null` when there is none."""

    user_id: str
    username: str
    boost_type: str
    boost_amount: int
    timestamp: str
    battle: BattleState | None
    stream_id: str


@event(
    "battle:ended",
    to="the rooms of both streams, once",
    delivery=Delivery.DURABLE,
    example={
        "battle": {**_BATTLE, "status": "ended", "winner": "7"}, "timestamp": "2026-01-01T12:05:00.000Z",
    },
)  # fmt: skip
class BattleEnded(Event):
    """The result. Of two equal scores the one that was reached first wins; `winner` is `null` when nobody scored."""

    battle: BattleState
    timestamp: str
