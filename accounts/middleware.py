"""A Django session ends with the session row it belongs to, as sockets do."""

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from accounts.models import Session
from gateway.identity import SESSION_CLAIM


class SessionRevocationMiddleware:
    """Signs a browser out whose session was revoked, or whose user was banned."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session_id = request.session.get(SESSION_CLAIM)
        if session_id and not self._is_welcome(session_id):
            logout(request)
        return self._get_response(request)

    def _is_welcome(self, session_id: str) -> bool:
        return Session.objects.filter(pk=session_id, revoked_at__isnull=True, user__is_banned=False).exists()
