"""What a text people see may hold: it is stored as sent and shown as text, so it must be no more than that."""

import re
import unicodedata

from django.conf import settings

from gateway.errors import CommandError, ErrorCode

_MARKUP = re.compile(r"<[A-Za-z/!?][^<>]*>")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


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


def _is_refused(character: str) -> bool:
    if character == "\n" or (character.isascii() and character.isprintable()):
        return False
    return character in _BIDI or unicodedata.category(character) == "Cc"
