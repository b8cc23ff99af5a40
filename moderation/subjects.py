"""What can be moderated, supplied by the apps that own it: moderation lies below them and knows their things by id.

An app registers each kind of its things in its `AppConfig.ready`; a kind's functions run in the caller's transaction.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.errors import CommandError, ErrorCode
from gateway.identity import Identity


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing as a moderator needs to know it.

    Attributes:
        is_private: whether it is for a few alone, so that nobody outside may be shown it.
    """

    id: int
    author_id: int
    author_name: str
    stream_id: int
    text: str
    sent_at: datetime
    is_shown: bool
    is_private: bool


class SubjectKind(Protocol):
    """A kind of thing that somebody wrote and others see."""

    def access(self, identity: Identity, subject_id: str) -> Subject:
        """The thing, for a user who may see it. Raises CommandError `not_found`."""
        ...

    def describe(self, subject_ids: Collection[int]) -> dict[int, Subject]:
        """The things that are still there, by id."""
        ...

    def context(self, subject_id: int) -> list[Subject]:
        """What a moderator reads with the thing: what was written before it, the thing and what came after, in order.

        What was taken back is among it; nothing that was meant for others than the thing was.
        """
        ...

    def show(self, *, subject_ids: Collection[int]) -> list[int]:
        """Show what was held or taken back to everybody it was meant for; the ids of those that were hidden."""
        ...

    def hide(self, *, subject_ids: Collection[int], by: int | None) -> list[int]:
        """Take things back, or keep what is held from being shown; the ids of those this changed.

        Args:
            by: the id of the moderator; `None` when the server does by itself.
        """
        ...

    def shown(self, *, user_id: int, stream_id: int | None, since: datetime) -> int:
        """How many things of a user's since then are shown, in one stream or everywhere."""
        ...

    def purge(self, *, user_id: int, stream_id: int | None, since: datetime, by: int | None, most: int) -> int:
        """Take back what a user has written since then, in one stream or everywhere.

        Args:
            most: how many things at the most.

        Returns:
            How many it were; 0 when nothing is left.
        """
        ...


# Those who write in a room wait for so many to be taken back from it, and not for more.
_PURGED_TOGETHER = 500
_kinds: dict[str, SubjectKind] = {}


def register(name: str, kind: SubjectKind) -> None:
    """Make a kind of thing known by `name`, such as `message`."""
    _kinds[name] = kind


def subject_kind(name: str) -> SubjectKind:
    """The kind called `name`.

    Raises:
        CommandError: `not_found`.
    """
    if name not in _kinds:
        raise CommandError(ErrorCode.NOT_FOUND)
    return _kinds[name]


def describe(name: str, subject_ids: Collection[int]) -> dict[int, Subject]:
    """The things of the kind `name` that are still there, by id; none of a kind nobody has registered."""
    return _kinds[name].describe(subject_ids) if name in _kinds and subject_ids else {}


def context(name: str, subject_id: int) -> list[Subject]:
    """What belongs to a thing of the kind `name`, in order; nothing of a kind nobody has registered."""
    return _kinds[name].context(subject_id) if name in _kinds else []


def shown_of(*, user_id: int, since: datetime, stream_id: int | None = None) -> int:
    """How many things of every kind a user has written since then are shown."""
    return sum(kind.shown(user_id=user_id, stream_id=stream_id, since=since) for kind in _kinds.values())


def purge_some(*, user_id: int, since: datetime, stream_id: int | None = None, by: int | None = None) -> int:
    """Take back a part of what a user has written since then; how many things it were, 0 when nothing is left."""
    kinds = _kinds.values()
    return sum(
        kind.purge(user_id=user_id, stream_id=stream_id, since=since, by=by, most=_PURGED_TOGETHER) for kind in kinds
    )


def purge_user(*, user_id: int, since: datetime, stream_id: int | None = None, by: int | None = None) -> int:
    """Take back all of every kind that a user has written since then; how many things it were."""
    removed = 0
    while some := purge_some(user_id=user_id, since=since, stream_id=stream_id, by=by):
        removed += some
    return removed
