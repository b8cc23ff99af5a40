"""How sessions and what is in them are shown."""

from collab.events import FieldCard, ParticipantCard
from collab.models import Field, Participant


def participant_card(participant: Participant) -> ParticipantCard:
    """Somebody who takes part; their user is read already."""
    user = participant.user
    return ParticipantCard(user_id=str(user.pk), username=user.username, avatar=user.avatar, role=participant.role)


def field_card(field: Field) -> FieldCard:
    """A field."""
    return FieldCard(edit_type=field.kind, name=field.name, value=field.value, version=field.version)
