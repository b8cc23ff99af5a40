"""Handling the commands of the moderators' queue: the role of whoever sends one is read each time."""

from collections.abc import Callable
from typing import Any

import msgspec

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
    ListQueue,
    SendReport,
    UnclaimItems,
    UndoItems,
    WatchQueue,
)
from moderation.models.queue import Outcome, ReportReason
from moderation.plain_text import require_text
from moderation.render import QueueItem, render_items
from moderation.rooms import QUEUE_ROOM
from moderation.selectors.queue import access_moderator, items
from moderation.services import queue, reports
from moderation.services.queue import Moderator
from moderation.subjects import subject_kind

_PAGE = 50


class QueuePage(msgspec.Struct, kw_only=True, rename="camel"):
    """A page of the queue.

    Attributes:
        items: at most 50.
        has_more: whether there are more, `after` these.
    """

    items: list[QueueItem]
    has_more: bool


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
async def queue_watch(context: Context, command: WatchQueue) -> None:
    """Enter the moderators' room."""
    connection = context.caller
    assert isinstance(connection, Connection)
    await in_database(rooms.authorize, context.identity, QUEUE_ROOM)
    if not hub.is_member(connection, QUEUE_ROOM):
        async with hub.joining(connection, QUEUE_ROOM) as entry:
            entry.admit(await bus.position(QUEUE_ROOM))


@handles(ListQueue)
async def queue_list(context: Context, command: ListQueue) -> QueuePage:
    """Read a page of the queue."""
    return await in_database(_page, context, command)


def _page(context: Context, command: ListQueue) -> QueuePage:
    moderator = access_moderator(context.identity.user_id)
    found = items(
        decided=command.decided,
        kind=command.kind,
        category=command.category,
        stream=int(command.stream_id) if command.stream_id else None,
        user=int(command.user_id) if command.user_id else None,
        of=moderator.pk if command.mine else None,
    )
    page = list(found[command.after : command.after + _PAGE + 1])
    return QueuePage(items=render_items(page[:_PAGE]), has_more=len(page) > _PAGE)


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
