"""The periodic work of moderation, in each web process."""

from gateway.database import in_database
from gateway.runtime import every
from moderation.services import sanctions

_ENDS_SECONDS = 1.0


@every(_ENDS_SECONDS)
async def end_sanctions() -> None:
    """End the sanctions whose time has come."""
    await in_database(sanctions.meet_ends)
