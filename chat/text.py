"""What a message's text holds: emoji alone or not, whom it names, how it begins."""

import re
from typing import NamedTuple

from django.conf import settings

from gateway.errors import CommandError, ErrorCode
from moderation.plain_text import require_text

_MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9_]{3,30})(?!\w)")
_PREVIEW_CHARACTERS = 80


class Name(NamedTuple):
    """A name in a text, with its place in code points; `start` is at the @."""

    username: str
    start: int
    end: int


def require_emoji(text: str) -> str:
    """The text, when it is made of emoji alone.

    Raises:
        CommandError: `invalid_content`.
    """
    if holds_letters(text):
        raise CommandError(ErrorCode.INVALID_CONTENT)
    return require_text(text)


def holds_letters(text: str) -> bool:
    """Whether the text is more than emoji."""
    return any(character.isalpha() for character in text)


def names(text: str) -> list[Name]:
    """The names a text mentions, in order, as many as are allowed."""
    found = [Name(match[1], match.start(), match.end()) for match in _MENTION.finditer(text)]
    return found[: settings.CHAT_MAX_MENTIONS]


def preview(text: str) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _PREVIEW_CHARACTERS else line[: _PREVIEW_CHARACTERS - 1] + "…"
