"""REST of chat: the history of a stream, in pages both ways; taking a message back."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.selectors import identity_of
from chat import selectors
from chat.render import render
from chat.services import removal
from gateway.errors import CommandError, ErrorCode
from gateway.events import encode
from gateway.identity import Identity
from gateway.transports.rest import TokenAuthentication, request_address, request_country
from streams.selectors import Visitor, access_stream, find_card

_MOST = 100


class MessagesResponse(serializers.Serializer[Any]):
    """A page of messages, oldest first; each is as the event `chat:new` shows it."""

    messages = serializers.ListField(child=serializers.DictField())
    hasMore = serializers.BooleanField()


class MessagesView(APIView):
    """`GET`: messages oldest first: the newest, or those `before` or `after` an id, or those of a `thread`.

    With `lounge=true` those of the lounge alone; with `lounge=false` without them.
    """

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[
            *(OpenApiParameter(name, int) for name in ("before", "after", "thread", "limit")),
            OpenApiParameter("lounge", bool),
        ],
        responses=MessagesResponse,
    )
    def get(self, request: Request, stream_id: str) -> HttpResponse:
        stream = access_stream(_visitor(request), stream_id)
        card = find_card(str(stream.pk))
        assert card is not None
        messages = selectors.access_messages(card, _identity(request))
        thread, before, after = (_id(request, name) for name in ("thread", "before", "after"))
        limit = min(_id(request, "limit") or 50, _MOST)
        lounge = _choice(request, "lounge")
        if lounge is not None:
            messages = selectors.of_lounge(messages, lounge)
        if thread is not None:
            messages = messages.filter(thread_id=thread)
        if after is not None:
            page = selectors.page_after(messages, after, limit)
        else:
            page = selectors.page_before(messages, before, limit)
        body = {"messages": [render(message, card) for message in page.messages], "hasMore": page.has_more}
        return HttpResponse(encode(body), content_type="application/json")


class MessageView(APIView):
    """`DELETE`: take a message back, as its author or as somebody who moderates the stream."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, stream_id: str, message_id: int) -> Response:
        identity = _identity(request)
        assert identity is not None
        message, card = selectors.access_message(identity, str(message_id))
        if card.id != stream_id:
            raise CommandError(ErrorCode.NOT_FOUND)
        removal.remove_message(remover=identity, message=message, card=card)
        return Response(status=204)


def _id(request: Request, name: str) -> int | None:
    value = request.query_params.get(name)
    if value is None:
        return None
    if not value.isdecimal() or not 0 < len(value) < 19 or int(value) == 0:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {name} must be a positive number")
    return int(value)


def _choice(request: Request, name: str) -> bool | None:
    value = request.query_params.get(name)
    if value not in (None, "true", "false"):
        raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {name} must be true or false")
    return None if value is None else value == "true"


def _visitor(request: Request) -> Visitor:
    return Visitor(request.user.pk if isinstance(request.user, User) else None, request_country(request._request))


def _identity(request: Request) -> Identity | None:
    if not isinstance(request.user, User):
        return None
    return identity_of(request.user).at(request_address(request._request))
