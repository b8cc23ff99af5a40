"""The queue as moderators read it, over whatever transport: a page of it, one item, and the views they keep."""

from typing import Any

import msgspec

from accounts.models import User
from gateway.events import Command, Id, iso
from moderation.events.queue import ListQueue, QueueView
from moderation.models.queue import Item
from moderation.render import QueueItem, render_items
from moderation.selectors import queue as selectors
from moderation.selectors.second_look import lasting_outage
from moderation.subjects import context


class SecondLookAway(msgspec.Struct, kw_only=True, rename="camel"):
    """That messages are not looked at a second time.

    Attributes:
        provider: who looks: `openai`, `perspective` or `webhook`.
        since: since when it cannot be asked.
    """

    provider: str
    since: str


class Watching(msgspec.Struct, kw_only=True, rename="camel"):
    """The answer to `queue:watch`; what changes from here on is told.

    Attributes:
        second_look_away: the provider of the second look, while it cannot be asked; null otherwise.
    """

    second_look_away: SecondLookAway | None


class QueuePage(msgspec.Struct, kw_only=True, rename="camel"):
    """A page of the queue.

    Attributes:
        items: at most 50.
        next: where the page after it begins, for `after`; empty when there is none.
        count: how many items there are on all pages.
    """

    items: list[QueueItem]
    next: str
    count: int


class ContextLine(msgspec.Struct, kw_only=True, rename="camel"):
    """Something that was written near what an item is about, or that itself.

    Attributes:
        subject_id: its id.
        user_id: who wrote it.
        username: their name.
        text: what was written.
        is_shown: whether people see it now.
        sent_at: when it was written.
    """

    subject_id: str
    user_id: str
    username: str
    text: str
    is_shown: bool
    sent_at: str


class ReportLine(msgspec.Struct, kw_only=True, rename="camel"):
    """One user's report.

    Attributes:
        user_id: who reported.
        username: their name.
        reason: why.
        note: what they say to it.
        weight: what their word was worth then, 0 to 2.
        sent_at: when they reported.
    """

    user_id: str
    username: str
    reason: str
    note: str
    weight: float
    sent_at: str


class ItemDetails(msgspec.Struct, kw_only=True, rename="camel"):
    """An item with all a moderator needs to decide it.

    Attributes:
        item: as `queue:list` has it.
        context: what was written around it, and itself, in order.
        reported_by: who reported it, the first first.
    """

    item: QueueItem
    context: list[ContextLine]
    reported_by: list[ReportLine]


class KeptFilter(msgspec.Struct, kw_only=True, rename="camel"):
    """A view of the queue.

    Attributes:
        id: of the view.
        name: what the moderator calls it.
        view: the fields of `queue:list` that narrow it.
    """

    id: str
    name: str
    view: dict[str, Any]


class KeptFilters(msgspec.Struct, kw_only=True, rename="camel"):
    """The views a moderator keeps.

    Attributes:
        filters: by name.
    """

    filters: list[KeptFilter]


def read_watching() -> Watching:
    """What a moderator must know who begins to watch the queue."""
    outage = lasting_outage()
    if outage is None:
        return Watching(second_look_away=None)
    return Watching(second_look_away=SecondLookAway(provider=outage.provider, since=iso(outage.began_at)))


def read_queue(moderator: User, wanted: ListQueue) -> QueuePage:
    """A page of the queue as it is now."""
    found = selectors.items(
        decided=wanted.decided,
        kind=wanted.kind,
        category=wanted.category,
        stream=_number(wanted.stream_id),
        user=_number(wanted.user_id),
        min_score=wanted.min_score,
    )
    if wanted.assignee:
        assignee = {"me": moderator.pk, "nobody": None}
        found = selectors.of_assignee(
            found, assignee[wanted.assignee] if wanted.assignee in assignee else int(wanted.assignee)
        )
    page = selectors.page_of(found, decided=wanted.decided, after=wanted.after)
    return QueuePage(items=render_items(page.items), next=page.next, count=found.count())


def read_item(item: Item) -> ItemDetails:
    """One item with what was written around it and who reported it."""
    (rendered,) = render_items([item])
    return ItemDetails(
        item=rendered,
        context=[
            ContextLine(
                subject_id=str(line.id),
                user_id=str(line.author_id),
                username=line.author_name,
                text=line.text,
                is_shown=line.is_shown,
                sent_at=iso(line.sent_at),
            )
            for line in context(item.subject_kind, item.subject_id)
        ],
        reported_by=[
            ReportLine(
                user_id=str(report.reporter_id),
                username=report.reporter.username,
                reason=report.reason,
                note=report.note,
                weight=round(report.weight, 2),
                sent_at=iso(report.created_at),
            )
            for report in selectors.reports_of(item.pk)
        ],
    )


def read_filters(moderator: User) -> KeptFilters:
    """The views a moderator keeps."""
    kept = selectors.filters_of(moderator.pk)
    return KeptFilters(filters=[KeptFilter(id=str(one.pk), name=one.name, view=one.view) for one in kept])


def view_of(command: QueueView) -> dict[str, object]:
    """The fields of a view that narrow it, as clients send them."""
    own = {field.name for field in msgspec.structs.fields(QueueView)} - set(Command.__struct_fields__)
    return {
        field.encode_name: getattr(command, field.name)
        for field in msgspec.structs.fields(QueueView)
        if field.name in own and getattr(command, field.name) != field.default
    }


def _number(wanted: Id | None) -> int | None:
    return int(wanted) if wanted else None
