"""REST of accounts: register, sign in, refresh, sign out, who am I, my devices."""

from typing import Any

import msgspec
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import barriers, data_rights, selectors, services
from accounts.evasion import device_fingerprint
from accounts.events import GetPresence
from accounts.models import Session, User
from accounts.services import Tokens
from audit.services import Actor
from gateway import limits, violations
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.transports.rest import TokenAuthentication, request_address


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the token appears in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class Credentials(serializers.Serializer[Any]):
    """A name and a password; `deviceId` is what the app calls its device, and proves nothing."""

    username = serializers.CharField(max_length=30)
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    deviceId = serializers.CharField(max_length=128, required=False, allow_blank=True)


class RefreshRequest(serializers.Serializer[Any]):
    """A refresh token."""

    refresh = serializers.CharField(max_length=2000)


class PasswordChange(serializers.Serializer[Any]):
    """The old password and the new one."""

    oldPassword = serializers.CharField(max_length=128, trim_whitespace=False)
    newPassword = serializers.CharField(max_length=128, trim_whitespace=False)


class MeResponse(serializers.Serializer[Any]):
    """A user, as they see themselves."""

    id = serializers.CharField()
    username = serializers.CharField()
    avatar = serializers.CharField()
    ogLevel = serializers.IntegerField()
    isModerator = serializers.BooleanField()
    isStaff = serializers.BooleanField()


class TokensResponse(serializers.Serializer[Any]):
    """A pair of tokens and whose they are."""

    access = serializers.CharField()
    refresh = serializers.CharField()
    user = MeResponse()


class SessionResponse(serializers.Serializer[Any]):
    """A signed-in device; `current` is the one that asks."""

    id = serializers.CharField()
    userAgent = serializers.CharField()
    createdAt = serializers.DateTimeField()
    lastSeenAt = serializers.DateTimeField()
    current = serializers.BooleanField()


class PublicView(APIView):
    """A view anybody may use, within the limit of their address."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        address = request_address(request._request)
        barriers.require_open(address=address)
        async_to_sync(violations.require_welcome)(address=address)
        _charge(limits.rate("sign_in", limits.address_key(address)), address)


class RegisterView(PublicView):
    """`POST`: make an account and sign in."""

    @extend_schema(request=Credentials, responses={201: TokensResponse})
    def post(self, request: Request) -> Response:
        data = _valid(Credentials, request)
        address, device_id = request_address(request._request), data.get("deviceId", "")
        if device_id:
            _charge(limits.rate("device", device_fingerprint(device_id)), address)
        barriers.require_open(address=address, device_id=device_id)
        user = services.register(username=data["username"], password=data["password"])
        tokens = services.open_session(user=user, user_agent=_user_agent(request), address=address, device_id=device_id)
        return Response(_tokens(tokens), status=201)


class TokenView(PublicView):
    """`POST`: sign in."""

    @extend_schema(request=Credentials, responses=TokensResponse)
    def post(self, request: Request) -> Response:
        data = _valid(Credentials, request)
        address, device_id = request_address(request._request), data.get("deviceId", "")
        barriers.require_open(address=address, device_id=device_id)
        tokens = services.sign_in(
            username=data["username"],
            password=data["password"],
            user_agent=_user_agent(request),
            address=address,
            device_id=device_id,
        )
        return Response(_tokens(tokens))


class RefreshView(PublicView):
    """`POST`: trade a refresh token for a new pair. Each is good once; a second use ends the session."""

    @extend_schema(request=RefreshRequest, responses=TokensResponse)
    def post(self, request: Request) -> Response:
        return Response(_tokens(services.refresh(token=_valid(RefreshRequest, request)["refresh"])))


class LogoutView(APIView):
    """`POST`: end this session and close its sockets everywhere."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        services.sign_out(user=_user(request), session_id=_session_id(request))
        return Response(status=204)


