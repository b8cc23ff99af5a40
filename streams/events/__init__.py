"""Commands and events of streams; those of the throne and of battles have modules of their own."""

from typing import Annotated, Any, Literal

import msgspec

from gateway.events import Command, Delivery, Event, Id, MissedEvent, Since, Standing, command, event
from streams.events.throne import TopGifter


@command("stream:join", limit="join", needs_connection=True, example={"streamId": "7"})
class JoinStream(Command):
    """Enter a stream's room. With `since`, what was missed is sent instead of a snapshot, when it is still kept.

    Who may moderate the stream enters its moderators' room too, where whispers are seen, and may name the last place
    seen there by `moderatorsSince`.
    """

    stream_id: Id
    since: Since | None = None
    moderators_since: Since | None = None
    entry: Literal["normal", "stealth", "ghost"] = "normal"


@command("stream:leave", needs_connection=True, example={"streamId": "7"})
class LeaveStream(Command):
    """Leave a stream's room."""

    stream_id: Id


@command("stream:react", limit="react", example={"streamId": "7", "reaction": "like"})
class React(Command):
    """Like the stream, in one of several ways. Animated ones need OG level 2."""

    stream_id: Id
    reaction: Literal["like", "love", "laugh", "wow", "clap", "confetti", "fireworks", "rocket"]


@event(
    "stream:react",
    to="the room; the first thing a slow client misses",
    delivery=Delivery.VOLATILE,
    example={
        "userId": "2", "username": "bob", "reaction": "like", "animated": False,
        "timestamp": "2026-01-01T12:00:00.000Z", "streamId": "7",
    },
)  # fmt: skip
class Reacted(Event):
    """Somebody likes the stream."""

    user_id: str
    username: str
    reaction: str
    animated: bool
    timestamp: str
    stream_id: str


MetricName = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^\w+$")]
MetricValue = int | float | bool | Annotated[str, msgspec.Meta(max_length=100)]


@command("metrics:update", example={"streamId": "7", "metrics": {"bitrate": 4500}})
class UpdateMetrics(Command):
    """What the host's encoder reports; merged under `client`."""

    stream_id: Id
    metrics: Annotated[dict[MetricName, MetricValue], msgspec.Meta(max_length=20)]


class Host(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """The host of a stream, as viewers see them."""

    id: str
    username: str
    avatar: str
    og_level: int


class Metrics(msgspec.Struct, kw_only=True, frozen=True, rename="camel", omit_defaults=True):
    """A stream's numbers. `duration` is in seconds since the stream went live; `topGifters` come with updates.

    `reactions` tells of which kinds the likes were, as far as Redis has counted them.
    """

    viewers: int
    likes: int
    gifts: int
    comments: int
    duration: int
    status: str
    coins: int = 0
    engagement: int = 0
    reactions: dict[str, int] = {}
    top_gifters: list[TopGifter] = []
    client: dict[str, Any] | None = None


@event(
    "stream:join",
    to="the joiner",
    delivery=Delivery.DURABLE,
    example={
        "id": "7", "title": "Sunday set", "host": {"id": "1", "username": "alice", "avatar": "", "ogLevel": 0},
        "viewers": 2,
        "metrics": {"viewers": 2, "likes": 0, "gifts": 0, "comments": 0, "duration": 60, "status": "live"},
        "status": "live", "isAnonymous": False, "country": "DE", "roomSize": 2, "recovered": False, "events": [],
        "snapshot": {
            "throne": None, "battle": None, "pinned": None, "messages": [], "settings": {"slowModeSeconds": 0},
        },
        "epoch": "9f1c2b3a", "seq": 41, "moderators": None,
    },
)  # fmt: skip
class StreamJoined(Event):
    """The stream as the joiner finds it. `snapshot` is null when `recovered`, `events` is empty otherwise.

    `moderators` says the same of the moderators' room to those who are in it.
    """

    id: str
    title: str
    host: Host
    viewers: int
    metrics: Metrics
    status: str
    is_anonymous: bool
    country: str
    room_size: int
    recovered: bool
    events: list[MissedEvent]
    snapshot: msgspec.Raw
    epoch: str
    seq: int
    moderators: Standing | None


@event(
    "stream:join",
    to="the others in the room, while it has at most 100 members",
    delivery=Delivery.VOLATILE,
    example={"userId": "2", "username": "bob", "timestamp": "2026-01-01T12:00:00.000Z", "streamId": "7"},
)
class ViewerJoined(Event):
    """Somebody has come in."""

    user_id: str
    username: str
    timestamp: str
    stream_id: str


@event(
    "stream:leave",
    to="the room, while it has at most 100 members, and the leaver",
    delivery=Delivery.VOLATILE,
    example={"userId": "2", "username": "bob", "timestamp": "2026-01-01T12:00:00.000Z", "streamId": "7"},
)
class ViewerLeft(Event):
    """Somebody has left."""

    user_id: str
    username: str
    timestamp: str
    stream_id: str


@event(
    "metrics:update",
    to="the room, at most once a second, when something changed",
    delivery=Delivery.LATEST,
    example={
        "streamId": "7", "timestamp": "2026-01-01T12:00:00.000Z",
        "metrics": {"viewers": 2, "likes": 0, "gifts": 0, "comments": 9, "duration": 60, "status": "live"},
    },
)  # fmt: skip
class MetricsUpdated(Event):
    """The stream's numbers now."""

    stream_id: str
    metrics: Metrics
    timestamp: str
