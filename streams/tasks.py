"""The periodic work of streams: in each web process, and by Celery where time is not pressing."""

from celery import shared_task

from gateway.database import in_database
from gateway.redis_clients import async_redis
from gateway.runtime import every
from streams import metrics, services, whereabouts
from streams.services import battles, challenges, rollups, throne

_TELL_SECONDS = 1.0
_DEADLINE_SECONDS = 0.25


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


@every(_TELL_SECONDS)
async def tell_scores() -> None:
    """Tell the rooms of battles whose scores changed; Redis lets one process a second speak for a battle."""
    for battle_id in metrics.take_battle_marks():
        turn = await async_redis().set(f"battle:turn:{battle_id}", "1", nx=True, px=int(_TELL_SECONDS * 1000) - 50)
        if turn is None:
            metrics.mark_battles([battle_id])
        else:
            await in_database(battles.announce_scores, battle_id=battle_id)


@every(whereabouts.RESTATE_SECONDS)
async def restate_whereabouts() -> None:
    """Say again where the users of this process's sockets are."""
    await whereabouts.restate()


@every(_DEADLINE_SECONDS)
async def finish_battles() -> None:
    """Finish the battles whose time is over, whichever process they were begun on."""
    await in_database(battles.finish_due)


@every(_TELL_SECONDS)
async def end_what_is_over() -> None:
    """End reigns and challenges whose time is over."""
    await in_database(throne.expire_reigns)
    await in_database(challenges.expire_challenges)


@shared_task  # type: ignore[untyped-decorator]
def roll_up_numbers() -> None:
    """Roll up the last minutes, and set right what Redis counts."""
    rollups.roll_up_recent()
    rollups.heal_counts()


@shared_task  # type: ignore[untyped-decorator]
def meet_deadlines() -> None:
    """The same once more, for when no web process is up to do it."""
    battles.finish_due()
    throne.expire_reigns()
    challenges.expire_challenges()
