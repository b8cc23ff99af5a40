"""The session of ours behind a browser's Django session: what its sockets come with, and what ends it everywhere."""

from django.http import HttpRequest

from accounts import services
from accounts.models import User
from gateway.identity import SESSION_CLAIM
from gateway.transports.rest import request_address


def remember(request: HttpRequest, user: User) -> None:
    """Open a session for somebody who has just proved who they are in this browser."""
    tokens = services.open_session(
        user=user, user_agent=request.headers.get("User-Agent", ""), address=request_address(request)
    )
    request.session[SESSION_CLAIM] = str(tokens.session.pk)


def end(request: HttpRequest) -> None:
    """End the browser's session, and with it its sockets."""
    session_id = request.session.get(SESSION_CLAIM)
    if session_id and isinstance(request.user, User):
        services.sign_out(user=request.user, session_id=session_id)