class LogoutEverywhereView(APIView):
    """`POST`: end all sessions of this user and close their sockets everywhere."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        services.sign_out_everywhere(user=_user(request))
        return Response(status=204)


class PasswordView(APIView):
    """`POST`: change the password; every other session ends."""

    @extend_schema(request=PasswordChange, responses={204: None})
    def post(self, request: Request) -> Response:
        data = _valid(PasswordChange, request)
        services.change_password(
            user=_user(request),
            old_password=data["oldPassword"],
            new_password=data["newPassword"],
            keep_session_id=_session_id(request),
        )
        return Response(status=204)


class MeView(APIView):
    """`GET`: who the token speaks of."""

    @extend_schema(responses=MeResponse)
    def get(self, request: Request) -> Response:
        return Response(_me(_user(request)))


class ExportView(APIView):
    """`GET`: all that is held on the user, as a file; once an hour."""

    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request) -> HttpResponse:
        user, address = _user(request), request_address(request._request)
        _charge(limits.rate("export", str(user.pk)), address)
        pieces = data_rights.export(actor=Actor.api(user.pk, address), user=user)
        name = {"Content-Disposition": f'attachment; filename="{user.username}.json"'}
        return HttpResponse("".join(pieces), content_type="application/json", headers=name)


class SessionsView(APIView):
    """`GET`: the user's signed-in devices."""

    @extend_schema(responses=SessionResponse(many=True))
    def get(self, request: Request) -> Response:
        current = _session_id(request)
        return Response([_session(session, current) for session in selectors.open_sessions(_user(request))])


class SessionView(APIView):
    """`DELETE`: end one of the user's sessions and close its sockets everywhere."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, session_id: str) -> Response:
        services.sign_out(user=_user(request), session_id=session_id)
        return Response(status=204)


class UserStateResponse(serializers.Serializer[Any]):
    """How a user is; `lastSeen` of those who are offline."""

    userId = serializers.CharField()
    state = serializers.ChoiceField(["online", "idle", "offline"])
    lastSeen = serializers.DateTimeField(allow_null=True)


class PresenceView(APIView):
    """`GET ?ids=2,3`: whether up to 100 users are online, idle or offline."""

    @extend_schema(
        parameters=[OpenApiParameter("ids", str, required=True, description="ids of users, separated by commas")],
        responses=UserStateResponse(many=True),
    )
    def get(self, request: Request) -> Response:
        async_to_sync(limits.spend)(limits.rate("default", str(_user(request).pk)))
        ids = [part for part in request.query_params.get("ids", "").split(",") if part]
        try:
            asked = msgspec.convert({"userIds": ids}, GetPresence)
        except msgspec.ValidationError as error:
            raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {error}") from error
        return Response(msgspec.to_builtins(selectors.presence_of(asked.user_ids)))


def _charge(buckets: list[limits.Bucket], address: str) -> None:
    try:
        async_to_sync(limits.spend)(buckets)
    except CommandError as error:
        async_to_sync(violations.note)(error, address=address, event="sign_in")
        raise


def _valid(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    checked = serializer(data=request.data)
    checked.is_valid(raise_exception=True)
    return checked.validated_data  # type: ignore[no-any-return]


def _user(request: Request) -> User:
    if not isinstance(request.user, User):
        raise CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
    return request.user


def _session_id(request: Request) -> str:
    return str(request.auth.session_id)  # type: ignore[union-attr]


def _user_agent(request: Request) -> str:
    return request.headers.get("User-Agent", "")


def _me(user: User) -> dict[str, object]:
    return {
        "id": str(user.pk),
        "username": user.username,
        "avatar": user.avatar,
        "ogLevel": user.og_level,
        "isModerator": user.is_moderator,
        "isStaff": user.is_staff,
    }


def _tokens(tokens: Tokens) -> dict[str, object]:
    return {"access": tokens.access, "refresh": tokens.refresh, "user": _me(tokens.user)}


def _session(session: Session, current: str) -> dict[str, object]:
    return {
        "id": str(session.pk),
        "userAgent": session.user_agent,
        "createdAt": iso(session.created_at),
        "lastSeenAt": iso(session.last_seen_at),
        "current": str(session.pk) == current,
    }
