"""The periodic work of chat: in each web process, and by Celery where none is up."""

from celery import shared_task

from chat.services import delay
from gateway.database import in_database
from gateway.runtime import every

_LOOK_SECONDS = 0.25


@every(_LOOK_SECONDS)
async def show_delayed() -> None:
    """Show the messages that were held back for some seconds."""
    await in_database(delay.show_due)


@shared_task  # type: ignore[untyped-decorator]
def show_delayed_left() -> None:
    """The same once more, for when no web process is up to do it."""
    delay.show_due()
