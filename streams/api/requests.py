"""Who asks, in the REST of streams."""

from rest_framework.request import Request

from accounts.models import User
from gateway.errors import CommandError, ErrorCode


def signed_in(request: Request) -> User:
    """Who is signed in.

    Raises:
        CommandError: `authentication_required` for a guest.
    """
    if not isinstance(request.user, User):
        raise CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
    return request.user


def viewer_id(request: Request) -> int | None:
    """Who looks; `None` for a guest."""
    return request.user.pk if isinstance(request.user, User) else None
