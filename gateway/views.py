"""What operators and load balancers ask a process."""

import asyncio

from django.http import HttpRequest, HttpResponse, JsonResponse

from gateway.bus import bus
from gateway.metrics import counters, exposition
from gateway.runtime import runtime


async def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process runs."""
    return HttpResponse("ok", content_type="text/plain")


async def readyz(request: HttpRequest) -> HttpResponse:
    """200 when clients may be sent here; 503, and which check failed, while it cannot serve them well."""
    checks = {
        "bus": bus.healthy,
        "redis": bool(counters.redis_up),
        "database": bool(counters.database_up),
        "accepting": runtime.accepting,
    }
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


async def metrics(request: HttpRequest) -> HttpResponse:
    """The process's counters in the Prometheus text format."""
    counters.bus_up = int(bus.healthy)
    counters.tasks = len(asyncio.all_tasks())
    return HttpResponse(exposition(), content_type="text/plain; version=0.0.4")
