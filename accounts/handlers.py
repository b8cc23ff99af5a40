"""Handling the commands of accounts."""

from datetime import UTC, datetime

import msgspec

from accounts.events import AuthRefresh
from gateway.connection import Connection
from gateway.database import in_database
from gateway.dispatch import Context, handles
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.expiry import expiries
from gateway.identity import identify


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
