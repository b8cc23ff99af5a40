"""REST: the third way to the same dispatch, and what DRF needs to speak our tokens and our errors."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from redis.exceptions import RedisError
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import violations
from gateway.barriers import barriers
from gateway.countries import country_of
from gateway.database import in_database
from gateway.dispatch import dispatch, refusal
from gateway.errors import CommandError, ErrorCode
from gateway.idempotency import Answer
from gateway.identity import Identity, identify
from gateway.json_limits import loads
from gateway.runtime import runtime
from gateway.transports.address import client_address


@dataclass(frozen=True, slots=True)
class RestCaller:
    """One request that sends one command."""

    identity: Identity
    address: str
    live: bool = False

    def turn_away(self) -> None:
        """There is nothing to close; the next request is refused at the door."""


@csrf_exempt
@require_POST
async def command(request: HttpRequest, name: str) -> HttpResponse:
    """`POST /api/events/{name}/`: send a command. The body is its payload, the answer is its acknowledgement."""
    try:
        await runtime.ensure_started()
        identity = await in_database(identify, request.headers.get("Authorization"))
        barriers.require_open(request_address(request))
        await violations.require_welcome(user_id=identity.user_id)
        payload = _payload(request)
    except CommandError as error:
        return _respond(refusal(error, name))
    except (RedisError, OSError):
        return _respond(refusal(CommandError(ErrorCode.UNAVAILABLE, retry_after=1.0), name))
    address = request_address(request)
    return _respond(await dispatch(RestCaller(identity.at(address), address), name, payload))


def request_address(request: HttpRequest) -> str:
    """The client's address of a request."""
    scope = getattr(request, "scope", None)
    return client_address(scope) if scope else str(request.META.get("REMOTE_ADDR", "unknown"))


def request_country(request: HttpRequest) -> str:
    """The country a request comes from; empty when it is not known."""
    return country_of(request_address(request))


def _payload(request: HttpRequest) -> object:
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise CommandError(ErrorCode.PAYLOAD_TOO_LARGE) from error
    if len(body) > settings.GATEWAY_MAX_FRAME_BYTES:
        raise CommandError(ErrorCode.PAYLOAD_TOO_LARGE)
    try:
        return loads(body) if body else {}
    except ValueError as error:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: the body is not JSON") from error


def _respond(answer: Answer) -> HttpResponse:
    name, ok = ("data", "true") if answer.ok else ("error", "false")
    body = f'{{"ok":{ok},"{name}":{answer.body}}}'
    return HttpResponse(body, content_type="application/json", status=answer.status)


class TokenAuthentication(BaseAuthentication):
    """The access token of the `Authorization` header, with or without `Bearer `; `request.auth` is the identity."""

    def authenticate(self, request: Request) -> tuple[Any, Identity] | None:
        token = request.headers.get("Authorization")
        if token is None:
            return None
        identity = identify(token)
        barriers.require_open(request_address(request._request))
        return get_user_model().objects.get(pk=identity.user_id), identity

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


_KNOWN_ERRORS: dict[type[Exception], ErrorCode] = {
    Http404: ErrorCode.NOT_FOUND,
    PermissionDenied: ErrorCode.ACCESS_DENIED,
    exceptions.NotAuthenticated: ErrorCode.AUTHENTICATION_REQUIRED,
    exceptions.AuthenticationFailed: ErrorCode.INVALID_TOKEN,
    exceptions.PermissionDenied: ErrorCode.ACCESS_DENIED,
    exceptions.NotFound: ErrorCode.NOT_FOUND,
    exceptions.ParseError: ErrorCode.INVALID_PAYLOAD,
    exceptions.Throttled: ErrorCode.RATE_LIMITED,
}


def error_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error of the REST interface as `{"ok": false, "error": {message, code, …}}`."""
    refusal = _command_error(error)
    if refusal is None:
        return None
    body: dict[str, object] = {"message": refusal.message, "code": str(refusal.code)}
    if refusal.retry_after is not None:
        body["retryAfter"] = refusal.retry_after
    return Response({"ok": False, "error": body}, status=refusal.status)


def _command_error(error: Exception) -> CommandError | None:
    if isinstance(error, CommandError):
        return error
    for kind, code in _KNOWN_ERRORS.items():
        if isinstance(error, kind):
            return CommandError(code)
    if isinstance(error, exceptions.APIException):
        return CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {_first(error.detail)}")
    return None


def _first(detail: Any, field: str = "") -> str:
    if isinstance(detail, dict):
        name, value = next(iter(detail.items()))
        return _first(value, name)
    if isinstance(detail, list):
        return _first(detail[0], field)
    return f"{field}: {detail}" if field and field != "non_field_errors" else str(detail)
