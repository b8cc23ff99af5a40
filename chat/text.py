"""What a text may hold, and whom it names."""

import re
import unicodedata
from typing import NamedTuple

from django.conf import settings

from gateway.errors import CommandError, ErrorCode

_MARKUP = re.compile(r"<[A-Za-z/!?][^<>]*>")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9_]{3,30})(?!\w)")
_PREVIEW_CHARACTERS = 80


class Name(NamedTuple):
    """A name in a text, with its place in code points; `start` is at the @."""

    username: str
    start: int
    end: int


def require_text(text: str) -> str:
    """The text, when it may be sent.

    Raises:
        CommandError: `invalid_content` when it is empty, too long, or holds markup, control characters or
            bidirectional overrides.
    """
    if not text.strip() or len(text) > settings.CHAT_MAX_CHARACTERS:
        raise CommandError(ErrorCode.INVALID_CONTENT)
    if _MARKUP.search(text) or any(map(_is_refused, text)):
        raise CommandError(ErrorCode.INVALID_CONTENT)
    return text


def require_emoji(text: str) -> str:
    """The text, when it is made of emoji alone.

    Raises:
        CommandError: `invalid_content`.
    """
    if any(character.isalpha() for character in text):
        raise CommandError(ErrorCode.INVALID_CONTENT)
    return require_text(text)


def names(text: str) -> list[Name]:
    """The names a text mentions, in order, as many as are allowed."""
    found = [Name(match[1], match.start(), match.end()) for match in _MENTION.finditer(text)]
    return found[: settings.CHAT_MAX_MENTIONS]


def preview(text: str) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _PREVIEW_CHARACTERS else line[: _PREVIEW_CHARACTERS - 1] + "…"


def _is_refused(character: str) -> bool:
    if character == "\n" or (character.isascii() and character.isprintable()):
        return False
    return character in _BIDI or unicodedata.category(character) == "Cc"
