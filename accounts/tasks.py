"""The periodic work of accounts."""

from celery import shared_task
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.barriers import networks_in_force
from accounts.models import Barrier, Violation
from gateway.barriers import barriers
from gateway.database import in_database
from gateway.errors import BANNED
from gateway.hub import hub
from gateway.runtime import every

_BARRIERS_SECONDS = 1.0


@every(_BARRIERS_SECONDS)
async def keep_barriers() -> None:
    """Learn which networks nobody may come from, and close the sockets of those who are there."""
    barriers.replace(await in_database(networks_in_force))
    for connection in list(hub.connections.values()):
        if barriers.bars(connection.address):
            connection.close(BANNED, "banned")


@shared_task  # type: ignore[untyped-decorator]
def prune_violations() -> None:
    """Forget violations, and barriers that are over, when moderators need them no more."""
    before = timezone.now() - settings.VIOLATIONS_KEPT
    Violation.objects.filter(at__lt=before).delete()
    Barrier.objects.filter(Q(until__lt=before) | Q(ended_at__lt=before)).delete()
