"""The periodic work of collaboration: in each web process, and by Celery where time is not pressing."""

from celery import shared_task

from collab.documents import replicas
from collab.services.sessions import expire_sessions
from gateway.database import in_database
from gateway.runtime import every

_FORGET_SECONDS = 10.0
_EXPIRE_SECONDS = 5.0


@every(_FORGET_SECONDS)
async def forget_idle_documents() -> None:
    """Forget documents nobody has used for a while."""
    replicas.forget_idle()


@every(_EXPIRE_SECONDS)
async def end_due_sessions() -> None:
    """End the sessions and invites whose time is over."""
    await in_database(expire_sessions)


@shared_task  # type: ignore[untyped-decorator]
def end_sessions_left() -> None:
    """The same once more, for when no web process is up to do it."""
    expire_sessions()
