"""REST of streams."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
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
from streams.models import Period, Reign, Status, Stream
from streams.rooms import stream_room
from streams.services import battles, throne

_PAGE = 50


class StreamFields(serializers.Serializer[Any]):
    """What a host may set."""

    title = serializers.CharField(max_length=140)
    country = serializers.CharField(max_length=2, required=False, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=30), max_length=10, required=False)
    playbackUrl = serializers.URLField(source="playback_url", required=False, allow_blank=True)
    isPrivate = serializers.BooleanField(source="is_private", required=False)
    isAnonymous = serializers.BooleanField(source="is_anonymous", required=False)
    maxViewers = serializers.IntegerField(source="max_viewers", min_value=1, required=False, allow_null=True)
    slowModeSeconds = serializers.IntegerField(source="slow_mode_seconds", min_value=0, required=False)


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
        streams = selectors.visible(_viewer(request)).filter(status=status).order_by("-id")
        if before:
            streams = streams.filter(pk__lt=int(before))
        page = list(streams[: _PAGE + 1])
        return Response({"streams": [describe(stream) for stream in page[:_PAGE]], "hasMore": len(page) > _PAGE})

    @extend_schema(request=StreamCreation, responses={201: StreamResponse})
    def post(self, request: Request) -> Response:
        fields = _valid(StreamCreation(data=request.data))
        invited = list(User.objects.filter(pk__in=fields.pop("invited", [])))
        return Response(describe(services.create_stream(host=_user(request), invited=invited, **fields)), status=201)


class StreamView(APIView):
    """`GET`: one stream. `PATCH`: change it, as its host."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.request.method == "GET" else [IsAuthenticated()]

    @extend_schema(responses=StreamResponse)
    def get(self, request: Request, stream_id: str) -> Response:
        return Response(describe(selectors.access_stream(_viewer(request), stream_id)))

    @extend_schema(request=StreamFields, responses=StreamResponse)
    def patch(self, request: Request, stream_id: str) -> Response:
        stream = selectors.access_own_stream(_user(request).pk, stream_id)
        fields = _valid(StreamFields(data=request.data, partial=True))
        return Response(describe(services.change_stream(stream=stream, fields=fields)))


class StartView(APIView):
    """`POST`: go live, as the host."""

    @extend_schema(request=None, responses=StreamResponse)
    def post(self, request: Request, stream_id: str) -> Response:
        stream = selectors.access_own_stream(_user(request).pk, stream_id)
        return Response(describe(services.start_stream(stream=stream)))


class EndView(APIView):
    """`POST`: end for good, as the host."""

    @extend_schema(request=None, responses=StreamResponse)
    def post(self, request: Request, stream_id: str) -> Response:
        stream = selectors.access_own_stream(_user(request).pk, stream_id)
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
        "playbackUrl": stream.playback_url,
        "isPrivate": stream.is_private,
        "isAnonymous": stream.is_anonymous,
        "maxViewers": stream.max_viewers,
        "slowModeSeconds": stream.slow_mode_seconds,
        "viewers": total(stream_room(str(stream.pk)).wire),
        "startedAt": iso(stream.started_at) if stream.started_at else None,
        "endedAt": iso(stream.ended_at) if stream.ended_at else None,
    }


def _valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _user(request: Request) -> User:
    if not isinstance(request.user, User):
        raise CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
    return request.user


def _viewer(request: Request) -> int | None:
    return request.user.pk if isinstance(request.user, User) else None


# --- The throne, battles, numbers -----------------------------------------------------------------


class ReignResponse(serializers.Serializer[Any]):
    """Somebody's time on a throne; `endedAt` is null while they sit there."""

    id = serializers.CharField()
    userId = serializers.CharField()
    username = serializers.CharField()
    coins = serializers.IntegerField()
    beganAt = serializers.DateTimeField()
    endedAt = serializers.DateTimeField(allow_null=True)
    end = serializers.CharField()
    seconds = serializers.IntegerField()


class LeaderResponse(serializers.Serializer[Any]):
    """How long somebody sat on the throne in all."""

    userId = serializers.CharField()
    username = serializers.CharField()
    seconds = serializers.IntegerField()
    reigns = serializers.IntegerField()


class ThroneResponse(serializers.Serializer[Any]):
    """The throne as `throne:watch` answers it, the last reigns, and who reigned longest."""

    throne = serializers.DictField()
    reigns = ReignResponse(many=True)
    leaders = LeaderResponse(many=True)


