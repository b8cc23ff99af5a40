"""REST of moderation: a user's own sanctions, the appeal of one who cannot sign in, the levels of a stream."""

from typing import Any

import msgspec
from django.contrib.auth import authenticate
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import PublicView
from accounts.models import User
from accounts.selectors import identity_of
from audit.services import Actor
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.identity import Identity
from gateway.transports.rest import request_address
from moderation import selectors
from moderation.models import Sanction
from moderation.plain_text import require_text
from moderation.render import render_levels
from moderation.selectors.rules import access_policed_stream
from moderation.services import rules, sanctions


class SanctionResponse(serializers.Serializer[Any]):
    """A sanction, as the sanctioned sees it; `appeal` is empty, `open`, `upheld` or `lifted`."""

    id = serializers.CharField()
    rung = serializers.CharField()
    reason = serializers.CharField()
    streamId = serializers.CharField(allow_null=True)
    createdAt = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)
    mustAcknowledge = serializers.BooleanField()
    endedAt = serializers.DateTimeField(allow_null=True)
    appeal = serializers.CharField(allow_blank=True)


class AppealOfTheBanned(serializers.Serializer[Any]):
    """Who appeals, proved by their password, and what they say."""

    username = serializers.CharField(max_length=30)
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    text = serializers.CharField(max_length=1000)


class LevelsRequest(serializers.Serializer[Any]):
    """Levels from 0 to 4 by category, and what becomes of held messages nobody decides; the rest stays as it is."""

    levels = serializers.DictField(child=serializers.IntegerField(min_value=0, max_value=4), required=False)
    undecided = serializers.ChoiceField(["show", "hide"], required=False)


class LevelsResponse(serializers.Serializer[Any]):
    """Each category's level, what becomes of held messages nobody decides, and the version of the policy."""

    levels = serializers.DictField(child=serializers.IntegerField())
    undecided = serializers.CharField()
    policyVersion = serializers.CharField()


class SanctionsView(APIView):
    """`GET`: the user's sanctions, the latest first, at most 100. Of a shadow ban nothing is said."""

    @extend_schema(responses=SanctionResponse(many=True))
    def get(self, request: Request) -> Response:
        if not isinstance(request.user, User):
            raise CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
        found = selectors.sanctions_told_to(request.user.pk)[:100]
        return Response([_sanction(sanction) for sanction in found])


class AppealsView(PublicView):
    """`POST`: the appeal of a user who is banned everywhere and cannot sign in, against the latest ban."""

    @extend_schema(request=AppealOfTheBanned, responses={204: None})
    def post(self, request: Request) -> Response:
        checked = AppealOfTheBanned(data=request.data)
        checked.is_valid(raise_exception=True)
        data = checked.validated_data
        user = authenticate(username=data["username"], password=data["password"])
        if not isinstance(user, User):
            raise CommandError(ErrorCode.INVALID_CREDENTIALS)
        sanctions.appeal(sanction=selectors.access_own_ban(user.pk), text=require_text(data["text"]))
        return Response(status=204)


class LevelsView(APIView):
    """`GET`: how strictly a stream is moderated. `PATCH`: change that, as its host or a moderator."""

    @extend_schema(responses=LevelsResponse)
    def get(self, request: Request, stream_id: int) -> Response:
        stream = access_policed_stream(_identity(request), str(stream_id))
        return Response(msgspec.to_builtins(render_levels(stream)))

    @extend_schema(request=LevelsRequest, responses=LevelsResponse)
    def patch(self, request: Request, stream_id: int) -> Response:
        identity = _identity(request)
        stream = access_policed_stream(identity, str(stream_id))
        checked = LevelsRequest(data=request.data)
        checked.is_valid(raise_exception=True)
        actor = Actor.api(int(identity.user_id), request_address(request._request))
        given = {"levels": {}, **checked.validated_data}
        rules.change_policy(actor=actor, stream_id=stream, **given)
        return Response(msgspec.to_builtins(render_levels(stream)))


def _identity(request: Request) -> Identity:
    if not isinstance(request.user, User):
        raise CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
    return identity_of(request.user)


def _sanction(sanction: Sanction) -> dict[str, object]:
    appeal = getattr(sanction, "appeal", None)
    return {
        "id": str(sanction.pk),
        "rung": sanction.rung,
        "reason": sanction.reason,
        "streamId": str(sanction.stream_id) if sanction.stream_id is not None else None,
        "createdAt": iso(sanction.created_at),
        "until": iso(sanction.until) if sanction.until else None,
        "mustAcknowledge": sanction.is_unread_warning,
        "endedAt": iso(sanction.ended_at) if sanction.ended_at else None,
        "appeal": (appeal.outcome or "open") if appeal is not None else "",
    }
