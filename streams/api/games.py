"""REST of what is played and counted in a stream: the throne, battles, numbers over time."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.transports.rest import TokenAuthentication
from streams import selectors
from streams.api.requests import signed_in, visitor
from streams.models import Period, Reign
from streams.selectors import numbers
from streams.services import battles, challenges, throne

_PAGE = 50


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


class OwnClaimResponse(serializers.Serializer[Any]):
    """What the user has gifted in the stream, and what a claim of theirs would take."""

    coins = serializers.IntegerField()
    needed = serializers.IntegerField()


class ThroneResponse(serializers.Serializer[Any]):
    """The throne as `throne:watch` answers it, the last reigns, and who reigned longest; `mine` is null for a guest."""

    throne = serializers.DictField()
    mine = OwnClaimResponse(allow_null=True)
    reigns = ReignResponse(many=True)
    leaders = LeaderResponse(many=True)


class BattleResponse(serializers.Serializer[Any]):
    """The battle the stream is in, and, for its host alone, the challenge they may answer; as events show them."""

    battle = serializers.DictField(allow_null=True)
    challenge = serializers.DictField(allow_null=True)


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
        stream = selectors.access_stream(visitor(request), stream_id)
        now = timezone.now()
        leaders = numbers.reign_leaders(stream.pk, now, _PAGE)
        return Response(
            {
                "throne": msgspec.to_builtins(throne.throne_of(stream.pk, now=now)),
                "mine": _own_claim(request.user, stream.pk, now) if isinstance(request.user, User) else None,
                "reigns": [_reign(reign, now) for reign in selectors.reigns(stream.pk)[:_PAGE]],
                "leaders": [
                    {"userId": user_id, "username": username, "seconds": seconds, "reigns": reigns}
                    for user_id, username, seconds, reigns in leaders
                ],
            }
        )


class BattleView(APIView):
    """`GET`: the battle the stream is in, and the challenge its host may answer."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [AllowAny]

    @extend_schema(responses=BattleResponse)
    def get(self, request: Request, stream_id: str) -> Response:
        stream = selectors.access_stream(visitor(request), stream_id)
        is_host = visitor(request).user_id == stream.host_id
        challenge = challenges.challenge_to(stream.pk, now=timezone.now()) if is_host else None
        return Response(
            {
                "battle": msgspec.to_builtins(battles.battle_of(stream.pk)),
                "challenge": msgspec.to_builtins(challenge),
            }
        )


class StreamAnalyticsView(APIView):
    """`GET`: a stream's numbers over time, for its host and staff."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    @extend_schema(parameters=_ANALYTICS, responses=AnalyticsResponse)
    def get(self, request: Request, stream_id: str) -> Response:
        user = signed_in(request)
        stream = selectors.access_stream(visitor(request), stream_id)
        if stream.host_id != user.pk and not user.is_staff:
            raise CommandError(ErrorCode.ACCESS_DENIED)
        return Response(_numbers(request, stream.pk))


class AnalyticsView(APIView):
    """`GET`: the numbers of all streams together over time, for staff."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    @extend_schema(parameters=_ANALYTICS, responses=AnalyticsResponse)
    def get(self, request: Request) -> Response:
        if not signed_in(request).is_staff:
            raise CommandError(ErrorCode.ACCESS_DENIED)
        return Response(_numbers(request, None))


def _numbers(request: Request, stream_id: int | None) -> dict[str, object]:
    period = request.query_params.get("period", Period.HOUR)
    if period not in Period.values:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: period")
    end = _moment(request, "to") or timezone.now()
    start = _moment(request, "from") or end - timedelta(days=1)
    rows = numbers.numbers_of(period, start, end, stream_id=stream_id)
    names = {"viewers": "peak", **{name: f"all_{name}" for name in ("likes", "gifts", "coins", "comments")}}
    return {
        "period": period,
        "rows": [{"startsAt": iso(row["starts_at"]), **{name: row[of] for name, of in names.items()}} for row in rows],
    }


def _moment(request: Request, name: str) -> datetime | None:
    value = request.query_params.get(name)
    return serializers.DateTimeField().run_validation(value) if value else None


def _own_claim(user: User, stream_id: int, now: datetime) -> dict[str, int]:
    holder = selectors.holder_of(stream_id, now)
    return {
        "coins": selectors.total_of(stream_id, user.pk),
        "needed": selectors.throne_price(stream_id, holder, user.og_level),
    }


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
