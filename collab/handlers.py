"""Handling the commands of collaboration."""

from collections import OrderedDict

from django.conf import settings
from msgspec.structs import asdict

from collab import selectors
from collab.events import (
    AwarenessShared,
    EditFields,
    JoinSession,
    LeaveSession,
    SessionJoined,
    ShareAwareness,
    SyncText,
    TextSynced,
)
from collab.models import Kind, Role
from collab.render import field_card, participant_card
from collab.rooms import SessionRooms, session_room
from collab.services import awareness, sessions, text
from collab.services.fields import edit_fields
from collab.services.text import Draft
from collab.yjs.messages import State, Step, read_awareness, read_state_vector, read_sync, write_sync
from gateway import limits
from gateway.batch import Batcher
from gateway.connection import Connection
from gateway.database import in_database
from gateway.dispatch import Context, handles, handles_disconnect
from gateway.errors import CommandError, ErrorCode
from gateway.events import Delivery, Standing, iso
from gateway.hub import hub
from gateway.idempotency import Answer
from gateway.identity import Identity
from gateway.resuming import resume
from gateway.rooms import Room

_EMPTY_UPDATE = b"\x00\x00"
_MAX_BATCHERS = 1000
_batchers: OrderedDict[int, Batcher[Draft]] = OrderedDict()
# What each connection called its own document, by session: (Yjs client id, clock).
_cursors: dict[str, dict[str, State]] = {}


# --- Coming and going -----------------------------------------------------------------------------


@handles(JoinSession)
async def collab_join(context: Context, command: JoinSession) -> SessionJoined:
    """Enter the room, and be told how the session stands and what was missed."""
    connection = context.caller
    assert isinstance(connection, Connection)
    user_id, session_id = int(context.identity.user_id), command.session_id
    await in_database(selectors.access_session, user_id, session_id)
    room = session_room(session_id)
    _require_place(connection, room)
    hub.leave(connection, room)
    async with hub.joining(connection, room) as entry:
        joiner = await resume(room, command.since)
        # Read again now that this socket would hear of it: the role may have been taken away meanwhile.
        joined = await in_database(_describe, user_id, session_id, joiner.standing)
        others = await in_database(awareness.others, session_id)
        if others is not None:
            shared = AwarenessShared(message=others, session_id=session_id, user_id="")
            connection.send_event("collab:awareness", shared, Delivery.VOLATILE)
        await in_database(
            sessions.announce_join,
            identity=context.identity,
            session_id=session_id,
            role=Role(joined.role),
            connection_id=connection.id,
        )
        entry.admit_after_answer(joiner.position)
    return joined


@handles(LeaveSession)
async def collab_leave(context: Context, command: LeaveSession) -> None:
    """Leave the room."""
    connection = context.caller
    assert isinstance(connection, Connection)
    if not hub.leave(connection, session_room(command.session_id)):
        raise _not_joined()
    await in_database(_say_goodbye, context.identity, command.session_id)


@handles_disconnect(SessionRooms.name)
def collab_left(identity: Identity, session_id: str, members: int) -> None:
    """A member's socket is gone."""
    _say_goodbye(identity, session_id)


def _say_goodbye(identity: Identity, session_id: str) -> None:
    room, cursors = session_room(session_id), _cursors.get(session_id, {})
    for connection_id, state in list(cursors.items()):
        connection = hub.connections.get(connection_id)
        if connection is None or not hub.is_member(connection, room):
            cursors.pop(connection_id, None)
            gone = State(state.client_id, state.clock + 1, None)
            awareness.share(identity=identity, session_id=session_id, state=gone)
    if not cursors:
        _cursors.pop(session_id, None)
    sessions.announce_leave(identity=identity, session_id=session_id)


def _require_place(connection: Connection, room: Room) -> None:
    others = [other for other in connection.rooms if other.kind == SessionRooms.name and other != room]
    if len(others) >= settings.GATEWAY_MAX_ROOMS_PER_USER:
        raise CommandError(ErrorCode.TOO_MANY_ROOMS, limits={"rooms": settings.GATEWAY_MAX_ROOMS_PER_USER})


