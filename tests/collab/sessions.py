"""Sessions for tests."""

from collab.models import Kind, Participant, Role, Session
from collab.services import sessions
from tests.people import Person


def make_session(creator: Person, others: dict[Person, Role], *, content: str = "", kind: Kind = Kind.TEXT) -> Session:
    """A session of `creator` in which others take part already."""
    session = sessions.create_session(creator_id=creator.user.pk, kind=kind, title="Draft", content=content)
    for person, role in others.items():
        Participant.objects.create(session=session, user=person.user, role=role)
    return session
