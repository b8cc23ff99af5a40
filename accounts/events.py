"""The commands of accounts."""

from typing import Annotated, Literal

import msgspec

from gateway.events import Command, Id, command


@command("auth:refresh", needs_connection=True, example={"token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"})
class AuthRefresh(Command):
    """A new access token for the live socket, so that it need not reconnect when the old one runs out."""

    token: str


UserIds = Annotated[list[Id], msgspec.Meta(max_length=100)]


@command("presence:set", needs_connection=True, example={"state": "idle"})
class SetPresence(Command):
    """Whether the user is about on this device. A user is idle when all their devices are."""

    state: Literal["online", "idle"]


@command("presence:get", example={"userIds": ["2", "3"]})
class GetPresence(Command):
    """Whether users are online, idle or offline."""

    user_ids: UserIds


@command("presence:watch", needs_connection=True, example={"userIds": ["2", "3"]})
class WatchPresence(Command):
    """Follow these users from now on, and nobody else; the answer is how they are now. An empty list ends it."""

    user_ids: UserIds
