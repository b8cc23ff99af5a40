"""The timeline: what happened in a session, written in the transaction it happens in."""

from typing import Any

from collab.models import Entry, Session


def note(session: Session, user_id: int | None, what: str, **details: Any) -> Entry:
    """Write down that something happened.

    Args:
        session: where.
        user_id: who did it; nobody when the time did.
        what: a word for it.
        details: more of it, as JSON.
    """
    return Entry.objects.create(session=session, user_id=user_id, what=what, details=details)
