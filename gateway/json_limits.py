"""JSON from clients, decoded within bounds: no NaN or Infinity, no deep nesting."""

import re

import msgspec
from django.conf import settings

_decoder = msgspec.json.Decoder()
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)


def loads(text: str | bytes) -> object:
    """Decode `text`.

    Raises:
        ValueError: it is no JSON, holds NaN or Infinity, or nests deeper than `settings.GATEWAY_MAX_JSON_DEPTH`.
    """
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass")
    limit = settings.GATEWAY_MAX_JSON_DEPTH
    # Brackets inside strings are counted too, so only a text with many of them needs the exact look.
    if text.count(b"[") + text.count(b"{") > limit and _depth(text) > limit:
        raise ValueError("JSON nests too deep")
    try:
        return _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError("not JSON") from error


def _decode(text: bytes) -> object:
    try:
        return _decoder.decode(text)
    except msgspec.DecodeError:
        # Half a surrogate pair is what is left when an app cuts a text inside an emoji.
        mended = _ESCAPE.sub(_mend, text)
        if mended == text:
            raise
        return _decoder.decode(mended)


def _mend(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape["lone"] else escape[0]


def _depth(text: bytes) -> int:
    deepest = depth = 0
    inside = escaped = False
    for byte in text:
        if inside:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                inside = False
        elif byte == 0x22:
            inside = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
