"""REST of gifts and coins: the catalog, the wallet, statements, payouts, statistics, and the webhook of top-ups."""

from datetime import datetime
from itertools import islice
from typing import Any

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
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
from gateway.transports.rest import TokenAuthentication, request_country
from gifts import selectors
from gifts.models import Category, Gift, Payout, Rarity
from gifts.selectors import Line
from gifts.services import wallets
from gifts.signature import require_signature
from gifts.statements import csv_lines
from streams.selectors import Visitor, access_stream, top_totals

_PAGE = 50
_TOP = 20


class GiftResponse(serializers.Serializer[Any]):
    """A gift of the catalog."""

    id = serializers.CharField()
    name = serializers.CharField()
    category = serializers.ChoiceField(Category.choices)
    rarity = serializers.ChoiceField(Rarity.choices)
    price = serializers.IntegerField()
    animation = serializers.CharField()
    minOgLevel = serializers.IntegerField()
    stock = serializers.IntegerField(allow_null=True)
    startsOn = serializers.DateField(allow_null=True)
    endsOn = serializers.DateField(allow_null=True)
    countries = serializers.ListField(child=serializers.CharField())


class WalletResponse(serializers.Serializer[Any]):
    """What a wallet holds."""

    coins = serializers.IntegerField()
    bonus = serializers.IntegerField()


class LineResponse(serializers.Serializer[Any]):
    """One line of a statement."""

    transactionId = serializers.CharField()
    timestamp = serializers.DateTimeField()
    kind = serializers.CharField()
    reason = serializers.CharField()
    coins = serializers.IntegerField()
    bonus = serializers.IntegerField()


class StatementResponse(serializers.Serializer[Any]):
    """A page of a statement, the newest first."""

    lines = LineResponse(many=True)
    hasMore = serializers.BooleanField()


class PayoutRequest(serializers.Serializer[Any]):
    """How many coins are to be paid out; `key` is made up by the client and makes a retry safe."""

    coins = serializers.IntegerField()
    key = serializers.CharField(max_length=40)


class PayoutResponse(serializers.Serializer[Any]):
    """A payout request."""

    id = serializers.CharField()
    coins = serializers.IntegerField()
    status = serializers.CharField()
    requestedAt = serializers.DateTimeField()
    decidedAt = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()


class TopUpReport(serializers.Serializer[Any]):
    """What a payment provider reports: its own id of the purchase, who bought, how many coins. More is only kept."""

    id = serializers.CharField(max_length=80)
    userId = serializers.RegexField(r"^[1-9][0-9]{0,17}$")
    coins = serializers.IntegerField()


class TopUpResponse(serializers.Serializer[Any]):
    """The transfer that put the coins into the wallet; the same for a report that comes again."""

    transactionId = serializers.CharField()


class GiftCount(serializers.Serializer[Any]):
    """How often a gift was sent, and what it brought."""

    giftId = serializers.CharField()
    name = serializers.CharField()
    count = serializers.IntegerField()
    coins = serializers.IntegerField()


class GifterResponse(serializers.Serializer[Any]):
    """One of those who gifted most."""

    userId = serializers.CharField()
    username = serializers.CharField()
    coins = serializers.IntegerField()
    gifts = serializers.IntegerField()


class StreamGiftsResponse(serializers.Serializer[Any]):
    """A stream's gifts: who gifted most, and which gifts."""

    gifters = GifterResponse(many=True)
    gifts = GiftCount(many=True)


class CatalogView(APIView):
    """`GET`: the gifts that can be sent."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [AllowAny]

    @extend_schema(responses=GiftResponse(many=True))
    def get(self, request: Request) -> Response:
        return Response([_gift(gift) for gift in selectors.catalog().values() if gift.is_active])


class WalletView(APIView):
    """`GET`: what the user's wallet holds."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    @extend_schema(responses=WalletResponse)
    def get(self, request: Request) -> Response:
        return Response(selectors.balances(_user(request).pk))


