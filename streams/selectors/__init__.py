"""Reading streams. What a client names is fetched only through `access_*`, which checks who may see it."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts import selectors as account_selectors
from gateway.database import in_database
from gateway.errors import CommandError, ErrorCode
from gateway.identity import Identity
from gateway.shared import GatheredReading
from streams.bans import BANNED_HERE, banned_from
from streams.chat_settings import ChatSettings
from streams.models import Reign, Status, Stream, StreamTotal

# How long a process may act on what it read of a stream; people notice nothing, the database does.
_CARD_SECONDS = 1.0
_MAX_CARDS = 10_000
_LOADED_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class StreamCard:
    """What a process needs to know of a stream for each join and each message."""

    id: str
    title: str
    status: str
    host_id: str
    host_username: str
    host_avatar: str
    host_og_level: int
    country: str
    is_private: bool
    is_anonymous: bool
    max_viewers: int | None
    chat: ChatSettings
    early_join_seconds: int
    fail_mode: str
    comments: int
    engagement: int
    started_at: datetime | None
    ended_at: datetime | None
    moderator_ids: frozenset[str]
    invited_ids: frozenset[str]
    allowed_countries: frozenset[str]
    denied_countries: frozenset[str]
    banned_ids: frozenset[str]

    @property
    def is_live(self) -> bool:
        return self.status == Status.LIVE

    def is_host(self, identity: Identity) -> bool:
        return self.host_id == identity.user_id

    def may_moderate(self, identity: Identity) -> bool:
        """Whether the user is the host, a channel moderator of the host, or a moderator everywhere."""
        return self.is_host(identity) or identity.is_moderator or identity.user_id in self.moderator_ids

    def opens_in(self, now: datetime) -> float:
        """The seconds until everybody may join; 0 when everybody may."""
        if self.started_at is None:
            return 0.0
        return max(0.0, self.early_join_seconds - (now - self.started_at).total_seconds())

    def may_enter(self, identity: Identity) -> bool:
        if self.may_moderate(identity):
            return True
        return (not self.is_private or identity.user_id in self.invited_ids) and self.is_shown_in(identity.country)

    def is_shown_in(self, country: str) -> bool:
        """Whether it may be watched there. What is allowed in some countries alone is not shown where nobody knows."""
        if country in self.denied_countries:
            return False
        return not self.allowed_countries or country in self.allowed_countries


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at streams over REST or on pages: a user, or nobody that is known; and from which country."""

    user_id: int | None
    country: str


def access_card(identity: Identity, stream_id: str) -> StreamCard:
    """The stream as the user may see it, read from the database.

    Raises:
        CommandError: `invalid_stream` when there is none, `access_denied` when it is not for this user.
    """
    card = find_card(stream_id)
    if card is None:
        raise CommandError(ErrorCode.INVALID_STREAM)
    return _checked(identity, card)


async def access_cached_card(identity: Identity, stream_id: str) -> StreamCard:
    """`access_card` from this process's memory, at most a second old."""
    cached = _cards.get(stream_id)
    if cached is not None and cached[0] > time.monotonic():
        return _checked(identity, cached[1])
    card = await _loading.get(stream_id)
    if card is None:
        raise CommandError(ErrorCode.INVALID_STREAM)
    if len(_cards) >= _MAX_CARDS:
        _cards.clear()
    _cards[stream_id] = (time.monotonic() + _CARD_SECONDS, card)
    return _checked(identity, card)


def access_moderated_card(identity: Identity, stream_id: str) -> StreamCard:
    """`access_card` for those who moderate the stream.

    Raises:
        CommandError: `invalid_stream`, `access_denied`.
    """
    card = access_card(identity, stream_id)
    if not card.may_moderate(identity):
        raise CommandError(ErrorCode.ACCESS_DENIED)
    return card


def find_card(stream_id: str) -> StreamCard | None:
    """The stream by its id, for our own use; `None` when there is none."""
    return find_cards([stream_id]).get(stream_id)


