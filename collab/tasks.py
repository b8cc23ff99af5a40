"""The periodic work of collaboration: in each web process, and by Celery where time is not pressing."""

from celery import shared_task

from collab.documents import replicas
from collab.services.history import compact_long_logs
from collab.services.sessions import expire_sessions
from gateway.database import in_database
from gateway.presence import presence
from gateway.redis_clients import ask
from gateway.runtime import every

_FORGET_SECONDS = 10.0
_EXPIRE_SECONDS = 5.0
_COMPACT_SECONDS = 5.0


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


@every(_COMPACT_SECONDS)
async def compact_logs() -> None:
    """Make snapshots where many updates have come, in one process of the cluster at a time."""
    if await ask("SET", "collab:compacting", presence.process, "NX", "PX", int(_COMPACT_SECONDS * 900)):
        await in_database(compact_long_logs)


@shared_task  # type: ignore[untyped-decorator]
def compact_logs_left() -> None:
    """The same once more, for when no web process is up to do it."""
    compact_long_logs()
