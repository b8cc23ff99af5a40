"""Commands and events of the moderators' queue, and of reports."""

from typing import Annotated, Literal

import msgspec

from gateway.events import Command, Delivery, Event, Id, command, event


class ItemVersion(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """An item as the moderator saw it."""

    id: Id
    version: int


_ITEM = {"id": "5", "version": 1}


@command(
    "report:send",
    limit="report",
    example={"subjectId": "12", "subjectKind": "message", "reason": "harassment", "note": "He goes on and on."},
)
class SendReport(Command):
    """Report something for moderators to look at; once for each thing."""

    subject_id: Id
    reason: Literal["harassment", "hate", "sexual", "threat", "self_harm", "spam", "other"]
    subject_kind: Literal["message"] = "message"
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@command("queue:watch", limit="queue", needs_connection=True, example={})
class WatchQueue(Command):
    """Hear of every change of the queue; for moderators."""


class QueueView(Command, kw_only=True):
    """Which items of the queue; each field narrows it."""

    kind: Annotated[
        Literal["", "hold", "report", "recheck", "evasion", "fraud"],
        msgspec.Meta(description="what brought them here."),
    ] = ""
    category: Annotated[str, msgspec.Meta(max_length=20, description="what they are suspected of.")] = ""
    stream_id: Annotated[Id | None, msgspec.Meta(description="of this stream alone.")] = None
    user_id: Annotated[Id | None, msgspec.Meta(description="about this user alone.")] = None
    assignee: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(me|nobody|[1-9][0-9]{0,17})?$",
            description="`me`: what the moderator has claimed or been assigned; `nobody`; or another moderator's id.",
        ),
    ] = ""
    min_score: Annotated[float, msgspec.Meta(ge=0, le=1, description="those that seem at least this bad, 0 to 1.")] = (
        0.0
    )


@command("queue:list", limit="queue", example={"kind": "report", "minScore": 0.5, "assignee": "nobody"})
class ListQueue(QueueView):
    """Read the queue, the most pressing first; for moderators.

    Attributes:
        decided: what was decided, the last first, instead of what waits.
        after: the `next` of the page before; the first page when it is left out.
    """

    decided: bool = False
    after: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{1,18}-[0-9]{1,18})?$")] = ""


@command("queue:read", limit="queue", example={"id": "5"})
class ReadItem(Command):
    """Read one item with what was written around it and who reported it; for moderators.

    Attributes:
        id: the item.
    """

    id: Id


@command("queue:filters", limit="queue", example={})
class ListFilters(Command):
    """Read the views of the queue the moderator keeps."""


@command("queue:keep_filter", limit="queue", example={"name": "Bad reports", "kind": "report", "minScore": 0.5})
class KeepFilter(QueueView):
    """Keep a view of the queue under a name; the one that had it before is replaced.

    Attributes:
        name: what the moderator calls it, in plain text.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


@command("queue:drop_filter", limit="queue", example={"id": "3"})
class DropFilter(Command):
    """Keep a view no longer.

    Attributes:
        id: of the view.
    """

    id: Id


@command("queue:claim", limit="queue", example={"items": [_ITEM]})
class ClaimItems(Command):
    """Take items for a while, so that nobody else decides them meanwhile."""

    items: Annotated[list[ItemVersion], msgspec.Meta(min_length=1, max_length=50)]


@command("queue:unclaim", limit="queue", example={"items": [_ITEM]})
class UnclaimItems(Command):
    """Give items back."""

    items: Annotated[list[ItemVersion], msgspec.Meta(min_length=1, max_length=50)]


@command("queue:assign", limit="queue", example={"items": [_ITEM], "userId": "4"})
class AssignItems(Command):
    """Ask a moderator to look at items; nobody in particular when `userId` is left out."""

    items: Annotated[list[ItemVersion], msgspec.Meta(min_length=1, max_length=50)]
    user_id: Id | None = None


@command("queue:decide", limit="queue", example={"items": [_ITEM], "outcome": "hide", "reason": "Insults."})
class DecideItems(Command):
    """Decide items: `show` what they are about, or `hide` it. It acts in the room at once.

    Of a flag about a user, `hide` bans the user everywhere, and `show` lets them be.
    """

    items: Annotated[list[ItemVersion], msgspec.Meta(min_length=1, max_length=50)]
    outcome: Literal["show", "hide"]
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


@command("queue:undo", limit="queue", example={"items": [_ITEM]})
class UndoItems(Command):
    """Take decisions back: what people see is as before, and the items wait again."""

    items: Annotated[list[ItemVersion], msgspec.Meta(min_length=1, max_length=50)]


@event(
    "queue:changed",
    to="moderators who watch the queue",
    delivery=Delivery.ORDERED,
    example={
        "itemId": "5", "version": 2, "kind": "report", "status": "claimed", "priority": 3, "byUserId": "4",
        "byUsername": "mona", "timestamp": "2026-01-01T12:00:00.000Z",
    },
)  # fmt: skip
class QueueChanged(Event):
    """An item came, or is not as it was; `queue:list` tells the rest.

    Attributes:
        version: the item's version now.
        kind: what brought it here: `hold`, `report`, `recheck` (a second look), `evasion` or `fraud`.
        status: `open`, `claimed` or `decided`.
        priority: 1 to 4, the most pressing last.
        by_user_id: who did it; null when no moderator did.
        by_username: their name.
    """

    item_id: str
    version: int
    kind: str
    status: str
    priority: int
    by_user_id: str | None
    by_username: str | None
    timestamp: str


@event(
    "report:decided",
    to="those who reported, alone",
    delivery=Delivery.DURABLE,
    example={
        "subjectId": "12", "subjectKind": "message", "outcome": "hide", "timestamp": "2026-01-01T12:00:00.000Z",
    },
)  # fmt: skip
class ReportDecided(Event):
    """A moderator has looked at what the user reported.

    Attributes:
        subject_id: what was reported.
        subject_kind: what kind of thing it is.
        outcome: `hide` when it was taken away, `show` when it stays.
    """

    subject_id: str
    subject_kind: str
    outcome: str
    timestamp: str


@event(
    "chat:held",
    to="the author of a held message, alone",
    delivery=Delivery.DURABLE,
    example={
        "messageId": "12", "streamId": "7", "state": "waiting", "until": "2026-01-01T12:05:00.000Z",
        "timestamp": "2026-01-01T12:00:00.000Z",
    },
)  # fmt: skip
class MessageHeld(Event):
    """A message waits for a moderator, or does so no more.

    Attributes:
        message_id: the id the answer to `chat:new` gave.
        state: `waiting`, `shown` or `refused`.
        until: when it is decided at the latest; null when it is.
    """

    message_id: str
    stream_id: str
    state: str
    until: str | None
    timestamp: str
