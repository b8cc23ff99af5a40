"""REST of streams."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.presence import total
from gateway.transports.rest import TokenAuthentication
from streams import selectors, services
from streams.api.chat import ChatFields, described_chat
from streams.api.requests import signed_in, visitor
from streams.models import FailMode, Status, Stream
from streams.rooms import stream_room

_PAGE = 50


class StreamFields(ChatFields):
    """What a host may set."""

    title = serializers.CharField(max_length=140)
    country = serializers.CharField(max_length=2, required=False, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=30), max_length=10, required=False)
    allowedCountries = serializers.ListField(
        source="allowed_countries", child=serializers.CharField(max_length=2), max_length=250, required=False
    )
    deniedCountries = serializers.ListField(
        source="denied_countries", child=serializers.CharField(max_length=2), max_length=250, required=False
    )
    playbackUrl = serializers.URLField(source="playback_url", required=False, allow_blank=True)
    isPrivate = serializers.BooleanField(source="is_private", required=False)
    isAnonymous = serializers.BooleanField(source="is_anonymous", required=False)
    maxViewers = serializers.IntegerField(source="max_viewers", min_value=1, required=False, allow_null=True)
    earlyJoinSeconds = serializers.IntegerField(source="early_join_seconds", min_value=0, required=False)
    failMode = serializers.ChoiceField(source="fail_mode", choices=FailMode.choices, required=False)


class StreamCreation(StreamFields):
    """A new stream; `invited` are the user ids who may see it when it is private."""

    invited = serializers.ListField(child=serializers.IntegerField(), max_length=1000, required=False)


class HostResponse(serializers.Serializer[Any]):
    """Who streams."""

    id = serializers.CharField()
    username = serializers.CharField()
    avatar = serializers.CharField()


class StreamResponse(StreamFields):
    """A stream."""

    id = serializers.CharField()
    host = HostResponse()
    status = serializers.ChoiceField(Status.choices)
    viewers = serializers.IntegerField()
    startedAt = serializers.DateTimeField(allow_null=True)
    endedAt = serializers.DateTimeField(allow_null=True)


class StreamsResponse(serializers.Serializer[Any]):
    """A page of streams, newest first."""

    streams = StreamResponse(many=True)
    hasMore = serializers.BooleanField()


class StreamsView(APIView):
    """`GET`: streams by status, live ones unless asked otherwise, newest first. `POST`: make one."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.request.method == "GET" else [IsAuthenticated()]

    @extend_schema(
        operation_id="streams_list",
        parameters=[OpenApiParameter("status", enum=Status.values), OpenApiParameter("before", int)],
        responses=StreamsResponse,
    )
    def get(self, request: Request) -> Response:
        status = request.query_params.get("status", Status.LIVE)
        before = request.query_params.get("before", "")
        if status not in Status.values or (before and not before.isdecimal()):
            raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: status or before")
        streams = selectors.visible(visitor(request)).filter(status=status).order_by("-id")
        if before:
            streams = streams.filter(pk__lt=int(before))
        page = list(streams[: _PAGE + 1])
        return Response({"streams": [describe(stream) for stream in page[:_PAGE]], "hasMore": len(page) > _PAGE})

    @extend_schema(request=StreamCreation, responses={201: StreamResponse})
    def post(self, request: Request) -> Response:
        fields = _valid(StreamCreation(data=request.data))
        invited = list(User.objects.filter(pk__in=fields.pop("invited", [])))
        stream = services.create_stream(host=signed_in(request), invited=invited, **fields)
        return Response(describe(stream), status=201)


class StreamView(APIView):
    """`GET`: one stream. `PATCH`: change it, as its host."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.request.method == "GET" else [IsAuthenticated()]

    @extend_schema(responses=StreamResponse)
    def get(self, request: Request, stream_id: str) -> Response:
        return Response(describe(selectors.access_stream(visitor(request), stream_id)))

    @extend_schema(request=StreamFields, responses=StreamResponse)
    def patch(self, request: Request, stream_id: str) -> Response:
        stream = selectors.access_own_stream(signed_in(request).pk, stream_id)
        fields = _valid(StreamFields(data=request.data, partial=True))
        return Response(describe(services.change_stream(stream=stream, fields=fields)))


class StartView(APIView):
    """`POST`: go live, as the host."""

    @extend_schema(request=None, responses=StreamResponse)
    def post(self, request: Request, stream_id: str) -> Response:
        stream = selectors.access_own_stream(signed_in(request).pk, stream_id)
        return Response(describe(services.start_stream(stream=stream)))


class EndView(APIView):
    """`POST`: end for good, as the host."""

    @extend_schema(request=None, responses=StreamResponse)
    def post(self, request: Request, stream_id: str) -> Response:
        stream = selectors.access_own_stream(signed_in(request).pk, stream_id)
        return Response(describe(services.end_stream(stream=stream)))


def describe(stream: Stream) -> dict[str, object]:
    """A stream as REST shows it."""
    return {
        "id": str(stream.pk),
        "title": stream.title,
        "host": {"id": str(stream.host_id), "username": stream.host.username, "avatar": stream.host.avatar},
        "status": stream.status,
        "country": stream.country,
        "tags": stream.tags,
        "allowedCountries": stream.allowed_countries,
        "deniedCountries": stream.denied_countries,
        "playbackUrl": stream.playback_url,
        "isPrivate": stream.is_private,
        "isAnonymous": stream.is_anonymous,
        "maxViewers": stream.max_viewers,
        **described_chat(stream),
        "earlyJoinSeconds": stream.early_join_seconds,
        "failMode": stream.fail_mode,
        "viewers": total(stream_room(str(stream.pk)).wire),
        "startedAt": iso(stream.started_at) if stream.started_at else None,
        "endedAt": iso(stream.ended_at) if stream.ended_at else None,
    }


def _valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
