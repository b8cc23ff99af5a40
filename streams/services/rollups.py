"""Rolling numbers up to minutes, hours and days. Doing it again gives the same, so it may run at any time.

What has rows is counted from them, by sources that apps contribute; likes and the most viewers of a minute are
known to Redis alone, for two days, and only ever raised.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from redis.exceptions import RedisError

from streams import metrics
from streams.models import Period, Status, Stream, StreamNumbers, StreamTotal

log = logging.getLogger(__name__)

# (from, to) -> by (stream id, minute) the numbers that are counted from rows: `gifts`, `coins`, `comments`.
Source = Callable[[datetime, datetime], Mapping[tuple[int, datetime], Mapping[str, int]]]
_sources: list[Source] = []

_NAMES = ("viewers", "likes", "gifts", "coins", "comments")
_MINUTE = timedelta(minutes=1)
_RECENT = timedelta(minutes=10)
_IN_REDIS = timedelta(days=2)
_CHUNK = timedelta(hours=1)
_LOCK = 0x524F4C4C


def counts_minutes(source: Source) -> Source:
    """Decorator: let a function of an app tell what it counts a minute."""
    _sources.append(source)
    return source


def roll_up_recent(*, now: datetime | None = None) -> None:
    """Roll up the last minutes, and the hours and days they are in; for every minute of the clock."""
    now = now or timezone.now()
    roll_up(start=now - _RECENT, end=now)


def roll_up(*, start: datetime, end: datetime) -> None:
    """Roll up a stretch of time, whole minutes of it, and the hours and days it touches."""
    for _ in roll_up_in_steps(start=start, end=end):
        pass


def roll_up_in_steps(*, start: datetime, end: datetime) -> Iterator[timedelta]:
    """`roll_up`, an hour at a time; tells how much is done after each."""
    start = start.replace(second=0, microsecond=0)
    end = end.replace(second=0, microsecond=0) + _MINUTE
    step = start
    while step < end:
        until = min(end, step + _CHUNK)
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                # One at a time, so that none writes what another has read too early.
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            _write_minutes(step, until)
            _gather(Period.MINUTE, Period.HOUR, _floor(step, Period.HOUR), until)
            _gather(Period.HOUR, Period.DAY, _floor(step, Period.DAY), until)
        step = until
        yield step - start


def heal_counts() -> None:
    """Set right what Redis counts of live streams, from the rows. Raises `RedisError` when Redis is away."""
    live = list(Stream.objects.filter(status=Status.LIVE).values_list("pk", flat=True))
    totals = StreamTotal.objects.filter(stream__in=live).values("stream").order_by()
    gifted = {row["stream"]: row for row in totals.annotate(all_gifts=Sum("gifts"), all_coins=Sum("coins"))}
    minutes = StreamNumbers.objects.filter(stream__in=live, period=Period.MINUTE).values("stream").order_by()
    liked = {row["stream"]: row["all_likes"] for row in minutes.annotate(all_likes=Sum("likes"))}
    for stream_id in live:
        counted = metrics.counts(str(stream_id))
        row = gifted.get(stream_id, {"all_gifts": 0, "all_coins": 0})
        right = {
            "gifts": row["all_gifts"],
            "coins": row["all_coins"],
            "likes": max(counted.get("likes", 0), liked.get(stream_id, 0)),
        }
        if any(counted.get(name, 0) != number for name, number in right.items()):
            metrics.set_counts(str(stream_id), right)
            metrics.mark([str(stream_id)])


def _write_minutes(start: datetime, end: datetime) -> None:
    found: dict[tuple[int, datetime], dict[str, int]] = {}
    for source in _sources:
        for key, numbers in source(start, end).items():
            found.setdefault(key, {}).update(numbers)
    for key, numbers in _from_redis(start, end).items():
        found.setdefault(key, {}).update(numbers)
    rows = StreamNumbers.objects.filter(period=Period.MINUTE, starts_at__gte=start, starts_at__lt=end)
    # What a source no longer tells of, as when a gift was voided, is nothing now.
    rows.update(gifts=0, coins=0, comments=0)
    known = set(Stream.objects.filter(pk__in={stream_id for stream_id, _ in found}).values_list("pk", flat=True))
    items = sorted((key, numbers) for key, numbers in found.items() if key[0] in known)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO streams_streamnumbers AS n
              (stream_id, period, starts_at, viewers, likes, gifts, coins, comments)
            SELECT stream_id, 'minute', starts_at, viewers, likes, gifts, coins, comments FROM unnest(
              %s::bigint[], %s::timestamptz[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]
            ) AS m(stream_id, starts_at, viewers, likes, gifts, coins, comments)
            ON CONFLICT (stream_id, period, starts_at) DO UPDATE SET
              viewers = greatest(n.viewers, excluded.viewers), likes = greatest(n.likes, excluded.likes),
              gifts = excluded.gifts, coins = excluded.coins, comments = excluded.comments
            """,
            [
                [stream_id for (stream_id, _), _ in items],
                [minute for (_, minute), _ in items],
                *([numbers.get(name, 0) for _, numbers in items] for name in _NAMES),
            ],
        )


def _from_redis(start: datetime, end: datetime) -> dict[tuple[int, datetime], dict[str, int]]:
    found: dict[tuple[int, datetime], dict[str, int]] = {}
    minute = max(start, _floor(timezone.now() - _IN_REDIS, Period.MINUTE))
    try:
        while minute < end:
            for stream_id, numbers in metrics.minute(minute).items():
                found[int(stream_id), minute] = numbers
            minute += _MINUTE
    except RedisError as error:
        # These numbers are only ever raised, so that leaving them out changes none.
        log.warning("likes and viewers are rolled up when Redis is back: %s", type(error).__name__)
    return found


def _gather(finer: Period, period: Period, start: datetime, end: datetime) -> None:
    """Write the rows of a period from all the finer rows in them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO streams_streamnumbers AS n
              (stream_id, period, starts_at, viewers, likes, gifts, coins, comments)
            SELECT stream_id, %(period)s, date_trunc(%(period)s, starts_at, 'UTC'),
              max(viewers), sum(likes), sum(gifts), sum(coins), sum(comments)
            FROM streams_streamnumbers
            WHERE period = %(finer)s AND starts_at >= %(start)s
              AND starts_at < date_trunc(%(period)s, %(end)s::timestamptz, 'UTC') + ('1 ' || %(period)s)::interval
            GROUP BY 1, 3
            ON CONFLICT (stream_id, period, starts_at) DO UPDATE SET
              viewers = excluded.viewers, likes = excluded.likes,
              gifts = excluded.gifts, coins = excluded.coins, comments = excluded.comments
            """,
            {"finer": finer.value, "period": period.value, "start": start, "end": end},
        )


def _floor(moment: datetime, period: Period) -> datetime:
    moment = moment.astimezone(UTC).replace(second=0, microsecond=0)
    if period is Period.MINUTE:
        return moment
    return moment.replace(minute=0) if period is Period.HOUR else moment.replace(minute=0, hour=0)
