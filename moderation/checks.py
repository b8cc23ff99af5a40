"""System checks: a second look that is set up by half would never be made, and nobody would notice."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from moderation.second_look import PROVIDERS


@register()
def the_second_look_is_whole(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Its provider is one we know, and has an address and a key."""
    provider = settings.MODERATION_SECOND_LOOK_PROVIDER
    if not provider:
        return []
    problems = []
    if provider not in PROVIDERS:
        problems.append(f"MODERATION_SECOND_LOOK_PROVIDER is {provider}, which is none of {', '.join(PROVIDERS)}")
    address = urlsplit(settings.MODERATION_SECOND_LOOK_URL)
    if address.scheme not in ("http", "https") or not address.hostname:
        problems.append("MODERATION_SECOND_LOOK_URL is no http or https address")
    if not settings.MODERATION_SECOND_LOOK_KEY:
        problems.append("MODERATION_SECOND_LOOK_KEY is empty")
    return [Error(problem, id="moderation.E001") for problem in problems]
