"""Passwords: looked at a few times only, for one name from one household, and for one name from everywhere."""

from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User
from gateway import limits, violations
from gateway.errors import CommandError
from gateway.transports.rest import request_address


class GuardedBackend(ModelBackend):
    """Django's own backend, which stops looking at passwords when too many were wrong.

    Every attempt is charged before the password is looked at, so that guesses made at the same time count too; a
    right one empties the household's bucket.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        address: str = "",
        **kwargs: Any,
    ) -> User | None:
        """The user of this name, when the password is theirs.

        Raises:
            CommandError: `rate_limited`, when too many passwords were wrong; nobody learns whether this one is.
        """
        if username is None or password is None:
            return None
        address = address or (request_address(request) if request is not None else "")
        name = username.lower()
        household = limits.rate("password", f"{name}@{limits.address_key(address)}")
        async_to_sync(_charge)([*household, *limits.rate("password_anywhere", name)], address)
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            async_to_sync(limits.forget)(household)
        return user


async def _charge(buckets: list[limits.Bucket], address: str) -> None:
    try:
        await limits.spend(buckets)
    except CommandError as error:
        await violations.note(error, address=address, event="sign_in")
        raise