class BattleResponse(serializers.Serializer[Any]):
    """The battle the stream is in, as events show it; null without one."""

    battle = serializers.DictField(allow_null=True)


class NumbersResponse(serializers.Serializer[Any]):
    """The numbers of one minute, hour or day; `viewers` is the most at any moment."""

    startsAt = serializers.DateTimeField()
    viewers = serializers.IntegerField()
    likes = serializers.IntegerField()
    gifts = serializers.IntegerField()
    coins = serializers.IntegerField()
    comments = serializers.IntegerField()


class AnalyticsResponse(serializers.Serializer[Any]):
    """Numbers over time; those with nothing to tell are left out."""

    period = serializers.ChoiceField(Period.choices)
    rows = NumbersResponse(many=True)


_ANALYTICS = [
    OpenApiParameter("period", enum=Period.values),
    OpenApiParameter("from", OpenApiTypes.DATETIME),
    OpenApiParameter("to", OpenApiTypes.DATETIME),
]


class ThroneView(APIView):
    """`GET`: the throne, its history and its leaderboard."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [AllowAny]

    @extend_schema(responses=ThroneResponse)
    def get(self, request: Request, stream_id: str) -> Response:
        stream = selectors.access_stream(_viewer(request), stream_id)
        now = timezone.now()
        leaders = selectors.reign_leaders(stream.pk, now, _PAGE)
        return Response(
            {
                "throne": msgspec.to_builtins(throne.throne_of(stream.pk, now=now)),
                "reigns": [_reign(reign, now) for reign in selectors.reigns(stream.pk)[:_PAGE]],
                "leaders": [
                    {"userId": user_id, "username": username, "seconds": seconds, "reigns": reigns}
                    for user_id, username, seconds, reigns in leaders
                ],
            }
        )


class BattleView(APIView):
    """`GET`: the battle the stream is in."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [AllowAny]

    @extend_schema(responses=BattleResponse)
    def get(self, request: Request, stream_id: str) -> Response:
        stream = selectors.access_stream(_viewer(request), stream_id)
        return Response({"battle": msgspec.to_builtins(battles.battle_of(stream.pk))})


class StreamAnalyticsView(APIView):
    """`GET`: a stream's numbers over time, for its host and staff."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    @extend_schema(parameters=_ANALYTICS, responses=AnalyticsResponse)
    def get(self, request: Request, stream_id: str) -> Response:
        user = _user(request)
        stream = selectors.access_stream(user.pk, stream_id)
        if stream.host_id != user.pk and not user.is_staff:
            raise CommandError(ErrorCode.ACCESS_DENIED)
        return Response(_numbers(request, stream.pk))


class AnalyticsView(APIView):
    """`GET`: the numbers of all streams together over time, for staff."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    @extend_schema(parameters=_ANALYTICS, responses=AnalyticsResponse)
    def get(self, request: Request) -> Response:
        if not _user(request).is_staff:
            raise CommandError(ErrorCode.ACCESS_DENIED)
        return Response(_numbers(request, None))


def _numbers(request: Request, stream_id: int | None) -> dict[str, object]:
    period = request.query_params.get("period", Period.HOUR)
    if period not in Period.values:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: period")
    end = _moment(request, "to") or timezone.now()
    start = _moment(request, "from") or end - timedelta(days=1)
    rows = selectors.numbers_of(period, start, end, stream_id=stream_id)
    names = {"viewers": "peak", **{name: f"all_{name}" for name in ("likes", "gifts", "coins", "comments")}}
    return {
        "period": period,
        "rows": [{"startsAt": iso(row["starts_at"]), **{name: row[of] for name, of in names.items()}} for row in rows],
    }


def _moment(request: Request, name: str) -> datetime | None:
    value = request.query_params.get(name)
    return serializers.DateTimeField().run_validation(value) if value else None


def _reign(reign: Reign, now: datetime) -> dict[str, object]:
    return {
        "id": str(reign.pk),
        "userId": str(reign.user_id),
        "username": reign.user.username,
        "coins": reign.coins,
        "beganAt": iso(reign.began_at),
        "endedAt": iso(reign.ended_at) if reign.ended_at else None,
        "end": reign.end,
        "seconds": selectors.reign_seconds(reign, now),
    }
