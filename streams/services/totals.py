"""What gifts need of streams: that they stay live meanwhile, and what each user has gifted in each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F

from streams import metrics
from streams.models import Status, StreamTotal


@dataclass(frozen=True, slots=True)
class Gifted:
    """Coins, and how many gifts they bought."""

    coins: int
    gifts: int


def hold_streams(stream_ids: Iterable[int]) -> set[int]:
    """Which of the streams are live, and stay so until the caller's transaction ends.

    It shares the lock with other gifts and messages; only the end of a stream waits for it, and it for that.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, status FROM streams_stream WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE",
            [sorted(set(stream_ids))],
        )
        return {stream_id for stream_id, status in cursor.fetchall() if status == Status.LIVE}


def add_totals(gifted: Mapping[tuple[int, int], Gifted]) -> None:
    """Raise what users have gifted in streams, by (stream, user), in the caller's transaction; one query."""
    rows = sorted(gifted.items())
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO streams_streamtotal AS t (stream_id, user_id, coins, gifts)
            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
            ON CONFLICT (stream_id, user_id) DO UPDATE
            SET coins = t.coins + excluded.coins, gifts = t.gifts + excluded.gifts
            """,
            [
                [stream_id for (stream_id, _), _ in rows],
                [user_id for (_, user_id), _ in rows],
                [more.coins for _, more in rows],
                [more.gifts for _, more in rows],
            ],
        )
    counted: dict[str, dict[str, int]] = {}
    for (stream_id, _), more in rows:
        numbers = counted.setdefault(str(stream_id), {"gifts": 0, "coins": 0})
        numbers["gifts"] += more.gifts
        numbers["coins"] += more.coins
    transaction.on_commit(lambda: metrics.count(counted))


def take_total(*, stream_id: int, user_id: int, less: Gifted) -> None:
    """Lower what a user has gifted in a stream, in the caller's transaction, as when a gift is voided."""
    StreamTotal.objects.filter(stream_id=stream_id, user_id=user_id).update(
        coins=F("coins") - less.coins, gifts=F("gifts") - less.gifts
    )
    transaction.on_commit(lambda: metrics.count({str(stream_id): {"gifts": -less.gifts, "coins": -less.coins}}))
