"""The periodic work of streams in each web process."""

from gateway.database import in_database
from gateway.redis_clients import async_redis
from gateway.runtime import every
from streams import metrics, services

_TELL_SECONDS = 1.0


@every(_TELL_SECONDS)
async def tell_metrics() -> None:
    """Tell the rooms whose numbers changed; Redis lets one process a second speak for a room."""
    for stream_id in metrics.take_marks():
        turn = await async_redis().set(f"metrics:turn:{stream_id}", "1", nx=True, px=int(_TELL_SECONDS * 1000) - 50)
        if turn is None:
            # Another process has just spoken; it may not have known this change.
            metrics.mark(stream_id)
        else:
            await in_database(services.announce_metrics, stream_id=stream_id)
