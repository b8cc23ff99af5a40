"""Who asks, in the REST of streams."""

from rest_framework.request import Request

from accounts.models import User
from gateway.errors import CommandError, ErrorCode
from gateway.transports.rest import request_country
from streams.selectors import Visitor


def signed_in(request: Request) -> User:
    """Who is signed in.

    Raises:
        CommandError: `authentication_required` for a guest.
    """
    if not isinstance(request.user, User):
        raise CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
    return request.user


def visitor(request: Request) -> Visitor:
    """Who looks, and from where."""
    user_id = request.user.pk if isinstance(request.user, User) else None
    return Visitor(user_id, request_country(request._request))
