"""What operators and load balancers ask a process."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from gateway.bus import bus
from gateway.metrics import exposition
from gateway.runtime import runtime


async def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process runs."""
    return HttpResponse("ok", content_type="text/plain")


async def readyz(request: HttpRequest) -> HttpResponse:
    """200 when clients may be sent here; 503 while the bus is deaf or the process is stopping."""
    checks = {"bus": bus.healthy, "accepting": not runtime.stopping}
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


async def metrics(request: HttpRequest) -> HttpResponse:
    """The process's counters in the Prometheus text format."""
    return HttpResponse(exposition(), content_type="text/plain; version=0.0.4")
