"""The servers browsers are driven against: the tests' settings, static files, and a policy without inline code."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from realtime_project.settings.test import *  # noqa: F403
from realtime_project.settings.test import MIDDLEWARE

WHITENOISE_USE_FINDERS = True
MIDDLEWARE = ["tests.e2e.settings.strict_policy", *MIDDLEWARE]


def strict_policy(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the strictest policy the pages are promised to work under."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Content-Security-Policy"] = "default-src 'self'; base-uri 'none'; object-src 'none'"
        return response

    return respond
