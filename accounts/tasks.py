"""The periodic work of accounts."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.models import Violation


@shared_task  # type: ignore[untyped-decorator]
def prune_violations() -> None:
    """Forget violations that are older than moderators need them."""
    Violation.objects.filter(at__lt=timezone.now() - settings.VIOLATIONS_KEPT).delete()
