"""Commands and the event of how a stream's chat behaves."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from gateway.events import Command, Delivery, Event, Id, command, event, iso
from streams.chat_settings import ChatSettings

Minutes = Annotated[int, msgspec.Meta(ge=1, le=1440)]


@command("chat:settings", example={"streamId": "7", "slowModeSeconds": 10, "linksAllowed": False})
class SetChat(Command):
    """Change how the chat of a stream behaves, as one who moderates it. What is left out stays as it is.

    Attributes:
        slow_mode_seconds: the time between two messages of a viewer; 0 for none.
        og_only_level: the OG level one needs to write; 0 for none.
        emoji_only: whether messages hold emoji alone.
        unique_messages: whether nobody may say what somebody has just said.
        chat_delay_seconds: how long only those who moderate see a message.
        links_allowed: whether messages may have links.
    """

    stream_id: Id
    slow_mode_seconds: Annotated[int, msgspec.Meta(ge=0, le=120)] | None = None
    og_only_level: Annotated[int, msgspec.Meta(ge=0, le=5)] | None = None
    emoji_only: bool | None = None
    unique_messages: bool | None = None
    chat_delay_seconds: Literal[0, 2, 4, 6] | None = None
    links_allowed: bool | None = None


@command("chat:shield", example={"streamId": "7", "on": True, "minutes": 15})
class Shield(Command):
    """Tighten all settings of the chat for some minutes, or end that; then all is as it was set.

    Attributes:
        on: whether the shield is raised, or lowered.
        minutes: for how long; raised again, it counts from now.
    """

    stream_id: Id
    on: bool
    minutes: Minutes = 15


class ChatRules(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """How a stream's chat behaves now.

    Attributes:
        slow_mode_seconds: the time between two messages of a viewer; 0 for none.
        og_only_level: the OG level one needs to write; 0 for none.
        emoji_only: whether messages hold emoji alone.
        unique_messages: whether nobody may say what somebody has just said.
        chat_delay_seconds: how long only those who moderate see a message.
        links_allowed: whether messages may have links.
        shield_until: until when the shield tightens all that; null while none is raised.
    """

    slow_mode_seconds: int
    og_only_level: int
    emoji_only: bool
    unique_messages: bool
    chat_delay_seconds: int
    links_allowed: bool
    shield_until: str | None

    @classmethod
    def of(cls, settings: ChatSettings, now: datetime) -> "ChatRules":
        """What is in force now."""
        held = settings.in_force(now)
        return cls(
            slow_mode_seconds=held.slow_mode_seconds,
            og_only_level=held.og_only_level,
            emoji_only=held.emoji_only,
            unique_messages=held.unique_messages,
            chat_delay_seconds=held.chat_delay_seconds,
            links_allowed=held.links_allowed,
            shield_until=iso(held.shield_until) if held.shield_until else None,
        )


@event(
    "chat:settings",
    to="the room",
    delivery=Delivery.DURABLE,
    example={
        "streamId": "7", "timestamp": "2026-01-01T12:00:00.000Z",
        "settings": {
            "slowModeSeconds": 10, "ogOnlyLevel": 0, "emojiOnly": False, "uniqueMessages": False,
            "chatDelaySeconds": 0, "linksAllowed": False, "shieldUntil": None,
        },
    },
)  # fmt: skip
class ChatSettingsChanged(Event):
    """The chat behaves otherwise from now on: somebody changed it, or a shield was raised, lowered or ran out.

    Attributes:
        settings: all of them, as they are now.
    """

    stream_id: str
    settings: ChatRules
    timestamp: str
