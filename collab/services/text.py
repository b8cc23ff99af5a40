"""The text: updates are checked by what they change, written to the log, and announced, or refused."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from collab import selectors
from collab.documents import Replica, new_document, replicas, text_of
from collab.events import TextSynced
from collab.models import Role, Session, Status, Update, Writer
from collab.rooms import session_room
from collab.services.bounds import require_fewer
from collab.yjs.messages import Step, write_sync
from collab.yjs.updates import Outline, read_update
from gateway.dispatch import refusal
from gateway.errors import CommandError, ErrorCode
from gateway.idempotency import Answer, CommandKey
from gateway.publish import Announcement, publish_many

_EVENT = "collab:sync"
_DONE = Answer(ok=True, body="{}")
_WRITERS = frozenset({Role.CREATOR, Role.EDITOR})


@dataclass(frozen=True, slots=True)
class Draft:
    """An update as its author sent it. Applying one twice changes nothing, so that it needs no key."""

    author_id: int
    update: bytes
    key: CommandKey | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody changed, as an update; `undoes` is the last update it took back."""

    author_id: int
    update: bytes
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What a client lacks, and what the server knows, so that the client can tell what the server lacks."""

    update: bytes
    state_vector: bytes
    may_write: bool


class SpoiledError(Exception):
    """An update that passed every check did not do what it said; nothing of its batch was kept."""


@contextmanager
def writing(session_id: int) -> Iterator[tuple[Session, Replica]]:
    """The locked session and its document, as it stands; a transaction that ends with the block.

    Raises:
        CommandError: `not_found`.
    """
    with replicas.held(session_id) as replica:
        if not replica.seq:
            # A document that is opened first is read before the others have to wait for it.
            replica.catch_up()
        with transaction.atomic(durable=True):
            session = selectors.lock_session(session_id)
            replica.catch_up()
            yield session, replica
        replica.seq = session.head
        replica.is_ahead = False


@contextmanager
def reading(session_id: int) -> Iterator[Replica]:
    """The session's document as it stands."""
    with replicas.held(session_id) as replica:
        replica.catch_up()
        yield replica


def read_missing(*, user_id: int, session_id: str, state_vector: bytes) -> Missing:
    """What is not in a client's state vector.

    Raises:
        CommandError: `not_found` for those who do not take part.
    """
    access = selectors.access_session(user_id, session_id)
    with reading(access.session.pk) as replica:
        may_write = access.may(Role.EDITOR) and access.session.status == Status.ACTIVE
        return Missing(replica.state(state_vector), replica.document.get_state(), may_write)


