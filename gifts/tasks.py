"""The periodic work of gifts in each web process."""

from gateway.database import in_database
from gateway.runtime import every
from gifts.services.combos import end_combos

_COMBO_SECONDS = 0.5


@every(_COMBO_SECONDS)
async def end_due_combos() -> None:
    """End the combos whose time is over, whichever process they were begun on."""
    await in_database(end_combos)
