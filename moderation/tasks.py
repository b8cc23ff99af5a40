"""The periodic work of moderation: in each web process, and by Celery where none is up."""

from celery import shared_task

from gateway.database import in_database
from gateway.runtime import every
from moderation import rulebook
from moderation.services import holds, sanctions, second_look

_ENDS_SECONDS = 1.0
_RULES_SECONDS = 1.0


@every(_ENDS_SECONDS)
async def end_sanctions() -> None:
    """End the sanctions whose time has come."""
    await in_database(sanctions.meet_ends)


@every(_ENDS_SECONDS)
async def settle_holds() -> None:
    """Decide the held messages nobody has decided in time."""
    await in_database(holds.settle_due)


@every(_RULES_SECONDS)
async def follow_rules() -> None:
    """Read the lists and policies again when they have changed."""
    await in_database(rulebook.refresh)


@shared_task  # type: ignore[untyped-decorator]
def settle_due() -> None:
    """The same once more, for when no web process is up to do it."""
    holds.settle_due()


@shared_task  # type: ignore[untyped-decorator]
def look_again() -> None:
    """Ask somebody elsewhere about messages that are published. Whatever a lost worker had taken, the next one does."""
    second_look.look_again()


@shared_task  # type: ignore[untyped-decorator]
def prune_looks() -> None:
    """Delete what is kept of second looks that changed nothing, long ago."""
    second_look.prune_looks()
