"""How the chat of a stream behaves, and how a raised shield tightens all of it for a time."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """What those who do not moderate must bear in a stream's chat.

    Attributes:
        slow_mode_seconds: the least time between two messages of one author.
        og_only_level: the tier one needs to write; 0 for none.
        emoji_only: whether messages hold emoji alone.
        unique_messages: whether nobody may say what somebody has just said.
        chat_delay_seconds: how long messages are seen by those who moderate alone.
        links_allowed: whether messages may have links.
        shield_until: until when the shield is raised over these settings.
    """

    slow_mode_seconds: int
    og_only_level: int
    emoji_only: bool
    unique_messages: bool
    chat_delay_seconds: int
    links_allowed: bool
    shield_until: datetime | None = None

    @classmethod
    def of(cls, stream: Any) -> "ChatSettings":
        """The settings of a row, as its host set them."""
        return cls(**{name: getattr(stream, name) for name in (*SETTINGS, "shield_until")})

    def in_force(self, now: datetime) -> "ChatSettings":
        """What holds now: tightened by `STREAM_SHIELD` while the shield is raised. What was set stays as it is."""
        if self.shield_until is None:
            return self
        if self.shield_until <= now:
            return replace(self, shield_until=None)
        shield: dict[str, Any] = settings.STREAM_SHIELD
        return ChatSettings(
            slow_mode_seconds=max(self.slow_mode_seconds, shield["slow_mode_seconds"]),
            og_only_level=max(self.og_only_level, shield["og_only_level"]),
            emoji_only=self.emoji_only or shield["emoji_only"],
            unique_messages=self.unique_messages or shield["unique_messages"],
            chat_delay_seconds=max(self.chat_delay_seconds, shield["chat_delay_seconds"]),
            links_allowed=self.links_allowed and shield["links_allowed"],
            shield_until=self.shield_until,
        )


# The fields of a stream its host and those who moderate it may set.
SETTINGS = (
    "slow_mode_seconds", "og_only_level", "emoji_only", "unique_messages", "chat_delay_seconds", "links_allowed",
)  # fmt: skip
