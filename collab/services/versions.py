"""Versions of a text: naming one, telling two apart, going back to one; and taking back one's own changes."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from django.conf import settings
from pycrdt import Text

from collab import selectors
from collab.documents import Replica, new_document, text_of
from collab.models import Role, Session, Version, Writer
from collab.services import text
from collab.services.bounds import require_fewer
from collab.services.history import taking_back
from collab.services.text import Change
from collab.services.timeline import note
from gateway.errors import CommandError, ErrorCode

# Lines that are told apart one by one: comparing more takes more than their square of time.
_MOST_COMPARED = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A piece of two texts: `equal` in both, or only in the old (`delete`) or the new (`insert`)."""

    kind: str
    text: str


def name_version(*, user_id: int, session_id: str, name: str) -> Version:
    """Give the text as it is now a name.

    Raises:
        CommandError: `not_found`, `access_denied`, `invalid_state` when there are as many as there may be.
    """
    selectors.access_session(user_id, session_id, Role.EDITOR)
    with text.writing(int(session_id)) as (session, replica):
        selectors.access_session(user_id, session_id, Role.EDITOR)
        require_fewer(session.versions.count(), settings.COLLAB_MAX_VERSIONS, "versions")
        version = Version.objects.create(
            session=session, name=name, author_id=user_id, seq=session.head, text=replica.text
        )
        note(session, user_id, "named", versionId=str(version.pk), name=name)
    return version


def text_now(*, session_id: int) -> str:
    """The text as it is now."""
    with text.reading(session_id) as replica:
        return replica.text


def difference(old: str, new: str) -> list[Difference]:
    """What makes one text the other, line by line; where thousands of lines differ, all of them together."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    shorter = min(len(before), len(after))
    head = _equal(before, after, shorter)
    tail = _equal(before[::-1], after[::-1], shorter - head)
    pieces = [Difference("equal", "".join(before[:head]))]
    pieces += _middle(before[head : len(before) - tail], after[head : len(after) - tail])
    pieces.append(Difference("equal", "".join(before[len(before) - tail :])))
    return [piece for piece in pieces if piece.text]


def _equal(before: list[str], after: list[str], most: int) -> int:
    """How many lines at the beginning are the same."""
    for number in range(most):
        if before[number] != after[number]:
            return number
    return most


def _middle(before: list[str], after: list[str]) -> list[Difference]:
    if len(before) + len(after) > _MOST_COMPARED:
        return [Difference("delete", "".join(before)), Difference("insert", "".join(after))]
    pieces = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, before, after).get_opcodes():
        if kind != "equal":
            pieces.append(Difference("delete", "".join(before[start:end])))
            pieces.append(Difference("insert", "".join(after[new_start:new_end])))
        else:
            pieces.append(Difference("equal", "".join(before[start:end])))
    return pieces


def restore_version(*, user_id: int, session_id: str, version_id: str) -> Version:
    """Make the text what it was, by a new change that can itself be taken back.

    Raises:
        CommandError: `not_found`, `access_denied`, `invalid_state`, `payload_too_large`.
    """
    selectors.access_session(user_id, session_id, Role.EDITOR)
    with text.writing(int(session_id)) as (session, replica):
        _require_writer(user_id, session)
        version = selectors.access_version(session.pk, version_id)
        client_id, update = _turning_into(replica, version.text)
        _carry_out(session, replica, Change(user_id, update), client_id)
        note(session, user_id, "restored", versionId=version_id, name=version.name)
    return version


def undo(*, user_id: int, session_id: str) -> bool:
    """Take back the user's last change that stands, whatever others wrote since; returns whether there was one.

    What somebody typed without a pause is one change.

    Raises:
        CommandError: `not_found`, `access_denied`, `invalid_state`.
    """
    selectors.access_session(user_id, session_id, Role.EDITOR)
    with text.writing(int(session_id)) as (session, replica):
        _require_writer(user_id, session)
        rows = selectors.last_change(session.pk, user_id, settings.COLLAB_UNDO_PAUSE_SECONDS)
        if not rows:
            return False
        client_id, update = taking_back(rows)
        _carry_out(session, replica, Change(user_id, update, undoes=rows[0].seq), client_id)
        note(session, user_id, "undid", updates=len(rows))
    return True


def _require_writer(user_id: int, session: Session) -> None:
    selectors.access_session(user_id, str(session.pk), Role.EDITOR)
    selectors.require_active(session)


def _carry_out(session: Session, replica: Replica, change: Change, client_id: int) -> None:
    text.require_room(session, replica, len(change.update))
    effective = replica.apply(change.update)
    if not effective and change.undoes is None:
        return
    Writer.objects.create(session=session, client_id=client_id, user_id=change.author_id)
    # An undo that changes nothing, because others deleted it all, is written down too: the next goes further back.
    text.append(session, [Change(change.author_id, effective or _NOTHING, change.undoes)])


_NOTHING = b"\x00\x00"


def _turning_into(replica: Replica, wanted: str) -> tuple[int, bytes]:
    """An update that makes the text what is wanted, and the Yjs client id it is written with."""
    document = new_document()
    document.apply_update(replica.state())
    before, content = document.get_state(), text_of(document)
    at = 0
    with document.transaction():
        _keep_words_alone(content)
        for piece in difference(str(content), wanted):
            size = len(piece.text.encode())
            if piece.kind == "delete":
                del content[at : at + size]
                continue
            if piece.kind == "insert":
                content.insert(at, piece.text)
            at += size
    update = document.get_update(before)
    if len(update) > settings.COLLAB_MAX_DOCUMENT_BYTES:
        raise CommandError(ErrorCode.PAYLOAD_TOO_LARGE)
    return document.client_id, update


def _keep_words_alone(content: Text) -> None:
    """Delete what is in a text and is none, such as a picture; a version has words alone."""
    at = 0
    for part, _ in content.diff():
        if isinstance(part, str):
            at += len(part.encode())
        else:
            del content[at : at + 1]
