"""Every error a client can be told: a stable code, words for people, an HTTP status and what to do."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Any

import msgspec


class ErrorCode(StrEnum):
    """The machine-readable codes. They never change; new ones may be added."""

    UNAUTHORIZED_EVENT = "unauthorized_event"
    CONNECTION_REQUIRED = "connection_required"
    INVALID_PAYLOAD = "invalid_payload"
    INVALID_STREAM = "invalid_stream"
    INVALID_CONTENT = "invalid_content"
    INVALID_AMOUNT = "invalid_amount"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    AUTHENTICATION_REQUIRED = "authentication_required"
    INVALID_TOKEN = "invalid_token"
    INVALID_CREDENTIALS = "invalid_credentials"
    CONNECTION_LIMIT = "connection_limit"
    ACCESS_DENIED = "access_denied"
    NOT_FOUND = "not_found"
    NOT_JOINED = "not_joined"
    NOT_LIVE = "not_live"
    INVALID_STATE = "invalid_state"
    EARLY_ACCESS = "early_access"
    ROOM_FULL = "room_full"
    TOO_MANY_ROOMS = "too_many_rooms"
    RATE_LIMITED = "rate_limited"
    SLOW_MODE = "slow_mode"
    OG_ONLY = "og_only"
    EMOJI_ONLY = "emoji_only"
    NOT_UNIQUE = "not_unique"
    LINKS_NOT_ALLOWED = "links_not_allowed"
    DUPLICATE_MESSAGE = "duplicate_message"
    FLOOD = "flood"
    MENTION_STORM = "mention_storm"
    LINK_SHORTENER = "link_shortener"
    MUTED = "muted"
    MUST_ACKNOWLEDGE = "must_acknowledge"
    BANNED = "banned"
    CONTENT_STOPPED = "content_stopped"
    INSUFFICIENT_COINS = "insufficient_coins"
    CID_REUSED = "cid_reused"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """What an error code means: its usual words, its HTTP status and the advice in the documentation."""

    message: str
    status: int
    advice: str


# The words marked legacy in the wire contract are matched by released apps and never change.
ERRORS: dict[ErrorCode, ErrorKind] = {
    ErrorCode.UNAUTHORIZED_EVENT: ErrorKind(
        "Unauthorized event", 404, "The event is unknown or clients may not send it. Do not retry."
    ),
    ErrorCode.CONNECTION_REQUIRED: ErrorKind(
        "This event needs a live connection", 409, "Send it over Socket.IO or the WebSocket."
    ),
    ErrorCode.INVALID_PAYLOAD: ErrorKind(
        "Invalid payload", 400, "A field is missing, unknown or of the wrong type; the message names it."
    ),
    ErrorCode.INVALID_STREAM: ErrorKind(
        "Invalid stream", 400, "`streamId` must be the id of a stream, as a string of digits."
    ),
    ErrorCode.INVALID_CONTENT: ErrorKind(
        "Invalid content", 400, "The text is empty, too long, or holds control or direction characters."
    ),
    ErrorCode.INVALID_AMOUNT: ErrorKind("Invalid amount", 400, "The amount must be a whole number in range."),
    ErrorCode.PAYLOAD_TOO_LARGE: ErrorKind("Payload too large", 413, "A frame holds at most 64 KiB."),
    ErrorCode.AUTHENTICATION_REQUIRED: ErrorKind("Authentication token required", 401, "Send an access token."),
    ErrorCode.INVALID_TOKEN: ErrorKind(
        "Invalid authentication token", 401, "The token is wrong, expired or revoked: refresh it or sign in."
    ),
    ErrorCode.INVALID_CREDENTIALS: ErrorKind("Wrong username or password", 401, "Ask the user again."),
    ErrorCode.CONNECTION_LIMIT: ErrorKind(
        "Maximum concurrent connections exceeded", 429, "Close another connection of this user first."
    ),
    ErrorCode.ACCESS_DENIED: ErrorKind("Access denied", 403, "The user may not do or see this."),
    ErrorCode.NOT_FOUND: ErrorKind("Not found", 404, "There is nothing by that id that the user may see."),
    ErrorCode.NOT_JOINED: ErrorKind("Join the stream first", 409, "Send `stream:join` before this event."),
    ErrorCode.NOT_LIVE: ErrorKind("The stream is not live", 409, "Wait for the stream to start."),
    ErrorCode.INVALID_STATE: ErrorKind("That is not possible now", 409, "The object has moved on; read it again."),
    ErrorCode.EARLY_ACCESS: ErrorKind(
        "The stream opens to everybody in {seconds} seconds",
        403,
        "Wait `retryAfter` seconds; from OG level 2 on, one may join now.",
    ),
    ErrorCode.ROOM_FULL: ErrorKind("Room full", 409, "Try again when viewers have left."),
    ErrorCode.TOO_MANY_ROOMS: ErrorKind("Too many rooms", 409, "Leave a stream before joining another."),
    ErrorCode.RATE_LIMITED: ErrorKind(
        "Rate limit exceeded. Try again in {seconds} seconds", 429, "Wait `retryAfter` seconds."
    ),
    ErrorCode.SLOW_MODE: ErrorKind(
        "Slow mode is on. Try again in {seconds} seconds", 429, "Wait `retryAfter` seconds."
    ),
    ErrorCode.OG_ONLY: ErrorKind(
        "Only members of an OG tier may write here",
        403,
        "`limits.level` is the OG level one needs; see `chat:settings`.",
    ),
    ErrorCode.EMOJI_ONLY: ErrorKind("Only emoji may be sent here", 422, "Send emoji alone; see `chat:settings`."),
    ErrorCode.NOT_UNIQUE: ErrorKind(
        "Somebody has just said that. Try again in {seconds} seconds", 422, "Say something else; see `chat:settings`."
    ),
    ErrorCode.LINKS_NOT_ALLOWED: ErrorKind(
        "Links are not allowed here", 422, "Send it without the link; see `chat:settings`."
    ),
    ErrorCode.DUPLICATE_MESSAGE: ErrorKind(
        "You have said that too often. Try again in {seconds} seconds", 429, "Say something else, or wait."
    ),
    ErrorCode.FLOOD: ErrorKind(
        "Too many have said that. Try again in {seconds} seconds", 429, "Say something else, or wait."
    ),
    ErrorCode.MENTION_STORM: ErrorKind(
        "You have mentioned too many people. Try again in {seconds} seconds", 429, "Mention fewer people, or wait."
    ),
    ErrorCode.LINK_SHORTENER: ErrorKind(
        "Shortened links are not allowed", 422, "Send the whole address that the link leads to."
    ),
    ErrorCode.MUTED: ErrorKind("You are muted", 403, "Wait `retryAfter` seconds before writing again."),
    ErrorCode.MUST_ACKNOWLEDGE: ErrorKind(
        "Acknowledge the warning first",
        403,
        "Show the warning of `sanction:issued`, then send `sanction:acknowledge`.",
    ),
    ErrorCode.BANNED: ErrorKind(
        "You are banned", 403, "Do not reconnect; when the message names the stream, the user is banned from it alone."
    ),
    ErrorCode.CONTENT_STOPPED: ErrorKind(
        "Your message was stopped by moderation", 422, "Rephrase it; `ai:warning` tells more."
    ),
    ErrorCode.INSUFFICIENT_COINS: ErrorKind("Insufficient coins", 402, "The user must buy coins first."),
    ErrorCode.CID_REUSED: ErrorKind(
        "This cid was used for another command", 409, "Make a new `cid` for each new command."
    ),
    ErrorCode.CONFLICT: ErrorKind(
        "Somebody else has changed this meanwhile", 409, "Merge with `current`, the value as it is now, and send again."
    ),
    ErrorCode.UNAVAILABLE: ErrorKind(
        "Temporarily unavailable", 503, "Retry after `retryAfter` seconds with the same `cid`."
    ),
    ErrorCode.INTERNAL: ErrorKind("Something went wrong", 500, "Retry once with the same `cid`; then report it."),
}


class ErrorBody(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """The error object of the wire contract."""

    message: str
    code: str
    event: str
    retry_after: float | None = None
    limits: dict[str, float] | None = None
    current: dict[str, Any] | None = None


class CommandError(Exception):
    """A refusal the client is told of. It changes nothing: a command either happens or raises this.

    Args:
        code: the stable code.
        message: words for people; the code's usual ones when left out.
        retry_after: seconds after which the same command may succeed.
        limits: the limit that was hit, by name.
        final: whether the refusal answers the command for good, so that a retry with the same `cid`
            gets it again, as when moderation stopped a message.
        current: what stands now, for a client that changed something older.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str = "",
        *,
        retry_after: float | None = None,
        limits: dict[str, float] | None = None,
        final: bool = False,
        current: dict[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.message = message or ERRORS[code].message.format(seconds=max(1, ceil(retry_after or 1)))
        self.retry_after = retry_after
        self.limits = limits
        self.final = final
        self.current = current
        super().__init__(self.message)

    @property
    def status(self) -> int:
        """The HTTP status that says the same."""
        return ERRORS[self.code].status

    def body(self, event: str) -> ErrorBody:
        """The error as the client sees it, for the command named `event`."""
        return ErrorBody(
            message=self.message,
            code=self.code,
            event=event,
            retry_after=self.retry_after,
            limits=self.limits,
            current=self.current,
        )


class CloseCode(int):
    """A close code of the wire contract: 4000-4099 ask to reconnect, 4100-4199 ask not to."""

    @property
    def may_reconnect(self) -> bool:
        return self < 4100


SHUTDOWN = CloseCode(4000)
SLOW = CloseCode(4001)
TOKEN_EXPIRED = CloseCode(4002)
STATE_LOST = CloseCode(4003)
INVALID_TOKEN = CloseCode(4100)
BANNED = CloseCode(4101)
KICKED = CloseCode(4102)
CONNECTION_LIMIT = CloseCode(4103)
PROTOCOL_VIOLATION = CloseCode(4104)
REFUSED = CloseCode(4105)

# Stock clients of other protocols never come back after 4400 to 4499, which read like HTTP's statuses.
_FINAL = {INVALID_TOKEN: 4401, BANNED: 4403, KICKED: 4409, CONNECTION_LIMIT: 4429, REFUSED: 4403}


def final_close_code(code: CloseCode) -> CloseCode:
    """How a code that asks not to come back is said to stock clients of other protocols."""
    return CloseCode(_FINAL.get(code, 4400))
