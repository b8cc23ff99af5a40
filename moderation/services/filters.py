"""The views of the queue moderators keep under names of their own. Doing either twice changes nothing more."""

from collections.abc import Mapping

from django.db import transaction

from accounts.models import User
from gateway.errors import CommandError, ErrorCode
from moderation.models.queue import QueueFilter

_MOST = 30


def keep_filter(*, owner: User, name: str, view: Mapping[str, object]) -> QueueFilter:
    """Keep a view under a name; the one that had it before is replaced.

    Raises:
        CommandError: `invalid_state` when the moderator keeps thirty others.
    """
    with transaction.atomic(durable=True):
        # Two at once wait here for each other, so that neither makes one too many.
        User.objects.select_for_update().get(pk=owner.pk)
        if QueueFilter.objects.filter(owner=owner).exclude(name=name).count() >= _MOST:
            raise CommandError(ErrorCode.INVALID_STATE, f"You keep {_MOST} filters: delete one first")
        kept, _ = QueueFilter.objects.update_or_create(owner=owner, name=name, defaults={"view": dict(view)})
    return kept


def drop_filter(*, owner: User, filter_id: int) -> None:
    """Keep a view no longer; one that is not there, or not the moderator's, is as good as gone."""
    QueueFilter.objects.filter(owner=owner, pk=filter_id).delete()
