"""The gateway's periodic work."""

import time
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from gateway import outbox
from gateway.health import BEAT_KEY
from gateway.models import CommandAnswer
from gateway.redis_clients import sync_redis

ANSWERS_KEPT = timedelta(hours=24)


@shared_task  # type: ignore[untyped-decorator]
def note_beat() -> None:
    """Leave a mark that beat and a worker are at work, for `manage.py doctor`."""
    sync_redis().set(BEAT_KEY, time.time())


@shared_task  # type: ignore[untyped-decorator]
def prune_outbox() -> None:
    """Delete announced events and kept answers that have served their time."""
    outbox.prune(settings.GATEWAY_LOG_KEPT)
    CommandAnswer.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT).delete()
