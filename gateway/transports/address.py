"""Where a client comes from: its network address, and the origin of the page it runs in.

The address is the ASGI scope's client, or the right hop of X-Forwarded-For behind a listed proxy.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings


def client_address(scope: dict[str, Any]) -> str:
    """The address of the client of an ASGI scope.

    X-Forwarded-For is read from the right, past the proxies in `settings.GATEWAY_TRUSTED_PROXIES`: what
    stands further left was written by the client and proves nothing.
    """
    client = scope.get("client") or ("unknown", 0)
    address = str(client[0])
    trusted = settings.GATEWAY_TRUSTED_PROXIES
    if address not in trusted:
        return address
    for hop in reversed(_forwarded(scope)):
        if hop not in trusted:
            return hop
    return address


def _forwarded(scope: dict[str, Any]) -> list[str]:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [hop.strip() for hop in ",".join(values).split(",") if hop.strip()]


def is_own_origin(scope: dict[str, Any]) -> bool:
    """Whether a page of this host, or of an origin in `settings.GATEWAY_ALLOWED_ORIGINS`, sends this."""
    origin = header(scope, b"origin")
    return urlsplit(origin).netloc == header(scope, b"host") or origin in settings.GATEWAY_ALLOWED_ORIGINS


def is_welcome_origin(scope: dict[str, Any]) -> bool:
    """Whether a socket may be opened: not by pages of foreign origins. Native apps have none."""
    return not header(scope, b"origin") or is_own_origin(scope)


def header(scope: dict[str, Any], name: bytes) -> str:
    """The first header called `name`, in lower case, or an empty string."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")  # type: ignore[no-any-return]
    return ""
