"""The one door in: lookup, limit, validation, handler, answer. The same for every transport."""

import hashlib
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec
from redis.exceptions import RedisError

from gateway import limits, violations
from gateway.database import in_database
from gateway.errors import CommandError, ErrorCode
from gateway.events import COMMANDS, Command, CommandSpec, encode
from gateway.idempotency import Answer, CommandKey, earlier
from gateway.identity import Identity
from gateway.metrics import counters

log = logging.getLogger(__name__)


class Caller(Protocol):
    """Whoever sends a command: a live connection, or one REST request."""

    @property
    def live(self) -> bool: ...

    @property
    def address(self) -> str: ...

    @property
    def identity(self) -> Identity: ...

    def turn_away(self) -> None:
        """It has been refused too often: close it once it has been answered."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler knows of the command besides its fields.

    Attributes:
        caller: the connection, or the REST request.
        key: set when the command carried a `cid`; the service remembers its answer under it.
    """

    caller: Caller
    key: CommandKey | None

    @property
    def identity(self) -> Identity:
        return self.caller.identity


Handler = Callable[[Context, Any], Awaitable[msgspec.Struct | Answer | None]]
C = TypeVar("C", bound=Command)

HANDLERS: dict[type[Command], Handler] = {}

# (who left, the room's key, how many of the room's users this process has left)
DisconnectHandler = Callable[[Identity, str, int], None]
DISCONNECT_HANDLERS: dict[str, DisconnectHandler] = {}

# The wire contract gives bad values of these fields words of their own.
_FIELD_ERRORS = {
    "streamId": ErrorCode.INVALID_STREAM,
    "message": ErrorCode.INVALID_CONTENT,
    "quantity": ErrorCode.INVALID_AMOUNT,
    "boostAmount": ErrorCode.INVALID_AMOUNT,
}
_FIELD = re.compile(r"required field `(\w+)`|at `\$\.(\w+)")


def handles(command: type[C]) -> Callable[[Handler], Handler]:
    """Decorator: let a coroutine function handle `command`. It returns the answer's data."""

    def register(handler: Handler) -> Handler:
        HANDLERS[command] = handler
        return handler

    return register


def handles_disconnect(kind: str) -> Callable[[DisconnectHandler], DisconnectHandler]:
    """Decorator: call a function, in a database thread, for each room of this kind a lost socket was in."""

    def register(handler: DisconnectHandler) -> DisconnectHandler:
        DISCONNECT_HANDLERS[kind] = handler
        return handler

    return register


async def dispatch(caller: Caller, name: object, payload: object) -> Answer:
    """Carry out the command `name` for `caller`. Never raises.

    Args:
        caller: whose identity is known.
        name: the event name as sent.
        payload: its decoded JSON.
    """
    counters.commands += 1
    try:
        return await _carry_out(caller, name, payload)
    except CommandError as error:
        await _note(caller, name, error)
        return refusal(error, name)
    except RedisError as error:
        log.debug("a command met an unreachable Redis: %s", type(error).__name__)
        return refusal(CommandError(ErrorCode.UNAVAILABLE, retry_after=1.0), name)
    except Exception:
        # The payload is kept out of the log: it may hold a message or personal data.
        log.exception("command %s failed", name if isinstance(name, str) and name in COMMANDS else "?")
        return refusal(CommandError(ErrorCode.INTERNAL), name)


def refusal(error: CommandError, name: object) -> Answer:
    """The answer that tells `error` of the command called `name`."""
    body = error.body(name if isinstance(name, str) else "")
    return Answer(ok=False, body=encode(body).decode(), status=error.status)


async def _carry_out(caller: Caller, name: object, payload: object) -> Answer:
    spec = COMMANDS.get(name) if isinstance(name, str) else None
    if spec is None:
        raise CommandError(ErrorCode.UNAUTHORIZED_EVENT)
    if spec.needs_connection and not caller.live:
        raise CommandError(ErrorCode.CONNECTION_REQUIRED)
    try:
        answer = await _answer(caller, spec, payload)
    except CommandError:
        first = await _first_answer(caller, spec, payload)
        if first is None:
            raise
        return first
    return answer if answer.ok else await _first_answer(caller, spec, payload) or answer


async def _note(caller: Caller, name: object, error: CommandError) -> None:
    event = name if isinstance(name, str) and name in COMMANDS else ""
    if await violations.note(error, user_id=caller.identity.user_id, address=caller.address, event=event):
        caller.turn_away()


async def _answer(caller: Caller, spec: CommandSpec, payload: object) -> Answer:
    if spec.limit:
        await limits.spend(limits.rate(spec.limit, caller.identity.user_id))
    command = _validate(spec, payload)
    result = await HANDLERS[spec.type](Context(caller, _key(caller, spec, command)), command)
    if isinstance(result, Answer):
        return result
    return Answer(ok=True, body=encode(result).decode() if result is not None else "{}")


async def _first_answer(caller: Caller, spec: CommandSpec, payload: object) -> Answer | None:
    """What a refused command was answered when it came first: it may have happened, though it could not now."""
    try:
        key = _key(caller, spec, _validate(spec, payload))
        return (await in_database(earlier, [key])).get(key) if key is not None else None
    except CommandError:
        return None


def _validate(spec: CommandSpec, payload: object) -> Command:
    try:
        return msgspec.convert(payload, spec.type)
    except msgspec.ValidationError as error:
        field = _FIELD.search(str(error))
        named = (field.group(1) or field.group(2)) if field else ""
        code = _FIELD_ERRORS.get(named)
        if code is not None:
            raise CommandError(code) from error
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {error}") from error


def _key(caller: Caller, spec: CommandSpec, command: Command) -> CommandKey | None:
    if command.cid is None:
        return None
    body = hashlib.blake2b(encode(command), digest_size=16).digest()
    return CommandKey(user_id=caller.identity.user_id, event=spec.name, cid=command.cid, body_hash=body)
