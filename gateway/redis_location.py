"""Where Redis is: at an address, or wherever Sentinel says its master is.

    redis://:password@host:6379/0
    sentinel://:password@host:26379,other:26379/master-name/0

Imported by the settings, so nothing here needs Django.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_SENTINEL_PORT = 26379
# A Sentinel that does not answer must not keep us from the next.
_SENTINEL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Sentinels that know a master by its name.

    Attributes:
        addresses: hosts and ports, in the order they are asked.
        options: what a connection to the master needs besides its address.
        sentinel_options: what a connection to a Sentinel needs.
    """

    addresses: tuple[tuple[str, int], ...]
    master: str
    options: dict[str, Any]
    sentinel_options: dict[str, Any]


def sentinels(url: str) -> Sentinels | None:
    """The Sentinels `url` names; `None` when it is the address of a Redis.

    Raises:
        ValueError: it names Sentinels and no master.
    """
    if not url.startswith("sentinel://"):
        return None
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    master, _, database = parts.path.strip("/").partition("/")
    if not master or not hosts:
        raise ValueError("a sentinel URL is sentinel://host:port,host:port/master-name")
    options: dict[str, Any] = {"db": int(database or 0)}
    if username:
        options["username"] = unquote(username)
    if password:
        options["password"] = unquote(password)
    sentinel_options: dict[str, Any] = {
        "socket_timeout": _SENTINEL_SECONDS,
        "socket_connect_timeout": _SENTINEL_SECONDS,
    }
    for secret in parse_qs(parts.query).get("sentinel_password", []):
        sentinel_options["password"] = secret
    return Sentinels(tuple(_address(host) for host in hosts.split(",")), master, options, sentinel_options)


def channel_host(url: str) -> str | dict[str, Any]:
    """`url` as the channel layer's `hosts` name it."""
    found = sentinels(url)
    if found is None:
        return url
    return {
        "sentinels": list(found.addresses),
        "master_name": found.master,
        "sentinel_kwargs": found.sentinel_options,
        **found.options,
    }


def broker_url(url: str) -> str:
    """`url` as Celery names its broker."""
    found = sentinels(url)
    if found is None:
        return url
    credentials = urlsplit(url).netloc.rpartition("@")[0]
    prefix = f"{credentials}@" if credentials else ""
    return ";".join(f"sentinel://{prefix}{host}:{port}/{found.options['db']}" for host, port in found.addresses)


def broker_options(url: str) -> dict[str, Any]:
    """What Celery's broker needs besides `broker_url`."""
    found = sentinels(url)
    if found is None:
        return {}
    return {"master_name": found.master, "sentinel_kwargs": found.sentinel_options}


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or host.endswith(":") or text.endswith("]"):
        return text.strip("[]"), _SENTINEL_PORT
    return host.strip("[]"), int(port)
