"""One effect and one answer for each (user, event, cid), whatever is retried, on any connection and process."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from gateway.database import run
from gateway.errors import ERRORS, CommandError, ErrorCode
from gateway.events import encode
from gateway.models import CommandAnswer


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer.

    Attributes:
        ok: whether the command happened.
        body: its data's or its error's JSON.
        status: the HTTP status that says the same.
    """

    ok: bool
    body: str
    status: int = 200


@dataclass(frozen=True, slots=True)
class CommandKey:
    """What makes a retry the same command: who sent which event with which `cid` and which body."""

    user_id: str
    event: str
    cid: str
    body_hash: bytes


def remember(answers: Mapping[CommandKey, Answer]) -> dict[CommandKey, Answer]:
    """Keep first answers, in the caller's transaction, which must also hold the commands' effects.

    A command whose key was answered before must have no effect now: the caller drops it and gives the
    earlier answer. Two retries at the same moment wait for each other in the database.

    Returns:
        The earlier answers of those keys that were answered before; `cid_reused` for another body.
    """
    if not answers:
        return {}
    rows = run(
        """
        INSERT INTO gateway_commandanswer (user_id, event, cid, body_hash, ok, answer, created_at)
        SELECT *, now() FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bytea[], %s::bool[], %s::text[])
        ON CONFLICT (user_id, event, cid) DO NOTHING
        RETURNING user_id, event, cid
        """,
        [
            [int(key.user_id) for key in answers],
            [key.event for key in answers],
            [key.cid for key in answers],
            [key.body_hash for key in answers],
            [answer.ok for answer in answers.values()],
            [answer.body for answer in answers.values()],
        ],
    )
    kept = {(str(user_id), event, cid) for user_id, event, cid in rows}
    return {key: _earlier(key) for key in answers if (key.user_id, key.event, key.cid) not in kept}


def earlier(keys: Iterable[CommandKey]) -> dict[CommandKey, Answer]:
    """The answers of those keys that were answered before; one query, none for no keys.

    A caller that holds a lock on something of the user's, such as a wallet, and takes it before it asks, needs
    no more to know which commands are retries: two of one user then come one after the other.
    """
    wanted = {(int(key.user_id), key.event, key.cid): key for key in keys}
    if not wanted:
        return {}
    rows = CommandAnswer.objects.extra(
        where=["(user_id, event, cid) IN (SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[]))"],
        params=[list(column) for column in zip(*wanted, strict=True)],
    )
    return {
        wanted[row.user_id, row.event, row.cid]: _kept(wanted[row.user_id, row.event, row.cid], row) for row in rows
    }


def _earlier(key: CommandKey) -> Answer:
    return _kept(key, CommandAnswer.objects.get(user_id=key.user_id, event=key.event, cid=key.cid))


def _kept(key: CommandKey, row: CommandAnswer) -> Answer:
    if bytes(row.body_hash) != key.body_hash:
        error = CommandError(ErrorCode.CID_REUSED)
        return Answer(ok=False, body=encode(error.body(key.event)).decode(), status=error.status)
    return Answer(ok=row.ok, body=row.answer, status=200 if row.ok else _status(row.answer))


def _status(error: str) -> int:
    return ERRORS[ErrorCode(msgspec.json.decode(error)["code"])].status
