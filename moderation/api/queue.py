"""REST of the moderators' queue: reading it. What is done to it is sent as a command."""

from typing import Any

import msgspec
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from gateway.errors import CommandError, ErrorCode
from gateway.events import encode
from gateway.transports.rest import TokenAuthentication
from moderation.events.queue import ListQueue
from moderation.render.queue import read_filters, read_item, read_queue
from moderation.selectors.queue import access_item, access_moderator


class QueueResponse(serializers.Serializer[Any]):
    """A page of the queue; `next` is for `after`, and `count` how many items there are on all pages."""

    items = serializers.ListField(child=serializers.DictField())
    next = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField()


class ItemDetailsResponse(serializers.Serializer[Any]):
    """An item with what was written around it and who reported it."""

    item = serializers.DictField()
    # A field, although every serializer has something of this name: DRF takes declared fields off the class.
    context = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]
    reportedBy = serializers.ListField(child=serializers.DictField())


class FiltersResponse(serializers.Serializer[Any]):
    """The views a moderator keeps."""

    filters = serializers.ListField(child=serializers.DictField())


class QueueListView(APIView):
    """`GET`: a page of the queue as `queue:list` answers it, by the same fields; for moderators."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    @extend_schema(
        parameters=[
            OpenApiParameter(name, kind)
            for name, kind in {
                "kind": str,
                "category": str,
                "streamId": str,
                "userId": str,
                "assignee": str,
                "minScore": float,
                "decided": bool,
                "after": str,
            }.items()
        ],
        responses=QueueResponse,
    )
    def get(self, request: Request) -> HttpResponse:
        try:
            wanted = msgspec.convert(request.query_params.dict(), ListQueue, strict=False)
        except msgspec.ValidationError as error:
            raise CommandError(ErrorCode.INVALID_PAYLOAD, f"Invalid payload: {error}") from error
        return _json(read_queue(_moderator(request), wanted))


class QueueItemView(APIView):
    """`GET`: an item of the queue as `queue:read` answers it; for moderators."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    @extend_schema(operation_id="moderation_queue_item", responses=ItemDetailsResponse)
    def get(self, request: Request, item_id: int) -> HttpResponse:
        _moderator(request)
        return _json(read_item(access_item(item_id)))


class QueueFiltersView(APIView):
    """`GET`: the views of the queue the moderator keeps, as `queue:filters` answers them."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    @extend_schema(responses=FiltersResponse)
    def get(self, request: Request) -> HttpResponse:
        return _json(read_filters(_moderator(request)))


def _moderator(request: Request) -> User:
    if not isinstance(request.user, User):
        raise CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
    return access_moderator(request.user.pk)


def _json(body: msgspec.Struct) -> HttpResponse:
    return HttpResponse(encode(body), content_type="application/json")
