"""A stream's numbers: viewers from presence, comments from the stream's row, the rest from the host's encoder.

Whatever changes a number marks its stream; `streams.tasks` tells the rooms of the marks.
"""

import json
from typing import Any

from django.utils import timezone

from gateway.presence import presence, total
from gateway.redis_clients import sync_redis
from streams.events import Metrics
from streams.rooms import StreamRooms, stream_room
from streams.selectors import StreamCard

_CLIENT_SECONDS = 24 * 3600
_changed: set[str] = set()


def mark(stream_id: str) -> None:
    """Note that a number of the stream changed. May be called from any thread."""
    _changed.add(stream_id)


def take_marks() -> set[str]:
    """The marked streams; they are marked no longer."""
    marked = set(_changed)
    _changed.difference_update(marked)
    return marked


def set_client_metrics(stream_id: str, metrics: dict[str, Any]) -> None:
    """Keep what the host's encoder reports, over what it reported before."""
    with sync_redis().pipeline(transaction=True) as pipeline:
        pipeline.hset(_client_key(stream_id), mapping={name: json.dumps(value) for name, value in metrics.items()})
        pipeline.expire(_client_key(stream_id), _CLIENT_SECONDS)
        pipeline.execute()
    mark(stream_id)


def current(card: StreamCard) -> Metrics:
    """The stream's numbers now. Runs in a database thread."""
    client: dict[str, str] = sync_redis().hgetall(_client_key(card.id))  # type: ignore[assignment]
    return numbers(card, viewers=total(stream_room(card.id).wire), client=client)


def numbers(card: StreamCard, *, viewers: int, client: dict[str, str] | None = None) -> Metrics:
    """The stream's numbers, from counts read already."""
    return Metrics(
        viewers=viewers,
        likes=0,
        gifts=0,
        comments=card.comments,
        duration=_duration_seconds(card),
        status=card.status,
        client={name: json.loads(value) for name, value in client.items()} if client else None,
    )


def _duration_seconds(card: StreamCard) -> int:
    if card.started_at is None:
        return 0
    return int(((card.ended_at or timezone.now()) - card.started_at).total_seconds())


def _client_key(stream_id: str) -> str:
    return f"metrics:client:{stream_id}"


def _on_total(key: str, viewers: int) -> None:
    kind, _, stream_id = key.partition(":")
    if kind == StreamRooms.name:
        mark(stream_id)


presence.on_total = _on_total
