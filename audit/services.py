"""Keeping what was done: `record(...)` is the one way an entry comes to be."""

import getpass
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit import chain
from audit.changes import to_json, without_text
from audit.models import Entry, Head, Origin

# No value of an entry is longer text than this: what is longer was written by somebody, and does not belong here.
_LONGEST_VALUE = 120


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where.

    Attributes:
        user_id: the user who acts; none for commands and for what happens by itself.
        address: the network address of a user, or `account@machine` for a command.
    """

    origin: Origin
    user_id: int | None = None
    address: str = ""

    @classmethod
    def admin(cls, user_id: int | None, address: str) -> "Actor":
        """Somebody in the admin."""
        return cls(Origin.ADMIN, user_id, address)

    @classmethod
    def api(cls, user_id: int, address: str = "") -> "Actor":
        """A user over REST or a socket."""
        return cls(Origin.API, user_id, address)

    @classmethod
    def command(cls) -> "Actor":
        """Whoever runs this management command."""
        return cls(Origin.COMMAND, None, f"{_account()}@{socket.gethostname()}"[:100])


AUTOMATIC = Actor(Origin.AUTOMATIC)


def record(
    *,
    actor: Actor,
    action: str,
    target_kind: str,
    target_id: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> int:
    """Add an entry in the caller's transaction: both are kept or neither. Call it last: others wait until it commits.

    Args:
        actor: who acts, and from where.
        action: what they do, as `sanction.lift`.
        target_kind: what they do it to, as `accounts.user`.
        target_id: which one.
        before: what of the target changes, as it was; ids, numbers, times and names of states, never text or people.
        after: the same, as it is now.
        reason: why, in the actor's words; the first 500 characters are kept.

    Returns:
        The entry's id.

    Raises:
        ValueError: when a value of `before` or `after` is text longer than 120 characters.
    """
    with transaction.atomic():
        # The one row of the end of the chain: its lock makes ids gapless and the chain one line.
        head = Head.objects.select_for_update().get()
        entry = Entry(
            id=head.last_id + 1,
            created_at=timezone.now(),
            origin=actor.origin,
            actor_id=actor.user_id,
            address=actor.address[:100],
            action=action,
            target_kind=target_kind,
            target_id=target_id,
            before=_checked(before),
            after=_checked(after),
            reason=reason[:500],
            previous_hash=head.last_hash,
        )
        entry.hash = chain.digest(entry)
        entry.save(force_insert=True)
        head.last_id, head.last_hash = entry.id, entry.hash
        head.signature = chain.sign(chain.head_bytes(entry.id, entry.hash))
        head.save()
    return entry.id


def record_command(command: str, arguments: Mapping[str, Any], outcome: str, reason: str) -> None:
    """Add an entry about a management command, before it runs or when it has failed (`GATEWAY_COMMAND_RECORDER`).

    Args:
        command: its name.
        arguments: what it was given; of text only the length is kept.
        outcome: `started`, or the name of the error it ended with.
        reason: why, as the operator says.
    """
    record(
        actor=Actor.command(),
        action=f"command.{command}",
        target_kind="command",
        target_id=command[:64],
        after={"outcome": outcome, "arguments": without_text(arguments)},
        reason=reason,
    )


def _checked(values: Mapping[str, Any] | None) -> Any:
    if values is None:
        return None
    plain = to_json(dict(values))
    _refuse_text(plain)
    return plain


def _refuse_text(value: Any) -> None:
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        raise ValueError(f"an entry of the audit log holds no text; this value has {len(value)} characters")
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        _refuse_text(part)


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"  # An account without a name, as containers have.
