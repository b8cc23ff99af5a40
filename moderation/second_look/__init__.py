"""Asking somebody elsewhere about messages that are published: the provider of the settings, behind a breaker."""

from collections.abc import Callable

from django.conf import settings

from moderation.second_look.openai import OpenAI
from moderation.second_look.opinion import Provider
from moderation.second_look.perspective import Perspective
from moderation.second_look.request import Endpoint
from moderation.second_look.webhook import Webhook

PROVIDERS: dict[str, Callable[[Endpoint], Provider]] = {
    OpenAI.name: OpenAI,
    Perspective.name: Perspective,
    Webhook.name: Webhook,
}


def configured_provider() -> Provider | None:
    """The provider of `MODERATION_SECOND_LOOK_PROVIDER`; `None` when there is to be no second look."""
    if not settings.MODERATION_SECOND_LOOK_PROVIDER:
        return None
    endpoint = Endpoint(settings.MODERATION_SECOND_LOOK_URL, settings.MODERATION_SECOND_LOOK_KEY)
    return PROVIDERS[settings.MODERATION_SECOND_LOOK_PROVIDER](endpoint)
