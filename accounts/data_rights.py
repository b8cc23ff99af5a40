"""A person's rights on what is held on them: to have a copy of it, and to be erased."""

import json
from collections.abc import Callable, Iterator

from django.db import transaction

from accounts import services
from accounts.models import User
from accounts.personal_data import Kept, farewells, holdings
from audit.services import Actor, record
from gateway.errors import CommandError, ErrorCode
from gateway.events import now_iso

_KIND = "accounts.user"


def held(user: User) -> dict[str, int]:
    """How many rows are held on a user, by what they are."""
    return {holding.name: holding.rows(user).count() for holding in reversed(holdings())}


def export(*, actor: Actor, user: User, on_row: Callable[[], object] = lambda: None) -> Iterator[str]:
    """All that is held on a user as one JSON object, piece by piece; that it is told is recorded first.

    Args:
        actor: who gets it.
        user: whose it is.
        on_row: called for each row.
    """
    with transaction.atomic(durable=True):
        record(actor=actor, action="user.export", target_kind=_KIND, target_id=str(user.pk), after=held(user))
    yield f'{{"userId": "{user.pk}", "exportedAt": "{now_iso()}"'
    for holding in reversed(holdings()):
        yield f',\n"{holding.name}": ['
        separator = "\n"
        for row in holding.export(user):
            yield separator + json.dumps(row, ensure_ascii=False)
            separator = ",\n"
            on_row()
        yield "]"
    yield "}\n"


def left_to_erase(user: User) -> dict[str, int]:
    """How many rows an erasure would delete or blank, by what they are."""
    found = {holding.name: holding.left(user) for holding in holdings()}
    return {name: count for name, count in found.items() if count}


def kept(user: User) -> dict[str, str]:
    """What an erasure leaves of the user, and why."""
    return {
        holding.name: holding.fate.because
        for holding in holdings()
        if isinstance(holding.fate, Kept) and holding.rows(user).exists()
    }


def require_erasable(user: User) -> None:
    """Refuse to erase those who answer for what they did to others.

    Raises:
        CommandError: `invalid_state`.
    """
    if user.is_moderator or user.is_staff or user.is_superuser:
        raise CommandError(ErrorCode.INVALID_STATE, "Take their roles from them first: they answer for what they did.")


def erase(*, actor: Actor, user: User, reason: str) -> Iterator[tuple[str, int]]:
    """Erase a user, a batch a transaction. It may be stopped at any time, and goes on where it was when run again.

    Sockets close first, so that nothing new is written meanwhile.

    Yields:
        What was erased, and how many rows of it.

    Raises:
        CommandError: `invalid_state` for those who have a role.
    """
    require_erasable(user)
    services.close_account(user=user)
    for farewell in farewells():
        farewell(user)
    erased: dict[str, int] = {}
    for holding in holdings():
        for count in holding.erase(user):
            erased[holding.name] = erased.get(holding.name, 0) + count
            yield holding.name, count
    with transaction.atomic(durable=True):
        record(actor=actor, action="user.erase", target_kind=_KIND, target_id=str(user.pk), after=erased, reason=reason)
