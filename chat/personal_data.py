"""What the chat holds on a person."""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.personal_data import Blanked, Holding, Kept, Rows, hold, says_farewell
from chat.models import Message, Visibility
from chat.services.subjects import MessageSubjects

_EVER = datetime.fromtimestamp(0, UTC)
_TOGETHER = 500
_TOLD = ("id", "stream_id", "type", "message_type", "text", "created_at", "removed_at", "removed_reason")


@says_farewell
def take_back_messages(user: User) -> None:
    """Take back what the user wrote, so that open rooms show it no more."""
    taken = 1
    while taken:
        with transaction.atomic(durable=True):
            taken = MessageSubjects().purge(user_id=user.pk, stream_id=None, since=_EVER, by=None, most=_TOGETHER)


def _received(user: User) -> Rows:
    whispers = Message.objects.filter(type=Visibility.PRIVATE).exclude(author=user)
    return whispers.filter(Q(stream__host=user) | Q(reply_to__author=user) | Q(thread__author=user)).distinct()


hold(
    Holding(
        "messages",
        lambda user: Message.objects.filter(author=user),
        (*_TOLD, "mentions", "score", "model_version", "policy_version"),
        Blanked({"text": "", "mentions": []}),
    ),
    Holding(
        "whispersReceived", _received, (*_TOLD, "author_id"), Kept("they are their writers', whom they were told from")
    ),
)
