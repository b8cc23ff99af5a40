"""Setting fields of a stream as a client names them."""

from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from gateway.errors import CommandError, ErrorCode
from streams.models import Stream


def set_fields(stream: Stream, fields: Mapping[str, Any], changeable: Collection[str]) -> None:
    """Set fields of a stream that is not saved yet.

    Raises:
        CommandError: `invalid_payload`, naming the field that is none of `changeable` or has no such value.
    """
    for name, value in fields.items():
        if name not in changeable:
            raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {name} cannot be set")
        setattr(stream, name, value)
    try:
        stream.full_clean(exclude=["host"])
    except ValidationError as error:
        name, reasons = next(iter(error.message_dict.items()))
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {name}: {reasons[0]}") from error