def _describe(user_id: int, session_id: str, standing: Standing) -> SessionJoined:
    access = selectors.access_session(user_id, session_id)
    session = access.session
    return SessionJoined(
        id=str(session.pk),
        kind=session.kind,
        title=session.title,
        status=session.status,
        role=access.role,
        creator_id=str(session.creator_id),
        expires_at=iso(session.expires_at),
        participants=[participant_card(participant) for participant in selectors.participants(session.pk)],
        fields=[field_card(field) for field in selectors.fields_of(session.pk)],
        version=session.version,
        **asdict(standing),
    )


# --- The text -------------------------------------------------------------------------------------


@handles(SyncText)
async def collab_sync(context: Context, command: SyncText) -> Answer | None:
    """Answer what a client lacks, or store and announce what it wrote."""
    connection = _member(context, command.session_id)
    try:
        sync = read_sync(command.message)
    except ValueError as error:
        raise _malformed(error) from error
    if sync.step is Step.QUESTION:
        await _answer(connection, command.session_id, sync.data)
        return None
    if sync.data == _EMPTY_UPDATE:
        return None
    limit = "collab_large_update" if len(sync.data) > settings.COLLAB_LARGE_UPDATE_BYTES else "collab_update"
    await limits.spend(limits.rate(limit, context.identity.user_id))
    return await _batcher(int(command.session_id)).submit(Draft(int(context.identity.user_id), sync.data))


async def _answer(connection: Connection, session_id: str, state_vector: bytes) -> None:
    user_id = connection.identity.user_id
    await limits.spend(limits.rate("collab_question", user_id))
    try:
        read_state_vector(state_vector)
    except ValueError as error:
        raise _malformed(error) from error
    missing = await in_database(
        text.read_missing, user_id=int(user_id), session_id=session_id, state_vector=state_vector
    )
    _send(connection, session_id, write_sync(Step.ANSWER, missing.update))
    if missing.may_write:
        # Its answer brings what was written while it was away.
        _send(connection, session_id, write_sync(Step.QUESTION, missing.state_vector))


def _send(connection: Connection, session_id: str, message: bytes) -> None:
    synced = TextSynced(message=message, session_id=session_id, user_id="")
    connection.send_event("collab:sync", synced, Delivery.ORDERED)


def _batcher(session_id: int) -> Batcher[Draft]:
    batcher = _batchers.get(session_id)
    if batcher is None:
        batcher = _batchers[session_id] = Batcher(
            lambda drafts: text.write_updates(session_id=session_id, drafts=drafts), settings.COLLAB_BATCH_UPDATES
        )
        if len(_batchers) > _MAX_BATCHERS:
            # One that is busy finishes its work all the same.
            _batchers.popitem(last=False)
    _batchers.move_to_end(session_id)
    return batcher


@handles(ShareAwareness)
async def collab_awareness(context: Context, command: ShareAwareness) -> None:
    """Pass on what a client says of itself, and not what it says of others, as stock clients repeat what they hear."""
    connection = _member(context, command.session_id)
    try:
        states = read_awareness(command.message)
    except ValueError as error:
        raise _malformed(error) from error
    state = _own_state(connection, command.session_id, states)
    if state is not None:
        await in_database(awareness.share, identity=context.identity, session_id=command.session_id, state=state)


def _own_state(connection: Connection, session_id: str, states: list[State]) -> State | None:
    """The state of the connection's own document. Each client begins with it, before it has heard of others."""
    cursors = _cursors.setdefault(session_id, {})
    own = cursors.get(connection.id)
    if own is None and len(states) != 1:
        return None
    client_id = own.client_id if own is not None else states[0].client_id
    state = next((state for state in states if state.client_id == client_id), None)
    if state is None or (own is not None and state.clock <= own.clock):
        return None
    cursors[connection.id] = state
    return state


def _member(context: Context, session_id: str) -> Connection:
    connection = context.caller
    assert isinstance(connection, Connection)
    if not hub.is_member(connection, session_room(session_id)):
        raise _not_joined()
    return connection


def _not_joined() -> CommandError:
    return CommandError(ErrorCode.NOT_JOINED, "Join the session first")


def _malformed(error: ValueError) -> CommandError:
    return CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {error}")


# --- Fields ---------------------------------------------------------------------------------------


@handles(EditFields)
async def content_updated(context: Context, command: EditFields) -> Answer:
    """Change fields."""
    return await in_database(
        edit_fields,
        user_id=int(context.identity.user_id),
        session_id=command.session_id,
        kind=Kind(command.edit_type),
        changes=command.changes,
        base_version=command.base_version,
        key=context.key,
    )
