"""Pages for viewers."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from gateway.errors import CommandError
from gateway.presence import total
from gateway.transports.rest import request_country
from streams import selectors
from streams.models import Stream
from streams.rooms import stream_room
from streams.selectors import Visitor

_SHOWN = 60


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
    return render(request, "streams/watch.html", {"stream": _with_viewers(stream)})


def _with_viewers(stream: Stream) -> Stream:
    stream.viewers = total(stream_room(str(stream.pk)).wire)  # type: ignore[attr-defined]
    return stream


def _visitor(request: HttpRequest) -> Visitor:
    return Visitor(request.user.pk if isinstance(request.user, User) else None, request_country(request))
