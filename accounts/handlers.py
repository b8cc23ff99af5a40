"""Handling the commands of accounts."""

import asyncio
from datetime import UTC, datetime

import msgspec

from accounts import selectors
from accounts.events import AuthRefresh, GetPresence, SetPresence, WatchPresence
from gateway import rooms
from gateway.bus import bus
from gateway.connection import Connection
from gateway.database import in_database
from gateway.dispatch import Context, handles
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.expiry import expiries
from gateway.hub import hub
from gateway.identity import identify
from gateway.rooms import Room
from gateway.user_presence import PresenceRooms, presence_room, user_presence


class Refreshed(msgspec.Struct, rename="camel"):
    """The answer to `auth:refresh`."""

    token_expires_at: str


@handles(AuthRefresh)
async def auth_refresh(context: Context, command: AuthRefresh) -> Refreshed:
    """Put a new access token of the same user in force on this socket."""
    assert isinstance(context.caller, Connection)
    identity = await in_database(identify, command.token)
    if identity.user_id != context.identity.user_id:
        raise CommandError(ErrorCode.INVALID_TOKEN)
    expiries.renew(context.caller, identity)
    return Refreshed(token_expires_at=iso(datetime.fromtimestamp(identity.expires_at, UTC)))


class UserStates(msgspec.Struct, rename="camel"):
    """How users are, in the order they were asked for."""

    users: list[selectors.UserState]


@handles(SetPresence)
async def presence_set(context: Context, command: SetPresence) -> None:
    """Note whether the user is about on this device."""
    assert isinstance(context.caller, Connection)
    user_presence.set_idle(context.caller, command.state == "idle")


@handles(GetPresence)
async def presence_get(context: Context, command: GetPresence) -> UserStates:
    """Tell how users are."""
    return UserStates(await in_database(selectors.presence_of, command.user_ids))


@handles(WatchPresence)
async def presence_watch(context: Context, command: WatchPresence) -> UserStates:
    """Follow exactly these users; what changes while the answer is on its way is told by events."""
    connection = context.caller
    assert isinstance(connection, Connection)
    wanted = {presence_room(user_id) for user_id in command.user_ids}
    watched = {room for room in connection.rooms if room.kind == PresenceRooms.name}
    for room in watched - wanted:
        hub.leave(connection, room)
    await asyncio.gather(*(_watch(connection, room) for room in wanted - watched))
    return UserStates(await in_database(selectors.presence_of, command.user_ids))


async def _watch(connection: Connection, room: Room) -> None:
    await in_database(rooms.authorize, connection.identity, room)
    async with hub.joining(connection, room) as entry:
        entry.admit(await bus.position(room))
