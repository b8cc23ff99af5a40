"""The signature of a provider's webhook: `t=<unix time>,v1=<hex>`, HMAC-SHA256 over the time, a dot, the body."""

import hashlib
import hmac
import re
import time

from django.conf import settings

from gateway.errors import CommandError, ErrorCode

_HEADER = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def sign(body: bytes, key: str, moment: int) -> str:
    """The header a provider sends with `body`."""
    return f"t={moment},v1={_digest(body, key, moment)}"


def require_signature(header: str, body: bytes, *, now: float | None = None) -> None:
    """Believe a body that was signed lately with one of our keys, and no other.

    Raises:
        CommandError: `access_denied`, whatever was wrong; `unavailable` when no key is set.
    """
    if not settings.TOP_UP_KEYS:
        raise CommandError(ErrorCode.UNAVAILABLE)
    parts = _HEADER.fullmatch(header)
    if parts is None:
        raise CommandError(ErrorCode.ACCESS_DENIED)
    moment = int(parts[1])
    genuine = [hmac.compare_digest(_digest(body, key, moment), parts[2]) for key in settings.TOP_UP_KEYS]
    if not any(genuine) or abs((now or time.time()) - moment) > settings.TOP_UP_WINDOW_SECONDS:
        raise CommandError(ErrorCode.ACCESS_DENIED)


def _digest(body: bytes, key: str, moment: int) -> str:
    return hmac.new(key.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
