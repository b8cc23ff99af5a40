"""Who is banned from streams, told by the app that bans them: streams lie below it."""

from collections.abc import Callable, Collection, Mapping

from gateway.errors import CommandError, ErrorCode
from gateway.identity import Identity

BANNED_HERE = "You are banned from this stream"

# Streams' ids -> the ids of users who are banned from each now.
Banned = Callable[[Collection[str]], Mapping[str, frozenset[str]]]
_banned: list[Banned] = []


def bans_from_streams(function: Banned) -> Banned:
    """Decorator: let a function tell who is banned from streams."""
    _banned.append(function)
    return function


def banned_from(stream_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Who is banned from each of the streams."""
    found = [banned(stream_ids) for banned in _banned]
    return {stream_id: frozenset().union(*(bans.get(stream_id, ()) for bans in found)) for stream_id in stream_ids}


def require_not_banned(identity: Identity, stream_id: str) -> None:
    """Look at the database whether a user is banned from a stream, past all that is remembered of it.

    Raises:
        CommandError: `banned`.
    """
    if identity.user_id in banned_from([stream_id])[stream_id]:
        raise CommandError(ErrorCode.BANNED, BANNED_HERE)
