"""JSON from clients, decoded within bounds: no NaN or Infinity, no deep nesting."""

import msgspec
from django.conf import settings

_decoder = msgspec.json.Decoder()


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
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError("not JSON") from error


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
