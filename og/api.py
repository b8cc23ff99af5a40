"""REST of OG tiers: what is for sale, and what the user has. Buying is the command `og:buy`."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
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
from og import selectors
from og.models import Tier
from og.services import daily_bonus


class TierResponse(serializers.Serializer[Any]):
    """A tier for sale."""

    level = serializers.IntegerField()
    name = serializers.CharField()
    price = serializers.IntegerField()
    days = serializers.IntegerField()
    dailyBonus = serializers.IntegerField()
    badge = serializers.CharField()
    perks = serializers.ListField(child=serializers.CharField())


class NextTierResponse(serializers.Serializer[Any]):
    """The next tier: its price, what is credited for the present one, what is left to pay."""

    level = serializers.IntegerField()
    price = serializers.IntegerField()
    credit = serializers.IntegerField()
    cost = serializers.IntegerField()


class MyTierResponse(serializers.Serializer[Any]):
    """The user's tier, and the way to the next; `gifted` are the coins gifted in all streams."""

    level = serializers.IntegerField()
    tier = TierResponse(allow_null=True)
    expiresAt = serializers.DateTimeField(allow_null=True)
    gifted = serializers.IntegerField()
    next = NextTierResponse(allow_null=True)


class TiersView(APIView):
    """`GET`: all tiers."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [AllowAny]

    @extend_schema(responses=TierResponse(many=True))
    def get(self, request: Request) -> Response:
        return Response([_tier(tier) for tier in selectors.tiers()])


class MyTierView(APIView):
    """`GET`: the user's tier, and the way to the next."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]

    @extend_schema(responses=MyTierResponse)
    def get(self, request: Request) -> Response:
        if not isinstance(request.user, User):
            raise CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
        now = timezone.now()
        membership = selectors.membership_of(request.user.pk, now)
        level = membership.tier_id if membership is not None else 0
        higher = next((tier for tier in selectors.tiers() if tier.level > level), None)
        quote = selectors.quote(higher.level, membership, now) if higher is not None else None
        return Response(
            {
                "level": level,
                "tier": _tier(membership.tier) if membership is not None else None,
                "expiresAt": iso(membership.expires_at) if membership is not None else None,
                "gifted": selectors.gifted_coins(request.user.pk),
                "next": {
                    "level": quote.tier.level,
                    "price": quote.tier.price,
                    "credit": quote.credit,
                    "cost": quote.cost,
                }
                if quote is not None
                else None,
            }
        )


def _tier(tier: Tier) -> dict[str, object]:
    return {
        "level": tier.level,
        "name": tier.name,
        "price": tier.price,
        "days": tier.days,
        "dailyBonus": daily_bonus(tier),
        "badge": tier.badge,
        "perks": tier.perks,
    }
