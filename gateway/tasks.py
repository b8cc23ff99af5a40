"""The gateway's periodic work."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from gateway import outbox
from gateway.models import CommandAnswer

ANSWERS_KEPT = timedelta(hours=24)


@shared_task  # type: ignore[untyped-decorator]
def prune_outbox() -> None:
    """Delete announced events and kept answers that have served their time."""
    outbox.prune(settings.GATEWAY_LOG_KEPT)
    CommandAnswer.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT).delete()
