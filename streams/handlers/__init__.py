"""Handling the commands of streams."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from django.conf import settings
from django.utils import timezone
from msgspec.structs import asdict

from gateway import rooms
from gateway.bus import bus
from gateway.connection import Connection
from gateway.database import in_database
from gateway.dispatch import Context, handles, handles_disconnect
from gateway.errors import CommandError, ErrorCode
from gateway.hub import hub
from gateway.idempotency import Answer
from gateway.identity import Identity
from gateway.presence import presence
from gateway.resuming import Resumption, resume
from gateway.rooms import Room
from gateway.shared import SharedReading
from streams import metrics, selectors, services, snapshot, whereabouts
from streams.bans import require_not_banned
from streams.events import Host, JoinStream, LeaveStream, React, StreamJoined, UpdateMetrics
from streams.events.battle import AcceptBattle, DeclineBattle, InviteToBattle
from streams.events.throne import ClaimThrone, ThroneState, ThroneWatched, WatchThrone
from streams.rooms import StreamRooms, ThroneRooms, moderator_room, stream_room, throne_room
from streams.selectors import StreamCard
from streams.services import battles, challenges, throne
from streams.snapshot import contribute

_NOTHING = msgspec.Raw(b"null")
# Users of this process who came into a stream unannounced: (user id, stream id).
_unannounced: set[tuple[str, str]] = set()
_counts = SharedReading[dict[str, int]]()


@handles(JoinStream)
async def stream_join(context: Context, command: JoinStream) -> StreamJoined:
    """Enter the room, and be told all of it: what was missed since `since`, or a snapshot."""
    connection = context.caller
    assert isinstance(connection, Connection)
    card = await selectors.access_cached_card(context.identity, command.stream_id)
    room = stream_room(card.id)
    await _require_entry(card, context.identity, command.entry)
    await _require_place(connection, room)
    # Joining again starts anew, so that a client may ask for a fresh snapshot at any time.
    hub.leave(connection, room)
    is_ghost = command.entry == "ghost"
    async with (
        hub.joining(connection, room, counted=not is_ghost) as entry,
        _joining_moderators(connection, card, command) as moderators,
    ):
        await _require_capacity(card, context.identity, room, entry.place)
        # From here on an order to leave would find the connection in the room.
        await in_database(require_not_banned, context.identity, card.id)
        joiner = await resume(room, command.since)
        shown = _NOTHING
        if joiner.missed is None:
            view = await snapshot.view(card, entry)
            joiner, shown = Resumption(view.position, None), view.parts
        joined = await _describe(card, joiner, shown, moderators)
        connection.send_event("stream:join", joined)
        entry.admit(joiner.position)
    await whereabouts.note(context.identity.user_id, card.id)
    if command.entry != "normal":
        # A connection that is brought back would come in openly.
        connection.trail = None
        _unannounced.add((context.identity.user_id, card.id))
        return joined
    _unannounced.discard((context.identity.user_id, card.id))
    await in_database(
        services.announce_join,
        identity=context.identity,
        stream_id=card.id,
        members=joined.viewers,
        connection_id=connection.id,
    )
    return joined


@handles(LeaveStream)
async def stream_leave(context: Context, command: LeaveStream) -> None:
    """Leave the room; the leaver is told too, as released apps expect."""
    connection = context.caller
    assert isinstance(connection, Connection)
    room = stream_room(command.stream_id)
    if not hub.leave(connection, room):
        raise CommandError(ErrorCode.NOT_JOINED)
    hub.leave(connection, moderator_room(command.stream_id))
    connection.send_event("stream:leave", services.left(context.identity, command.stream_id))
    (members,) = await presence.totals([room.wire])
    await in_database(whereabouts.forget, context.identity.user_id, command.stream_id)
    if not _leave_unannounced(context.identity, command.stream_id):
        await in_database(
            services.announce_leave, identity=context.identity, stream_id=command.stream_id, members=members
        )


def _leave_unannounced(identity: Identity, stream_id: str) -> bool:
    """Whether the user came in unannounced, and so leaves."""
    place = (identity.user_id, stream_id)
    unannounced = place in _unannounced
    _unannounced.discard(place)
    return unannounced


@handles_disconnect(StreamRooms.name)
def stream_left(identity: Identity, stream_id: str, members: int) -> None:
    """A viewer's socket is gone."""
    whereabouts.forget(identity.user_id, stream_id)
    if not _leave_unannounced(identity, stream_id):
        services.announce_leave(identity=identity, stream_id=stream_id, members=members)