def live_stream_ids() -> list[str]:
    """The ids of all live streams, for our own use."""
    return [str(pk) for pk in Stream.objects.filter(status=Status.LIVE).order_by("pk").values_list("pk", flat=True)]


def find_cards(stream_ids: Collection[str]) -> dict[str, StreamCard]:
    """Those of the streams that exist, by their ids, for our own use; a query, and one for who is banned from them."""
    if not stream_ids:
        return {}
    banned = banned_from(stream_ids)
    found = ((str(stream.pk), stream) for stream in _with_people().filter(pk__in=stream_ids))
    return {stream_id: _card(stream, banned[stream_id]) for stream_id, stream in found}


def access_stream(visitor: Visitor, stream_id: str) -> Stream:
    """The stream as the visitor may see it.

    Raises:
        CommandError: `not_found`.
    """
    stream = visible(visitor).filter(pk=stream_id).first() if stream_id.isdecimal() and len(stream_id) < 19 else None
    if stream is None:
        raise CommandError(ErrorCode.NOT_FOUND)
    return stream


def access_own_stream(user_id: int, stream_id: str) -> Stream:
    """The stream, for its host alone.

    Raises:
        CommandError: `not_found`, or `access_denied` when somebody else hosts it.
    """
    # Hosts see their own from everywhere.
    stream = access_stream(Visitor(user_id, ""), stream_id)
    if stream.host_id != user_id:
        raise CommandError(ErrorCode.ACCESS_DENIED)
    return stream


def visible(visitor: Visitor) -> QuerySet[Stream]:
    """Streams the visitor may see, with their hosts."""
    streams = Stream.objects.select_related("host")
    shown = _shown_in(visitor.country)
    if visitor.user_id is None:
        return streams.filter(shown, is_private=False)
    moderated = Q(host_id=visitor.user_id) | Q(host__channel_moderators=visitor.user_id)
    moderates = Exists(get_user_model().objects.filter(pk=visitor.user_id, is_moderator=True))
    welcome = Q(is_private=False) | Q(invited=visitor.user_id)
    return streams.filter(moderated | Q(moderates) | (welcome & shown)).distinct()


def live_streams(visitor: Visitor) -> QuerySet[Stream]:
    """Live streams the visitor may see, newest first."""
    return visible(visitor).filter(status=Status.LIVE).order_by("-id")


def _shown_in(country: str) -> Q:
    """`StreamCard.is_shown_in`, for queries."""
    allowed = Q(allowed_countries=[]) | Q(allowed_countries__contains=[country])
    return allowed & ~Q(denied_countries__contains=[country])


def require_og_level(user_id: int, level: int) -> None:
    """Check the user's tier as it is now.

    Raises:
        CommandError: `access_denied`.
    """
    standing = account_selectors.standing([user_id]).get(user_id)
    if standing is None or standing.og_level < level:
        raise CommandError(ErrorCode.ACCESS_DENIED, f"This needs OG level {level}")


# --- The throne, and who gifted most --------------------------------------------------------------


def total_of(stream_id: int, user_id: int) -> int:
    """The coins a user has gifted in a stream."""
    return StreamTotal.objects.filter(stream=stream_id, user=user_id).values_list("coins", flat=True).first() or 0


def top_totals(stream_id: int, limit: int) -> list[StreamTotal]:
    """Who gifted most in a stream, the most first."""
    totals = StreamTotal.objects.filter(stream=stream_id, coins__gt=0).select_related("user")
    return list(totals.order_by("-coins", "user")[:limit])


class UserTotal(NamedTuple):
    """What a user has gifted in a stream."""

    stream_id: int
    user_id: int
    username: str
    coins: int


