"""Reading about the second look."""

from django.conf import settings

from moderation.models import Outage


def lasting_outage() -> Outage | None:
    """The time in which the provider of the settings cannot be asked, while it lasts."""
    provider = settings.MODERATION_SECOND_LOOK_PROVIDER
    return Outage.objects.filter(provider=provider, ended_at__isnull=True).first() if provider else None