@handles(React)
async def stream_react(context: Context, command: React) -> None:
    """Like a stream that is live."""
    card = await selectors.access_cached_card(context.identity, command.stream_id)
    if not card.is_live:
        raise CommandError(ErrorCode.NOT_LIVE)
    await in_database(services.react, identity=context.identity, stream_id=card.id, reaction=command.reaction)


@handles(UpdateMetrics)
async def metrics_update(context: Context, command: UpdateMetrics) -> None:
    """Take the encoder's numbers from the host, and from nobody else."""
    card = await in_database(selectors.access_card, context.identity, command.stream_id)
    if not card.is_host(context.identity):
        raise CommandError(ErrorCode.ACCESS_DENIED)
    await in_database(services.report_metrics, stream_id=card.id, reported=command.metrics)


async def _require_entry(card: StreamCard, identity: Identity, entry: str) -> None:
    """Check that the user may come in now, and in this way, by their tier as it is now."""
    user_id = int(identity.user_id)
    level = settings.STREAM_ENTRY_FROM_OG_LEVEL[entry]
    if level:
        await in_database(selectors.require_og_level, user_id, level)
    opens_in = card.opens_in(timezone.now())
    if not opens_in or card.may_moderate(identity):
        return
    try:
        await in_database(selectors.require_og_level, user_id, settings.STREAM_EARLY_FROM_OG_LEVEL)
    except CommandError as error:
        raise CommandError(ErrorCode.EARLY_ACCESS, retry_after=round(opens_in, 1)) from error


async def _require_place(connection: Connection, room: Room) -> None:
    if not settings.GATEWAY_LIMITS_ENABLED:
        return
    here = {other.key for other in connection.rooms if other.kind == StreamRooms.name}
    joined = here | await whereabouts.known(connection.identity.user_id)
    if len(joined - {room.key}) >= settings.GATEWAY_MAX_ROOMS_PER_USER:
        raise CommandError(ErrorCode.TOO_MANY_ROOMS, limits={"rooms": settings.GATEWAY_MAX_ROOMS_PER_USER})


async def _require_capacity(card: StreamCard, identity: Identity, room: Room, place: int) -> None:
    if card.max_viewers is None or card.may_moderate(identity):
        return
    if not await presence.fits(room.wire, place, card.max_viewers):
        raise CommandError(ErrorCode.ROOM_FULL)


async def _describe(
    card: StreamCard, joiner: Resumption, shown: msgspec.Raw, moderators: Resumption | None
) -> StreamJoined:
    (viewers,) = await presence.totals([stream_room(card.id).wire])
    counted = await _counts.get(card.id, lambda: in_database(metrics.counts, card.id))
    return StreamJoined(
        id=card.id,
        title=card.title,
        host=Host(id=card.host_id, username=card.host_username, avatar=card.host_avatar, og_level=card.host_og_level),
        viewers=viewers,
        metrics=metrics.numbers(card, viewers=viewers, counted=counted),
        status=card.status,
        is_anonymous=card.is_anonymous,
        country=card.country,
        room_size=viewers,
        snapshot=shown,
        **asdict(joiner.standing),
        moderators=moderators.standing if moderators is not None else None,
    )


