"""Commands and events of moderation."""

from typing import Annotated

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
    to="the author of a stopped message, alone",
    delivery=Delivery.DURABLE,
    example={
        "message": "Your message was not sent: it breaks the rules of this chat.", "type": "content_moderation",
        "score": 0.72, "warningId": "5", "categories": ["profanity"], "action": "stop", "until": None,
        "appealable": True, "mustAcknowledge": False, "streamId": "7",
    },
)  # fmt: skip
class ContentWarning(Event):
    """A message was stopped. `until` says how long the author is muted, when they are."""

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
