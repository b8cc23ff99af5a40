"""A stream's numbers: viewers from presence, comments from the stream's row, likes, gifts and coins counted in Redis.

Whatever changes a number marks its stream; `streams.tasks` tells the rooms of the marks. What is counted in
Redis is set right from the rows every minute, so that a count Redis lost or missed heals.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.utils import timezone
from redis.exceptions import RedisError

from gateway.presence import presence, totals
from gateway.redis_clients import sync_redis
from streams.events import Metrics
from streams.events.throne import TopGifter
from streams.rooms import StreamRooms, stream_room
from streams.selectors import StreamCard, top_totals_of

log = logging.getLogger(__name__)

_CLIENT_SECONDS = 24 * 3600
_COUNTS_SECONDS = 7 * 24 * 3600
_MINUTE_SECONDS = 2 * 24 * 3600
_TOP_GIFTERS = 5
# Before the name of a reaction, in what Redis counts of a stream.
_REACTION = "reaction:"
_changed: set[str] = set()
_scored: set[int] = set()


def mark(stream_ids: Iterable[str]) -> None:
    """Note that a number of the streams changed. May be called from any thread."""
    _changed.update(stream_ids)


def take_marks() -> set[str]:
    """The marked streams; they are marked no longer."""
    marked = set(_changed)
    _changed.difference_update(marked)
    return marked


def mark_battles(battle_ids: Iterable[int]) -> None:
    """Note that the scores of battles changed. May be called from any thread."""
    _scored.update(battle_ids)


def take_battle_marks() -> set[int]:
    """The marked battles; they are marked no longer."""
    marked = set(_scored)
    _scored.difference_update(marked)
    return marked


def set_client_metrics(stream_id: str, metrics: dict[str, Any]) -> None:
    """Keep what the host's encoder reports, over what it reported before."""
    with sync_redis().pipeline(transaction=True) as pipeline:
        pipeline.hset(_client_key(stream_id), mapping={name: json.dumps(value) for name, value in metrics.items()})
        pipeline.expire(_client_key(stream_id), _CLIENT_SECONDS)
        pipeline.execute()
    mark([stream_id])


def count(amounts: Mapping[str, Mapping[str, int]]) -> None:
    """Add to what Redis counts of streams: `likes`, `gifts`, `coins`. What it misses while away heals later."""
    minute = _minute_key(timezone.now())
    try:
        with sync_redis().pipeline(transaction=False) as pipeline:
            for stream_id, numbers in amounts.items():
                for name, amount in numbers.items():
                    pipeline.hincrby(_counts_key(stream_id), name, amount)
                pipeline.expire(_counts_key(stream_id), _COUNTS_SECONDS)
                if numbers.get("likes"):
                    pipeline.zincrby(minute, numbers["likes"], f"likes:{stream_id}")
                    pipeline.expire(minute, _MINUTE_SECONDS)
            pipeline.execute()
    except RedisError as error:
        log.debug("Redis did not count: %s", type(error).__name__)
    _changed.update(amounts)


def count_like(stream_id: str, reaction: str) -> None:
    """Count one more like of the stream, of this kind."""
    count({stream_id: {"likes": 1, f"{_REACTION}{reaction}": 1}})


def set_counts(stream_id: str, counts: Mapping[str, int]) -> None:
    """Set what Redis counts of the stream right."""
    with sync_redis().pipeline(transaction=True) as pipeline:
        pipeline.hset(_counts_key(stream_id), mapping={name: str(value) for name, value in counts.items()})
        pipeline.expire(_counts_key(stream_id), _COUNTS_SECONDS)
        pipeline.execute()


def counts(stream_id: str) -> dict[str, int]:
    """What Redis counts of the stream. Runs in a database thread."""
    counted: dict[str, str] = sync_redis().hgetall(_counts_key(stream_id))  # type: ignore[assignment]
    return {name: int(value) for name, value in counted.items()}


def minute(moment: datetime) -> dict[str, dict[str, int]]:
    """What Redis counted in the minute of `moment`: `likes` and the most `viewers`, by stream id."""
    found: dict[str, dict[str, int]] = {}
    counted: list[tuple[str, float]] = sync_redis().zrange(  # type: ignore[assignment]
        _minute_key(moment), 0, -1, withscores=True
    )
    for member, amount in counted:
        name, _, stream_id = member.partition(":")
        found.setdefault(stream_id, {})[name] = int(amount)
    return found


def current(cards: Sequence[StreamCard]) -> list[Metrics]:
    """The numbers of streams now, in two round trips. Runs in a database thread."""
    if not cards:
        return []
    viewers = totals([stream_room(card.id).wire for card in cards])
    minute = _minute_key(timezone.now())
    with sync_redis().pipeline(transaction=False) as pipeline:
        most = {f"viewers:{card.id}": present for card, present in zip(cards, viewers, strict=True)}
        pipeline.zadd(minute, most, gt=True)
        pipeline.expire(minute, _MINUTE_SECONDS)
        for card in cards:
            pipeline.hgetall(_client_key(card.id))
            pipeline.hgetall(_counts_key(card.id))
        _, _, *found = pipeline.execute()
    gifters = top_gifters([card.id for card in cards])
    return [
        msgspec.structs.replace(
            numbers(
                card, viewers=present, counted={name: int(value) for name, value in counted.items()}, client=client
            ),
            top_gifters=gifters[card.id],
        )
        for card, present, client, counted in zip(cards, viewers, found[::2], found[1::2], strict=True)
    ]


def top_gifters(stream_ids: Sequence[str]) -> dict[str, list[TopGifter]]:
    """The few who gifted most in each stream, the most first; one query. Runs in a database thread."""
    found: dict[str, list[TopGifter]] = {stream_id: [] for stream_id in stream_ids}
    for total in top_totals_of([int(stream_id) for stream_id in stream_ids], _TOP_GIFTERS):
        gifter = TopGifter(user_id=str(total.user_id), username=total.username, coins=total.coins)
        found[str(total.stream_id)].append(gifter)
    return found


def numbers(
    card: StreamCard, *, viewers: int, counted: Mapping[str, int], client: dict[str, str] | None = None
) -> Metrics:
    """The stream's numbers, from counts read already."""
    return Metrics(
        viewers=viewers,
        likes=counted.get("likes", 0),
        gifts=counted.get("gifts", 0),
        coins=counted.get("coins", 0),
        engagement=card.engagement,
        reactions={
            name.removeprefix(_REACTION): times for name, times in counted.items() if name.startswith(_REACTION)
        },
        comments=card.comments,
        duration=_duration_seconds(card),
        status=card.status,
        client={name: json.loads(value) for name, value in client.items()} if client else None,
    )


def _duration_seconds(card: StreamCard) -> int:
    if card.started_at is None:
        return 0
    return int(((card.ended_at or timezone.now()) - card.started_at).total_seconds())


def _counts_key(stream_id: str) -> str:
    return f"metrics:counts:{stream_id}"


def _minute_key(moment: datetime) -> str:
    return f"metrics:minute:{moment:%Y%m%d%H%M}"


def _client_key(stream_id: str) -> str:
    return f"metrics:client:{stream_id}"


def _on_total(key: str, viewers: int) -> None:
    kind, _, stream_id = key.partition(":")
    if kind == StreamRooms.name:
        mark([stream_id])


presence.on_total = _on_total