@asynccontextmanager
async def _joining_moderators(
    connection: Connection, card: StreamCard, command: JoinStream
) -> AsyncIterator[Resumption | None]:
    """Who moderates the stream enters its moderators' room too, after what the caller tells it."""
    if not card.may_moderate(connection.identity):
        yield None
        return
    room = moderator_room(card.id)
    await in_database(rooms.authorize, connection.identity, room)
    hub.leave(connection, room)
    async with hub.joining(connection, room) as entry:
        moderator = await resume(room, command.moderators_since)
        yield moderator
        entry.admit(moderator.position)


# --- The throne and battles -----------------------------------------------------------------------


@handles(ClaimThrone)
async def throne_claimed(context: Context, command: ClaimThrone) -> Answer:
    """Decide a claim; who claims over a live socket follows the throne from then on, whatever is decided."""
    card = await in_database(selectors.access_card, context.identity, command.stream_id)
    if isinstance(context.caller, Connection):
        await _watch_throne(context.caller, card.id)
    return await in_database(throne.claim_throne, claimer=context.identity, card=card, key=context.key)


@handles(WatchThrone)
async def throne_watch(context: Context, command: WatchThrone) -> ThroneState:
    """Enter the throne's room, or leave it; the answer is the throne as it stands."""
    connection = context.caller
    assert isinstance(connection, Connection)
    card = await in_database(selectors.access_card, context.identity, command.stream_id)
    room = throne_room(card.id)
    hub.leave(connection, room)
    if not command.watch:
        return await in_database(throne.throne_of, int(card.id))
    _require_place_at_throne(connection)
    async with hub.joining(connection, room) as entry:
        follower = await resume(room, command.since)
        state = await in_database(throne.throne_of, int(card.id))
        entry.admit_after_answer(follower.position)
    return ThroneWatched(holder=state.holder, needed=state.needed, **asdict(follower.standing))


@handles(InviteToBattle)
async def battle_invite(context: Context, command: InviteToBattle) -> Answer:
    """Challenge another host."""
    card, opponent = [
        await in_database(selectors.access_card, context.identity, stream_id)
        for stream_id in (command.stream_id, command.opponent_stream_id)
    ]
    return await in_database(
        challenges.invite_to_battle, host=context.identity, card=card, opponent=opponent, key=context.key
    )


@handles(AcceptBattle)
async def battle_accept(context: Context, command: AcceptBattle) -> Answer:
    """Begin the battle one was challenged to."""
    return await in_database(challenges.accept_battle, host=context.identity, battle_id=command.battle_id)


@handles(DeclineBattle)
async def battle_decline(context: Context, command: DeclineBattle) -> Answer:
    """Begin no battle."""
    return await in_database(challenges.decline_battle, host=context.identity, battle_id=command.battle_id)


@contribute("throne")
def throne_part(card: StreamCard) -> object:
    """The throne, for a joiner's snapshot."""
    return throne.throne_of(int(card.id))


@contribute("topGifters")
def top_gifters_part(card: StreamCard) -> object:
    """Who gifted most, for a joiner's snapshot."""
    return metrics.top_gifters([card.id])[card.id]


@contribute("battle")
def battle_part(card: StreamCard) -> object:
    """The battle the stream is in, for those who join late."""
    return battles.battle_of(int(card.id))


async def _watch_throne(connection: Connection, stream_id: str) -> None:
    room = throne_room(stream_id)
    if hub.is_member(connection, room):
        return
    _require_place_at_throne(connection)
    async with hub.joining(connection, room) as entry:
        entry.admit(await bus.position(room))


def _require_place_at_throne(connection: Connection) -> None:
    watched = sum(other.kind == ThroneRooms.name for other in connection.rooms)
    if settings.GATEWAY_LIMITS_ENABLED and watched >= settings.GATEWAY_MAX_ROOMS_PER_USER:
        raise CommandError(ErrorCode.TOO_MANY_ROOMS, limits={"rooms": settings.GATEWAY_MAX_ROOMS_PER_USER})
