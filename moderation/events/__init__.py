"""Commands and events of moderation."""

from typing import Annotated, Literal

import msgspec

from gateway.events import Command, Delivery, Event, Id, command, event


@command(
    "ai:warning", example={"streamId": "7", "warningType": "spoilers", "message": "No spoilers before Friday, please."}
)
class WarnRoom(Command):
    """A notice to the whole room, from its host or a moderator."""

    stream_id: Id
    warning_type: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[\w.-]+$")]
    message: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


@event(
    "ai:warning",
    to="the author of a message that was stopped or taken back, alone",
    delivery=Delivery.DURABLE,
    example={
        "message": "Your message was not sent: it breaks the rules of this chat.", "type": "content_moderation",
        "score": 0.72, "warningId": "5", "categories": ["profanity"], "action": "stop", "until": None,
        "appealable": True, "mustAcknowledge": False, "streamId": "7",
    },
)  # fmt: skip
class ContentWarning(Event):
    """A message was stopped, or is taken back. `until` says how long the author is muted, when they are."""

    message: str
    type: str
    score: float
    warning_id: str
    categories: list[str]
    action: str
    until: str | None
    appealable: bool
    must_acknowledge: bool
    stream_id: str


@event(
    "ai:warning",
    to="the room, from its host or a moderator",
    delivery=Delivery.DURABLE,
    example={
        "userId": "1", "username": "alice", "warningType": "spoilers", "message": "No spoilers before Friday, please.",
        "timestamp": "2026-01-01T12:00:00.000Z", "streamId": "7",
    },
)  # fmt: skip
class RoomWarning(Event):
    """A notice to the whole room."""

    user_id: str
    username: str
    warning_type: str
    message: str
    timestamp: str
    stream_id: str


# --- Sanctions ------------------------------------------------------------------------------------


@command(
    "sanction:issue",
    example={"userId": "3", "rung": "timeout", "reason": "Spoilers again.", "streamId": "7", "seconds": 600},
)
class IssueSanction(Command):
    """Sanction a user: in a stream, by its host, a channel moderator or a moderator; everywhere, by a moderator.

    Attributes:
        rung: how hard; devices and addresses are banned in the admin alone.
        seconds: how long; until it is lifted when left out, but for a timeout, which lasts ten minutes.
        purge: whether what the user wrote there is taken back.
    """

    user_id: Id
    rung: Literal["warning", "timeout", "shadow_ban", "ban"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    stream_id: Id | None = None
    seconds: Annotated[int, msgspec.Meta(ge=1)] | None = None
    purge: bool = False


@command("sanction:lift", example={"sanctionId": "5", "reason": "It was a misunderstanding."})
class LiftSanction(Command):
    """End a sanction before its time; for those who might have issued it."""

    sanction_id: Id
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


@command("sanction:acknowledge", example={"sanctionId": "5"})
class AcknowledgeSanction(Command):
    """The user has read a warning, and may write again."""

    sanction_id: Id


@command("sanction:appeal", example={"sanctionId": "5", "text": "That was a quote from the film."})
class AppealSanction(Command):
    """Say something against a sanction, once; a moderator decides. The banned use `POST /api/moderation/appeals/`."""

    sanction_id: Id
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


@event(
    "sanction:issued",
    to="the sanctioned, alone; nobody is told of a shadow ban",
    delivery=Delivery.DURABLE,
    example={
        "sanctionId": "5", "rung": "timeout", "reason": "Spoilers again.", "streamId": "7",
        "until": "2026-01-01T12:10:00.000Z", "mustAcknowledge": False, "appealable": True,
        "timestamp": "2026-01-01T12:00:00.000Z",
    },
)  # fmt: skip
class SanctionIssued(Event):
    """The user was sanctioned. Sockets of a user banned everywhere are closed with 4101 right after.

    Attributes:
        rung: `warning`, `timeout`, `ban` or `device_ban`.
        stream_id: where; everywhere when null.
        until: when it runs out; null when it holds until it is lifted.
        must_acknowledge: whether `sanction:acknowledge` is due before the next message.
    """

    sanction_id: str
    rung: str
    reason: str
    stream_id: str | None
    until: str | None
    must_acknowledge: bool
    appealable: bool
    timestamp: str


@event(
    "sanction:lifted",
    to="the sanctioned, alone",
    delivery=Delivery.DURABLE,
    example={"sanctionId": "5", "rung": "timeout", "streamId": "7"},
)
class SanctionLifted(Event):
    """A sanction ended before its time. One that runs out ends without an event: `until` told when."""

    sanction_id: str
    rung: str
    stream_id: str | None


@event(
    "sanction:appeal_decided",
    to="the sanctioned, alone",
    delivery=Delivery.DURABLE,
    example={"sanctionId": "5", "outcome": "upheld"},
)
class AppealDecided(Event):
    """An appeal was decided: `upheld` when the sanction stays, `lifted` when it ends."""

    sanction_id: str
    outcome: str