class StatementView(APIView):
    """`GET`: what moved the user's coins, the newest first, in pages; `as=csv` gives all of it as a file."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    @extend_schema(
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATETIME),
            OpenApiParameter("to", OpenApiTypes.DATETIME),
            OpenApiParameter("before", int),
            OpenApiParameter("as", enum=["csv"]),
        ],
        responses=StatementResponse,
    )
    def get(self, request: Request) -> HttpResponseBase:
        before = request.query_params.get("before", "")
        if before and not (before.isascii() and before.isdigit() and len(before) < 19):
            raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: before must be a positive number")
        lines = selectors.statement(
            _user(request).pk,
            start=_moment(request, "from"),
            end=_moment(request, "to"),
            before=int(before) if before else None,
        )
        if request.query_params.get("as") == "csv":
            headers = {"Content-Disposition": 'attachment; filename="statement.csv"'}
            return StreamingHttpResponse(csv_lines(lines), content_type="text/csv", headers=headers)
        page = list(islice(lines, _PAGE + 1))
        return Response({"lines": [_line(line) for line in page[:_PAGE]], "hasMore": len(page) > _PAGE})


class PayoutsView(APIView):
    """`GET`: the user's payout requests. `POST`: ask for one; the coins leave the wallet at once."""

    @extend_schema(responses=PayoutResponse(many=True))
    def get(self, request: Request) -> Response:
        return Response([_payout(payout) for payout in selectors.payouts_of(_user(request).pk)])

    @extend_schema(request=PayoutRequest, responses={201: PayoutResponse})
    def post(self, request: Request) -> Response:
        asked = _valid(PayoutRequest(data=request.data))
        payout = wallets.request_payout(user_id=_user(request).pk, coins=asked["coins"], key=asked["key"])
        return Response(_payout(payout), status=201)


class TopUpView(APIView):
    """`POST`: a payment provider reports bought coins, signed in `X-Signature`. A repeated report changes nothing."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(
        request=TopUpReport,
        responses=TopUpResponse,
        parameters=[OpenApiParameter("X-Signature", str, OpenApiParameter.HEADER, required=True)],
    )
    def post(self, request: Request) -> Response:
        require_signature(request.headers.get("X-Signature", ""), request._request.body)
        report = _valid(TopUpReport(data=request.data))
        user_id = int(report["userId"])
        if not User.objects.filter(pk=user_id).exists():
            raise CommandError(ErrorCode.NOT_FOUND)
        top_up = wallets.top_up(
            provider_id=report["id"], user_id=user_id, coins=report["coins"], report=dict(request.data)
        )
        return Response({"transactionId": str(top_up.transfer_id)})


class StreamGiftsView(APIView):
    """`GET`: who gifted most in a stream, and which gifts."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [AllowAny]

    @extend_schema(responses=StreamGiftsResponse)
    def get(self, request: Request, stream_id: str) -> Response:
        stream = access_stream(_visitor(request), stream_id)
        gifters = [
            {
                "userId": str(total.user_id),
                "username": total.user.username,
                "coins": total.coins,
                "gifts": total.gifts,
            }
            for total in top_totals(stream.pk, _TOP)
        ]
        return Response({"gifters": gifters, "gifts": selectors.gift_statistics(stream_id=stream.pk)})


class SentGiftsView(APIView):
    """`GET`: which gifts the user has sent, and what they cost."""

    @extend_schema(responses=GiftCount(many=True))
    def get(self, request: Request) -> Response:
        return Response(selectors.gift_statistics(sender_id=_user(request).pk))


def _moment(request: Request, name: str) -> datetime | None:
    value = request.query_params.get(name)
    return serializers.DateTimeField().run_validation(value) if value else None


def _valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _user(request: Request) -> User:
    if not isinstance(request.user, User):
        raise CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
    return request.user


def _gift(gift: Gift) -> dict[str, object]:
    return {
        "id": gift.pk,
        "name": gift.name,
        "category": gift.category,
        "rarity": gift.rarity,
        "price": gift.price,
        "animation": gift.animation,
        "minOgLevel": gift.min_og_level,
        "stock": gift.stock,
        "startsOn": gift.starts_on,
        "endsOn": gift.ends_on,
        "countries": gift.countries,
    }


def _line(line: Line) -> dict[str, object]:
    return {
        "transactionId": str(line.transfer_id),
        "timestamp": iso(line.at),
        "kind": line.kind,
        "reason": line.reason,
        "coins": line.coins,
        "bonus": line.bonus,
    }


def _payout(payout: Payout) -> dict[str, object]:
    return {
        "id": str(payout.pk),
        "coins": payout.coins,
        "status": payout.status,
        "requestedAt": iso(payout.requested_at),
        "decidedAt": iso(payout.decided_at) if payout.decided_at else None,
        "reason": payout.reason,
    }


def _visitor(request: Request) -> Visitor:
    return Visitor(request.user.pk if isinstance(request.user, User) else None, request_country(request._request))
