"""The commands of accounts."""

from gateway.events import Command, command


@command("auth:refresh", needs_connection=True, example={"token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"})
class AuthRefresh(Command):
    """A new access token for the live socket, so that it need not reconnect when the old one runs out."""

    token: str
