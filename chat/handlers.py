"""Handling the commands of chat."""

from django.conf import settings

from chat import manners, render, selectors, services
from chat.events import PinMessage, RemoveMessage, SendMessage, WatchLounge
from chat.models import Kind, Visibility
from chat.rooms import LoungeRooms, lounge_room
from chat.services import Draft, gift_lines, pins, removal
from chat.text import require_emoji
from gateway import limits, rooms
from gateway.batch import Batcher
from gateway.connection import Connection
from gateway.database import in_database
from gateway.dispatch import Context, handles
from gateway.errors import CommandError, ErrorCode
from gateway.events import Standing
from gateway.hub import hub
from gateway.idempotency import Answer
from gateway.identity import Identity, identify_session
from gateway.resuming import resume
from moderation.plain_text import require_text
from streams.selectors import StreamCard, access_cached_card, require_og_level
from streams.services.lines import writes_gift_lines
from streams.services.rollups import counts_minutes
from streams.snapshot import contribute

batcher = Batcher[Draft](lambda drafts: services.send_messages(drafts=drafts), settings.CHAT_BATCH_MESSAGES)

# The legacy `type` of a command means who sees the message and what it is.
_TYPES = {
    "public": (Visibility.PUBLIC, Kind.TEXT),
    "text": (Visibility.PUBLIC, Kind.TEXT),
    "emoji": (Visibility.PUBLIC, Kind.EMOJI),
    "gift": (Visibility.GIFT, Kind.GIFT),
    "private": (Visibility.PRIVATE, Kind.TEXT),
    "lounge": (Visibility.LOUNGE, Kind.TEXT),
}


@handles(SendMessage)
async def chat_new(context: Context, command: SendMessage) -> Answer:
    """Check who says what where, and how fast; then it is judged, stored and announced with its batch."""
    author = context.identity
    card = await access_cached_card(author, command.stream_id)
    manners.require_manners(author, card, command.message)
    await limits.spend(manners.buckets(author, card, command.message))
    if not card.is_live:
        raise CommandError(ErrorCode.NOT_LIVE)
    visibility, kind = _TYPES[command.type]
    if visibility is Visibility.LOUNGE:
        await in_database(selectors.require_lounge, card, author)
    if command.spotlight:
        await _require_spotlight(author)
    text = require_emoji(command.message) if kind is Kind.EMOJI else require_text(command.message)
    return await batcher.submit(
        Draft(
            author=author,
            card=card,
            text=text,
            type=visibility,
            message_type=kind,
            reply_to=int(command.reply_to) if command.reply_to else None,
            spotlight=command.spotlight,
            key=context.key,
        )
    )


@handles(RemoveMessage)
async def chat_remove(context: Context, command: RemoveMessage) -> None:
    """Take a message back; who may is read now."""
    identity = await _identity_now(context)
    message, card = await in_database(selectors.access_message, identity, command.message_id)
    await in_database(removal.remove_message, remover=identity, message=message, card=card)


@handles(PinMessage)
async def chat_pin(context: Context, command: PinMessage) -> None:
    """Pin a message, or take it down; who may is read now."""
    identity = await _identity_now(context)
    message, card = await in_database(selectors.access_message, identity, command.message_id)
    act = pins.pin_message if command.pinned else pins.unpin_message
    await in_database(act, pinner=identity, message=message, card=card)


@handles(WatchLounge)
async def lounge_watch(context: Context, command: WatchLounge) -> Standing | None:
    """Enter the lounge, or leave it; who may enter is read now."""
    connection = context.caller
    assert isinstance(connection, Connection)
    room = lounge_room(command.stream_id)
    hub.leave(connection, room)
    if not command.watch:
        return None
    identity = await _identity_now(context)
    await in_database(rooms.authorize, identity, room)
    _require_place_in_lounges(connection)
    async with hub.joining(connection, room) as entry:
        listener = await resume(room, command.since)
        entry.admit_after_answer(listener.position)
    return listener.standing


async def _identity_now(context: Context) -> Identity:
    return await in_database(identify_session, context.identity.user_id, context.identity.session_id)


async def _require_spotlight(author: Identity) -> None:
    await in_database(require_og_level, int(author.user_id), settings.CHAT_SPOTLIGHT_FROM_OG_LEVEL)
    await limits.spend(limits.rate("spotlight", author.user_id))


def _require_place_in_lounges(connection: Connection) -> None:
    watched = sum(other.kind == LoungeRooms.name for other in connection.rooms)
    if settings.GATEWAY_LIMITS_ENABLED and watched >= settings.GATEWAY_MAX_ROOMS_PER_USER:
        raise CommandError(ErrorCode.TOO_MANY_ROOMS, limits={"rooms": settings.GATEWAY_MAX_ROOMS_PER_USER})


@contribute("pinned")
def pinned_message(card: StreamCard) -> object:
    """The pinned message, for a joiner's snapshot."""
    return pins.pinned_of(card)


@contribute("messages")
def last_messages(card: StreamCard) -> list[object]:
    """The last public messages, for a joiner's snapshot. Events that follow may repeat one: its `id` tells."""
    page = selectors.page_before(selectors.access_messages(card, None), None, settings.CHAT_SNAPSHOT_MESSAGES)
    return [render.render(message, card) for message in page.messages]


counts_minutes(selectors.comments_by_minute)
writes_gift_lines(gift_lines.write_gift_lines)
