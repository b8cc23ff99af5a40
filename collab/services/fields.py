"""Editing fields: each edit names the version it was made on, and one that is stale in a field is refused."""

from typing import Any

from django.conf import settings
from django.db import transaction

from collab import selectors
from collab.events import ContentUpdated, FieldsEdited
from collab.models import Field, Kind, Role, Session
from collab.rooms import session_room
from collab.services.timeline import note
from gateway.errors import CommandError, ErrorCode
from gateway.events import encode, iso
from gateway.idempotency import Answer, CommandKey, earlier, remember
from gateway.publish import publish


def edit_fields(
    *,
    user_id: int,
    session_id: str,
    kind: Kind,
    changes: dict[str, Any],
    base_version: int,
    key: CommandKey | None = None,
) -> Answer:
    """Change fields, all or none. Edits of different fields do not stand in each other's way.

    Args:
        base_version: the session's version the user knows.

    Raises:
        CommandError: `conflict` with the values as they are when one of the fields has changed since;
            `not_found`, `access_denied`, `invalid_state`; `invalid_payload` for a NUL or too many fields.
    """
    if b"\\u0000" in encode(changes):
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: a text holds a NUL")
    with transaction.atomic(durable=True):
        session = selectors.access_open_session(user_id, session_id, Role.EDITOR).session
        if key is not None and (known := earlier([key]).get(key)) is not None:
            return known
        fields = selectors.locked_fields(session.pk, kind, changes)
        _require_fresh(session, fields, base_version)
        session.version += 1
        session.save(update_fields=["version"])
        _store(session, kind, changes, fields, user_id)
        entry = note(session, user_id, "edited", editType=kind, fields=sorted(changes), version=session.version)
        publish(
            session_room(session.pk),
            ContentUpdated(
                edit_id=str(entry.pk),
                user_id=str(user_id),
                edit_type=kind,
                changes=changes,
                timestamp=iso(entry.created_at),
                version=session.version,
                session_id=str(session.pk),
            ),
        )
        edited = FieldsEdited(edit_id=str(entry.pk), version=session.version)
        answer = Answer(ok=True, body=encode(edited).decode())
        if key is not None:
            remember({key: answer})
    return answer


def _require_fresh(session: Session, fields: dict[str, Field], base_version: int) -> None:
    stale = {name: field.value for name, field in fields.items() if field.version > base_version}
    if stale:
        raise CommandError(ErrorCode.CONFLICT, current={"version": session.version, "changes": stale})


def _store(session: Session, kind: Kind, changes: dict[str, Any], fields: dict[str, Field], user_id: int) -> None:
    new = [
        Field(session=session, kind=kind, name=name, value=value, version=session.version, author_id=user_id)
        for name, value in changes.items()
        if name not in fields
    ]
    if new and Field.objects.filter(session=session).count() + len(new) > settings.COLLAB_MAX_FIELDS:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"A session has at most {settings.COLLAB_MAX_FIELDS} fields")
    Field.objects.bulk_create(new)
    for name, field in fields.items():
        field.value, field.version, field.author_id = changes[name], session.version, user_id
        field.save(update_fields=["value", "version", "author", "changed_at"])
