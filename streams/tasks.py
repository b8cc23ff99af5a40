"""The periodic work of streams: in each web process, and by Celery where time is not pressing."""

import asyncio
from itertools import compress
from operator import not_

from celery import shared_task

from gateway.database import in_database
from gateway.errors import CommandError
from gateway.redis_clients import ask
from gateway.runtime import every
from streams import metrics, services, whereabouts
from streams.services import battles, challenges, chat_settings, rollups, throne

_TELL_SECONDS = 1.0
_TOLD_TOGETHER = 500
_DEADLINE_SECONDS = 0.25


@every(_TELL_SECONDS)
async def tell_metrics() -> None:
    """Tell the rooms whose numbers changed; Redis lets one process a second speak for a room."""
    marked = list(metrics.take_marks())
    for start in range(0, len(marked), _TOLD_TOGETHER):
        chunk = marked[start : start + _TOLD_TOGETHER]
        turns = await asyncio.gather(*(_take_turn(f"metrics:turn:{stream_id}") for stream_id in chunk))
        # Where another process has just spoken, it may not have known this change.
        metrics.mark(compress(chunk, map(not_, turns)))
        own = list(compress(chunk, turns))
        try:
            await in_database(services.announce_metrics, stream_ids=own)
        except CommandError:
            metrics.mark(own)
            raise


@every(_TELL_SECONDS)
async def tell_scores() -> None:
    """Tell the rooms of battles whose scores changed; Redis lets one process a second speak for a battle."""
    for battle_id in metrics.take_battle_marks():
        if await _take_turn(f"battle:turn:{battle_id}"):
            await in_database(battles.announce_scores, battle_id=battle_id)
        else:
            metrics.mark_battles([battle_id])


async def _take_turn(key: str) -> bool:
    return await ask("SET", key, "1", "NX", "PX", int(_TELL_SECONDS * 1000) - 50) is not None


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
    """End reigns, challenges and shields whose time is over."""
    await in_database(throne.expire_reigns)
    await in_database(challenges.expire_challenges)
    await in_database(chat_settings.expire_shields)


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
    chat_settings.expire_shields()
