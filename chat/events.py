"""Commands and events of chat."""

from typing import Annotated, Literal

import msgspec

from gateway.events import Command, Delivery, Event, Id, Since, command, event


@command(
    "chat:new",
    limit=None,
    example={"streamId": "7", "message": "Hello @alice", "type": "public", "cid": "b7c1"},
)
class SendMessage(Command):
    """Say something. `private` is a whisper to the host and the moderators."""

    stream_id: Id
    message: str
    type: Literal["public", "private", "gift", "text", "emoji", "lounge"] = "public"
    reply_to: Id | None = None
    spotlight: bool = False
    attachments: Annotated[list[str], msgspec.Meta(max_length=0)] = []


@command("chat:remove", example={"messageId": "12"})
class RemoveMessage(Command):
    """Take a message back: one's own within a minute (OG 4 and 5: at any time), any in a stream one moderates."""

    message_id: Id


@command("chat:pin", example={"messageId": "12"})
class PinMessage(Command):
    """Pin a message above the chat; with `pinned` false, take it down.

    The host and moderators pin any message the room sees. From OG 3 on, viewers pin one of their own for five minutes,
    unless another one is pinned.
    """

    message_id: Id
    pinned: bool = True


@command("lounge:watch", needs_connection=True, example={"streamId": "7"})
class WatchLounge(Command):
    """Hear what is said in the stream's lounge, from OG 4 on, or as host or moderator; with `watch` false, no more.

    With `since`, the answer tells what was missed too, when it is still kept.
    """

    stream_id: Id
    watch: bool = True
    since: Since | None = None


class Mention(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """A user named in a message; `start` and `end` count Unicode code points of the text."""

    user_id: str
    username: str
    start: int
    end: int


class GiftInChat(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """What a line that tells of gifts is about: one gift, or a combo as far as it had come."""

    combo_id: str
    id: str
    name: str
    count: int
    coins: int


class Reply(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """The message another one answers. `preview` is empty when that was removed."""

    id: str
    user_id: str
    username: str
    preview: str


@event(
    "chat:new",
    to="the room, its sender included; a whisper goes to its sender, the host and the moderators alone; what is said in"
    " the lounge to those who watch it",
    delivery=Delivery.ORDERED,
    example={
        "id": "12", "userId": "2", "username": "bob", "message": "Hello @alice", "type": "public",
        "timestamp": "2026-01-01T12:00:00.000Z", "userAvatar": "", "messageType": "text",
        "mentions": [{"userId": "1", "username": "alice", "start": 6, "end": 12}], "replyTo": None, "threadId": None,
        "ogLevel": 0, "badges": [], "spotlight": False, "gift": None, "streamId": "7",
    },
)  # fmt: skip
class ChatMessage(Event):
    """A message, moderated.

    History and snapshots also hold a line for each gift or combo, with `messageType` and `type` `gift`. It is not
    announced under this name: `gift:sent` tells of it, with its `messageId`.
    """

    id: str
    user_id: str
    username: str
    message: str
    type: str
    timestamp: str
    user_avatar: str
    message_type: str
    mentions: list[Mention]
    reply_to: Reply | None
    thread_id: str | None
    og_level: int
    badges: list[str]
    spotlight: bool
    gift: GiftInChat | None
    stream_id: str


@event(
    "chat:delayed",
    to="those who moderate the stream",
    delivery=Delivery.DURABLE,
    example={
        "streamId": "7", "appearsAt": "2026-01-01T12:00:04.000Z",
        "message": {
            "id": "12", "userId": "2", "username": "bob", "message": "Hello", "type": "public",
            "timestamp": "2026-01-01T12:00:00.000Z", "userAvatar": "", "messageType": "text", "mentions": [],
            "replyTo": None, "threadId": None, "ogLevel": 0, "badges": [], "spotlight": False, "gift": None,
            "streamId": "7",
        },
    },
)  # fmt: skip
class MessageDelayed(Event):
    """A message that everybody will see as `chat:new` when its time comes, unless `chat:remove` takes it back first.

    Attributes:
        message: as it will be shown.
        appears_at: when.
    """

    stream_id: str
    message: ChatMessage
    appears_at: str


@event(
    "chat:removed",
    to="those who were told of the message",
    delivery=Delivery.DURABLE,
    example={
        "messageId": "12", "streamId": "7", "reason": "moderator", "removedBy": "3",
        "timestamp": "2026-01-01T12:00:00.000Z",
    },
)  # fmt: skip
class MessageRemoved(Event):
    """A message is to be shown no more, and no reply is to quote it.

    Attributes:
        reason: `author`, `moderator`, `automatic` or `purge`.
        removed_by: who removed it; null when nobody but the server did.
    """

    message_id: str
    stream_id: str
    reason: str
    removed_by: str | None
    timestamp: str


class Pinned(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """The pinned message of a stream. It goes by itself at `expiresAt`, or with its message."""

    message: ChatMessage
    pinned_by: str | None
    expires_at: str | None


@event(
    "chat:pinned",
    to="the room",
    delivery=Delivery.DURABLE,
    example={
        "streamId": "7", "timestamp": "2026-01-01T12:00:00.000Z", "by": "1",
        "pinned": {
            "message": {
                "id": "12", "userId": "2", "username": "bob", "message": "Hello", "type": "public",
                "timestamp": "2026-01-01T12:00:00.000Z", "userAvatar": "", "messageType": "text", "mentions": [],
                "replyTo": None, "threadId": None, "ogLevel": 3, "badges": ["og"], "spotlight": False, "gift": None,
                "streamId": "7",
            },
            "pinnedBy": "2", "expiresAt": "2026-01-01T12:05:00.000Z",
        },
    },
)  # fmt: skip
class MessagePinned(Event):
    """Another message is pinned, in place of any before; or none is.

    Attributes:
        pinned: the message above the chat from now on; null for none.
        by: who pinned it or took it down.
    """

    stream_id: str
    pinned: Pinned | None
    by: str
    timestamp: str
