"""REST of how a stream's chat behaves."""

from datetime import timedelta
from typing import Any

import msgspec
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.selectors import identity_of
from audit.services import Actor
from gateway.transports.rest import request_address
from streams.api.requests import signed_in
from streams.chat_settings import SETTINGS
from streams.events.chat import ChatRules
from streams.models import Stream
from streams.selectors import StreamCard, access_moderated_card
from streams.services import chat_settings


class ChatFields(serializers.Serializer[Any]):
    """How a stream's chat behaves, as it was set; a raised shield does not show here."""

    slowModeSeconds = serializers.IntegerField(source="slow_mode_seconds", min_value=0, required=False)
    ogOnlyLevel = serializers.IntegerField(source="og_only_level", min_value=0, max_value=5, required=False)
    emojiOnly = serializers.BooleanField(source="emoji_only", required=False)
    uniqueMessages = serializers.BooleanField(source="unique_messages", required=False)
    chatDelaySeconds = serializers.ChoiceField([0, 2, 4, 6], source="chat_delay_seconds", required=False)
    linksAllowed = serializers.BooleanField(source="links_allowed", required=False)


class ChatResponse(ChatFields):
    """How a stream's chat behaves now; `shieldUntil` is null while no shield is raised."""

    shieldUntil = serializers.DateTimeField(allow_null=True)


class ShieldRequest(serializers.Serializer[Any]):
    """For how many minutes the shield is raised."""

    minutes = serializers.IntegerField(min_value=1, max_value=1440, default=15)


class ChatView(APIView):
    """`GET`: how the chat behaves now. `PATCH`: change that. Both for those who moderate the stream."""

    @extend_schema(responses=ChatResponse)
    def get(self, request: Request, stream_id: int) -> Response:
        card, _ = _moderated(request, stream_id)
        return _answer(ChatRules.of(card.chat, timezone.now()))

    @extend_schema(request=ChatFields, responses=ChatResponse)
    def patch(self, request: Request, stream_id: int) -> Response:
        _, actor = _moderated(request, stream_id)
        checked = ChatFields(data=request.data, partial=True)
        checked.is_valid(raise_exception=True)
        fields = dict(checked.validated_data)
        return _answer(chat_settings.change_chat(actor=actor, stream_id=stream_id, fields=fields))


class ShieldView(APIView):
    """`PUT`: raise the shield. `DELETE`: lower it. For those who moderate the stream."""

    @extend_schema(request=ShieldRequest, responses=ChatResponse)
    def put(self, request: Request, stream_id: int) -> Response:
        _, actor = _moderated(request, stream_id)
        checked = ShieldRequest(data=request.data)
        checked.is_valid(raise_exception=True)
        lasts = timedelta(minutes=checked.validated_data["minutes"])
        return _answer(chat_settings.raise_shield(actor=actor, stream_id=stream_id, lasts=lasts))

    @extend_schema(responses=ChatResponse)
    def delete(self, request: Request, stream_id: int) -> Response:
        _, actor = _moderated(request, stream_id)
        return _answer(chat_settings.lower_shield(actor=actor, stream_id=stream_id))


def described_chat(stream: Stream) -> dict[str, object]:
    """The settings of a stream's chat as REST shows them."""
    names = {field.source: name for name, field in ChatFields().fields.items()}
    return {names[setting]: getattr(stream, setting) for setting in SETTINGS}


def _moderated(request: Request, stream_id: int) -> tuple[StreamCard, Actor]:
    user = signed_in(request)
    card = access_moderated_card(identity_of(user), str(stream_id))
    return card, Actor.api(user.pk, request_address(request._request))


def _answer(rules: ChatRules) -> Response:
    return Response(msgspec.to_builtins(rules))
