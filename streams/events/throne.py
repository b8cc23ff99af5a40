"""Commands and events of the throne."""

import msgspec

from gateway.events import Command, Delivery, Event, Id, MissedEvent, Since, command, event


@command("throne:claimed", limit="coins", example={"streamId": "7", "cid": "e5f6"})
class ClaimThrone(Command):
    """Sit on the stream's throne, with what you have gifted here."""

    stream_id: Id


@command("throne:watch", needs_connection=True, example={"streamId": "7"})
class WatchThrone(Command):
    """Hear of the throne without being in the stream; with `watch` false, no more.

    With `since`, the answer tells what was missed too, when it is still kept.
    """

    stream_id: Id
    watch: bool = True
    since: Since | None = None


class Reigned(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """Who sat on the throne before, and for how long."""

    user_id: str
    username: str
    reign_seconds: int


class ThroneState(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """A stream's throne: who sits there, or nobody; and what a claim would take."""

    holder: "ThroneHolder | None"
    needed: int


class ThroneWatched(ThroneState, kw_only=True, frozen=True, rename="camel"):
    """The throne as who follows it finds it, and where its room stands."""

    recovered: bool
    events: list[MissedEvent]
    epoch: str
    seq: int


class ThroneHolder(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """Who sits on the throne, since when and until when."""

    throne_id: str
    user_id: str
    username: str
    coins: int
    since: str
    expires_at: str


class TopGifter(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """One of those who gifted most in the stream."""

    user_id: str
    username: str
    coins: int


@event(
    "throne:claimed",
    to="the stream's room and the throne's",
    delivery=Delivery.DURABLE,
    example={
        "userId": "2", "username": "bob", "timestamp": "2026-01-01T12:00:00.000Z", "throneId": "9", "coins": 1200,
        "expiresAt": "2026-01-02T12:00:00.000Z",
        "previous": {"userId": "3", "username": "charlie", "reignSeconds": 640}, "topGift": 1200, "streamId": "7",
    },
)  # fmt: skip
class ThroneClaimed(Event):
    """Somebody sits on the throne now, by a claim, or again because a gift was voided."""

    user_id: str
    username: str
    timestamp: str
    throne_id: str
    coins: int
    expires_at: str
    previous: Reigned | None
    top_gift: int
    stream_id: str


@event(
    "throne:vacated",
    to="the stream's room and the throne's",
    delivery=Delivery.DURABLE,
    example={
        "userId": "2", "username": "bob", "reason": "expired", "reignSeconds": 86400,
        "timestamp": "2026-01-02T12:00:00.000Z", "throneId": "9", "streamId": "7",
    },
)  # fmt: skip
class ThroneVacated(Event):
    """The throne is empty: `reason` is `expired`, `stream_ended` or `voided`."""

    user_id: str
    username: str
    reason: str
    reign_seconds: int
    timestamp: str
    throne_id: str
    stream_id: str
