"""Handling the commands of the moderators' queue: the role of whoever sends one is read each time."""

from collections.abc import Callable
from typing import Any

from audit.services import Actor
from gateway import rooms
from gateway.bus import bus
from gateway.connection import Connection
from gateway.database import in_database
from gateway.dispatch import Context, handles
from gateway.hub import hub
from gateway.idempotency import Answer
from moderation.events.queue import (
    AssignItems,
    ClaimItems,
    DecideItems,
    DropFilter,
    KeepFilter,
    ListFilters,
    ListQueue,
    ReadItem,
    SendReport,
    UnclaimItems,
    UndoItems,
    WatchQueue,
)
from moderation.models.queue import Outcome, ReportReason
from moderation.plain_text import require_text
from moderation.render.queue import (
    ItemDetails,
    KeptFilters,
    QueuePage,
    Watching,
    read_filters,
    read_item,
    read_queue,
    read_watching,
    view_of,
)
from moderation.rooms import QUEUE_ROOM
from moderation.selectors.queue import access_item, access_moderator
from moderation.services import filters, queue, reports
from moderation.services.queue import Moderator
from moderation.subjects import subject_kind


@handles(SendReport)
async def report_send(context: Context, command: SendReport) -> Answer:
    """Take a report of something the user may see."""
    note = require_text(command.note) if command.note else ""
    return await in_database(_report, context, command, note)


def _report(context: Context, command: SendReport, note: str) -> Answer:
    subject = subject_kind(command.subject_kind).access(context.identity, command.subject_id)
    return reports.send_report(
        reporter=context.identity,
        subject_kind=command.subject_kind,
        subject=subject,
        reason=ReportReason(command.reason),
        note=note,
        key=context.key,
    )


@handles(WatchQueue)
async def queue_watch(context: Context, command: WatchQueue) -> Watching:
    """Enter the moderators' room, and tell what was told there before and holds still."""
    connection = context.caller
    assert isinstance(connection, Connection)
    await in_database(rooms.authorize, context.identity, QUEUE_ROOM)
    if not hub.is_member(connection, QUEUE_ROOM):
        async with hub.joining(connection, QUEUE_ROOM) as entry:
            entry.admit(await bus.position(QUEUE_ROOM))
    return await in_database(read_watching)


@handles(ListQueue)
async def queue_list(context: Context, command: ListQueue) -> QueuePage:
    """Read a page of the queue."""
    return await in_database(lambda: read_queue(access_moderator(context.identity.user_id), command))


@handles(ReadItem)
async def queue_read(context: Context, command: ReadItem) -> ItemDetails:
    """Read one item."""

    def read() -> ItemDetails:
        access_moderator(context.identity.user_id)
        return read_item(access_item(command.id))

    return await in_database(read)


@handles(ListFilters)
async def queue_filters(context: Context, command: ListFilters) -> KeptFilters:
    """Read the moderator's views."""
    return await in_database(lambda: read_filters(access_moderator(context.identity.user_id)))


@handles(KeepFilter)
async def queue_keep_filter(context: Context, command: KeepFilter) -> KeptFilters:
    """Keep a view."""
    name = require_text(command.name)

    def keep() -> KeptFilters:
        owner = access_moderator(context.identity.user_id)
        filters.keep_filter(owner=owner, name=name, view=view_of(command))
        return read_filters(owner)

    return await in_database(keep)


@handles(DropFilter)
async def queue_drop_filter(context: Context, command: DropFilter) -> KeptFilters:
    """Keep a view no longer."""

    def drop() -> KeptFilters:
        owner = access_moderator(context.identity.user_id)
        filters.drop_filter(owner=owner, filter_id=int(command.id))
        return read_filters(owner)

    return await in_database(drop)


@handles(ClaimItems)
async def queue_claim(context: Context, command: ClaimItems) -> Answer:
    """Take items."""
    return await _act(context, queue.claim, items=command.items)


@handles(UnclaimItems)
async def queue_unclaim(context: Context, command: UnclaimItems) -> Answer:
    """Give items back."""
    return await _act(context, queue.unclaim, items=command.items)


@handles(AssignItems)
async def queue_assign(context: Context, command: AssignItems) -> Answer:
    """Hand items to a moderator."""
    to = await in_database(access_moderator, command.user_id) if command.user_id else None
    return await _act(context, queue.assign, items=command.items, to=to)


@handles(DecideItems)
async def queue_decide(context: Context, command: DecideItems) -> Answer:
    """Decide items."""
    return await _act(
        context, queue.decide, items=command.items, outcome=Outcome(command.outcome), reason=command.reason
    )


@handles(UndoItems)
async def queue_undo(context: Context, command: UndoItems) -> Answer:
    """Take decisions back."""
    return await _act(context, queue.undo, items=command.items)


async def _act(context: Context, service: Callable[..., Answer], **arguments: Any) -> Answer:
    def act() -> Answer:
        user = access_moderator(context.identity.user_id)
        moderator = Moderator(user, Actor.api(user.pk, context.caller.address))
        return service(moderator=moderator, key=context.key, **arguments)

    return await in_database(act)