def top_totals_of(stream_ids: Sequence[int], limit: int) -> list[UserTotal]:
    """Who gifted most in each of the streams, the most first; one query."""
    with connection.cursor() as cursor:
        # The index of each stream's totals is read only as far as its limit.
        cursor.execute(
            """
            SELECT stream_id, user_id, username, coins FROM unnest(%s::bigint[]) AS wanted
            CROSS JOIN LATERAL (
                SELECT * FROM streams_streamtotal WHERE stream_id = wanted AND coins > 0
                ORDER BY coins DESC, user_id LIMIT %s
            ) AS total
            JOIN accounts_user ON accounts_user.id = user_id ORDER BY coins DESC, user_id
            """,
            [list(stream_ids), limit],
        )
        return [UserTotal(*row) for row in cursor.fetchall()]


def top_total(stream_id: int) -> int:
    """The most coins one user has gifted in a stream."""
    return next((total.coins for total in top_totals(stream_id, 1)), 0)


def holder_of(stream_id: int, now: datetime) -> Reign | None:
    """Who sits on a stream's throne."""
    reigns = Reign.objects.filter(throne=stream_id, ended_at__isnull=True, expires_at__gt=now)
    return reigns.select_related("user").first()


def throne_price(stream_id: int, holder: Reign | None, og_level: int) -> int:
    """What a claim takes: a tenth more than the holder's total; for an empty one a fixed sum, spared to high tiers."""
    if holder is not None:
        # Rounded up: less than a tenth more is not enough.
        return -(-total_of(stream_id, holder.user_id) * (100 + settings.STREAM_THRONE_PERCENT_MORE) // 100)
    return 0 if og_level >= settings.STREAM_THRONE_FREE_FROM_OG_LEVEL else settings.STREAM_THRONE_COINS


def reigns(stream_id: int) -> QuerySet[Reign]:
    """The reigns on a stream's throne, the newest first."""
    return Reign.objects.filter(throne=stream_id).select_related("user").order_by("-id")


def reign_seconds(reign: Reign, now: datetime | None = None) -> int:
    """How long a reign lasted, or lasts already."""
    return int(((reign.ended_at or now or timezone.now()) - reign.began_at).total_seconds())


_cards: dict[str, tuple[float, StreamCard]] = {}
_loading = GatheredReading[str, StreamCard](lambda ids: in_database(find_cards, ids), _LOADED_TOGETHER)


def _checked(identity: Identity, card: StreamCard) -> StreamCard:
    if identity.user_id in card.banned_ids:
        raise CommandError(ErrorCode.BANNED, BANNED_HERE)
    if not card.may_enter(identity):
        raise CommandError(ErrorCode.ACCESS_DENIED)
    return card


@cache
def _with_people() -> QuerySet[Stream]:
    """Streams with their hosts, the ids of their hosts' moderators and of their invited guests."""
    moderators = get_user_model().objects.filter(moderates=OuterRef("host")).values("pk")
    guests = get_user_model().objects.filter(invited_to=OuterRef("pk")).values("pk")
    return Stream.objects.select_related("host").annotate(
        moderators=ArraySubquery(moderators), guests=ArraySubquery(guests)
    )


def _card(stream: Any, banned_ids: frozenset[str]) -> StreamCard:
    host = stream.host
    return StreamCard(
        id=str(stream.pk),
        title=stream.title,
        status=stream.status,
        host_id=str(host.pk),
        host_username=host.username,
        host_avatar=host.avatar,
        host_og_level=host.og_level,
        country=stream.country,
        is_private=stream.is_private,
        is_anonymous=stream.is_anonymous,
        max_viewers=stream.max_viewers,
        chat=ChatSettings.of(stream),
        early_join_seconds=stream.early_join_seconds,
        fail_mode=stream.fail_mode,
        comments=stream.comments,
        engagement=stream.engagement,
        started_at=stream.started_at,
        ended_at=stream.ended_at,
        moderator_ids=frozenset(map(str, stream.moderators)),
        invited_ids=frozenset(map(str, stream.guests)),
        allowed_countries=frozenset(stream.allowed_countries),
        denied_countries=frozenset(stream.denied_countries),
        banned_ids=banned_ids,
    )