def write_updates(*, session_id: int, drafts: Sequence[Draft]) -> list[Answer]:
    """Carry out updates of one session, in their order: whatever is announced is in the log, and the other way round.

    One that is refused changes nothing and leaves the others alone.

    Returns:
        The answer to each draft, in their order.

    Raises:
        SpoiledError: one of several does not do what it says; each is to be tried alone.
    """
    outlines = [_outline(draft) for draft in drafts]
    try:
        return _write(session_id, drafts, outlines)
    except SpoiledError:
        if len(drafts) > 1:
            raise
    return [refusal(CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: its parts need each other"), _EVENT)]


def _write(session_id: int, drafts: Sequence[Draft], outlines: Sequence[Outline | CommandError]) -> list[Answer]:
    with writing(session_id) as (session, replica):
        roles = selectors.roles_of(session_id, [draft.author_id for draft in drafts])
        clients = [client for outline in outlines if isinstance(outline, Outline) for client in outline.ends]
        batch = _Batch(session, replica, roles, selectors.writers(session_id, clients))
        answers = [batch.take(draft, outline) for draft, outline in zip(drafts, outlines, strict=True)]
        Writer.objects.bulk_create(batch.writers)
        append(session, batch.changes)
    return answers


def append(session: Session, changes: Sequence[Change]) -> None:
    """Write changes to the log of a locked session, and announce them."""
    if not changes:
        return
    now = timezone.now()
    Update.objects.bulk_create(
        Update(
            session=session, seq=seq, author_id=change.author_id, data=change.update, created_at=now,
            undoes=change.undoes,
        )
        for seq, change in enumerate(changes, session.head + 1)
    )  # fmt: skip
    session.head += len(changes)
    session.size += sum(len(change.update) for change in changes)
    session.save(update_fields=["head", "size"])
    room = session_room(session.pk)
    publish_many(
        Announcement(
            room,
            TextSynced(
                message=write_sync(Step.UPDATE, change.update),
                session_id=str(session.pk),
                user_id=str(change.author_id),
            ),
        )
        for change in changes
    )


def begin(*, session: Session, author_id: int, content: str) -> None:
    """Write the text a new session begins with. Raises `CommandError`: `payload_too_large`."""
    document = new_document()
    text_of(document).insert(0, content)
    update = document.get_update()
    if len(update) > settings.COLLAB_MAX_UPDATE_BYTES:
        raise CommandError(ErrorCode.PAYLOAD_TOO_LARGE, "The text is too long to begin with")
    Writer.objects.create(session=session, client_id=document.client_id, user_id=author_id)
    append(session, [Change(author_id, update)])


def require_room(session: Session, replica: Replica, size: int) -> None:
    """Require that the document may grow by `size` bytes. Raises `CommandError`: `payload_too_large`."""
    limit = settings.COLLAB_MAX_DOCUMENT_BYTES
    if session.size + size <= limit:
        return
    # The sum of all updates is more than what they make together.
    session.size = len(replica.state())
    if session.size + size > limit:
        raise CommandError(ErrorCode.PAYLOAD_TOO_LARGE, f"A document has at most {limit} bytes")


def _outline(draft: Draft) -> Outline | CommandError:
    limit = settings.COLLAB_MAX_UPDATE_BYTES
    if len(draft.update) > limit:
        return CommandError(ErrorCode.PAYLOAD_TOO_LARGE, f"An update has at most {limit} bytes")
    try:
        return read_update(draft.update)
    except ValueError as error:
        return CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {error}")


class _Batch:
    """Updates on their way into a session's document and log."""

    def __init__(self, session: Session, replica: Replica, roles: Mapping[int, Role], owners: dict[int, int]) -> None:
        self.changes: list[Change] = []
        self.writers: list[Writer] = []
        self._session = session
        self._replica = replica
        self._roles = roles
        self._owners = owners
        self._known = replica.known()

    def take(self, draft: Draft, outline: Outline | CommandError) -> Answer:
        """Carry out a draft, or refuse it."""
        try:
            if isinstance(outline, CommandError):
                raise outline
            self._carry_out(draft, outline)
        except CommandError as error:
            return refusal(error, _EVENT)
        return _DONE

    def _carry_out(self, draft: Draft, outline: Outline) -> None:
        if not self._may_write(draft, outline):
            return
        if not outline.builds_on(self._known):
            raise CommandError(ErrorCode.CONFLICT, "The update builds on what the server has not got: sync again")
        added = outline.adds_to(self._known)
        self._require_own(draft.author_id, added)
        require_room(self._session, self._replica, len(draft.update))
        change = self._apply(draft.update, outline, added)
        if change:
            self.changes.append(Change(draft.author_id, change))

    def _may_write(self, draft: Draft, outline: Outline) -> bool:
        """Whether a draft is to be carried out. One that neither adds nor deletes is nothing to refuse."""
        refused = self._refusal(draft)
        if refused is None:
            return True
        if outline.adds_to(self._known) or outline.deletes:
            raise refused
        return False

    def _refusal(self, draft: Draft) -> CommandError | None:
        if self._roles.get(draft.author_id) not in _WRITERS:
            return CommandError(ErrorCode.ACCESS_DENIED)
        try:
            selectors.require_active(self._session)
        except CommandError as error:
            return error
        return None

    def _require_own(self, author_id: int, clients: Sequence[int]) -> None:
        new = {client for client in clients if client not in self._owners and client not in self._known}
        if any(self._owners.get(client) != author_id for client in set(clients) - new):
            raise CommandError(ErrorCode.ACCESS_DENIED, "Somebody else writes with this client id")
        if not new:
            return
        theirs = sum(writer.user_id == author_id for writer in self.writers)
        theirs += self._session.writers.filter(user=author_id).count()
        require_fewer(theirs + len(new) - 1, settings.COLLAB_MAX_WRITERS, "documents one user has written from")
        self._owners.update(dict.fromkeys(new, author_id))
        self.writers += [Writer(session=self._session, client_id=client, user_id=author_id) for client in new]

    def _apply(self, update: bytes, outline: Outline, added: Sequence[int]) -> bytes:
        try:
            change = self._replica.apply(update)
        except ValueError as error:
            raise SpoiledError from error
        self._known = self._replica.known()
        if any(self._known.get(client, 0) < outline.ends[client] for client in added):
            raise SpoiledError
        return change
