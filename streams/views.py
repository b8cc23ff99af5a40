"""Pages for viewers."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from accounts.selectors import identity_of
from gateway.errors import CommandError
from gateway.presence import total
from gateway.transports.rest import request_country
from streams import selectors
from streams.models import Stream
from streams.rooms import stream_room
from streams.selectors import Visitor

_SHOWN = 60
# What the page needs to know of the games' rules to explain them, by the name it reads them under.
_RULES = {
    "gift_most": settings.GIFT_MAX_QUANTITY,
    "combo_seconds": settings.GIFT_COMBO_SECONDS,
    "boost_most": settings.STREAM_BOOST_MAX_COINS,
    "special_seconds": settings.STREAM_BOOST_SECONDS["special"],
    "defense_seconds": settings.STREAM_BOOST_SECONDS["defense"],
    "rematch_seconds": settings.STREAM_BATTLE_REMATCH_SECONDS,
    "throne_coins": settings.STREAM_THRONE_COINS,
    "throne_percent": settings.STREAM_THRONE_PERCENT_MORE,
    "throne_free_from": settings.STREAM_THRONE_FREE_FROM_OG_LEVEL,
    "spotlight_seconds": settings.GATEWAY_RATE_LIMITS["spotlight"][0][1],
}
# From which OG level on the page offers what, by the name it reads it under.
_PERKS = {
    "animated": settings.STREAM_ANIMATED_FROM_OG_LEVEL,
    "stealth": settings.STREAM_ENTRY_FROM_OG_LEVEL["stealth"],
    "ghost": settings.STREAM_ENTRY_FROM_OG_LEVEL["ghost"],
    "pin": settings.CHAT_PIN_FROM_OG_LEVEL,
    "lounge": settings.CHAT_LOUNGE_FROM_OG_LEVEL,
    "spotlight": settings.CHAT_SPOTLIGHT_FROM_OG_LEVEL,
}


def index(request: HttpRequest) -> HttpResponse:
    """The live streams the visitor may see."""
    streams = list(selectors.live_streams(_visitor(request))[:_SHOWN])
    return render(request, "streams/index.html", {"streams": [_with_viewers(stream) for stream in streams]})


def watch(request: HttpRequest, stream_id: str) -> HttpResponse:
    """One stream, with its chat."""
    try:
        stream = selectors.access_stream(_visitor(request), stream_id)
    except CommandError as error:
        raise Http404 from error
    shown = {"stream": _with_viewers(stream), "may_moderate": _may_moderate(request, stream)}
    return render(request, "streams/watch.html", {**shown, "rules": _RULES, "perks": _PERKS})


@login_required
def studio(request: HttpRequest) -> HttpResponse:
    """The visitor's own streams, newest first."""
    streams = Stream.objects.filter(host=_signed_in(request)).order_by("-id")[:_SHOWN]
    return render(request, "streams/studio.html", {"streams": streams})


@login_required
def numbers(request: HttpRequest, stream_id: str) -> HttpResponse:
    """The numbers over time of one of the visitor's own streams."""
    try:
        stream = selectors.access_own_stream(_signed_in(request), stream_id)
    except CommandError as error:
        raise Http404 from error
    return render(request, "streams/numbers.html", {"stream": stream})


def _with_viewers(stream: Stream) -> Stream:
    stream.viewers = total(stream_room(str(stream.pk)).wire)  # type: ignore[attr-defined]
    return stream


def _may_moderate(request: HttpRequest, stream: Stream) -> bool:
    card = selectors.find_card(str(stream.pk))
    return card is not None and isinstance(request.user, User) and card.may_moderate(identity_of(request.user))


def _signed_in(request: HttpRequest) -> int:
    assert isinstance(request.user, User)
    return int(request.user.pk)


def _visitor(request: HttpRequest) -> Visitor:
    return Visitor(request.user.pk if isinstance(request.user, User) else None, request_country(request))
