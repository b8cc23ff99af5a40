"""A task that writes a message, exactly once however often it is begun, and may be told to take its time."""

import time

from celery import shared_task

from accounts.models import User
from chat.models import Kind, Visibility
from chat.services import Draft, send_messages
from gateway.idempotency import CommandKey
from gateway.identity import Identity
from gateway.redis_clients import sync_redis
from streams.selectors import access_card

_LONG_SECONDS = 20


@shared_task
def write(user_id: int, stream_id: int, text: str, wait: bool) -> None:
    """Write `text`. The first time, with `wait`, it takes so long that somebody can kill the worker."""
    first = sync_redis().rpush("faults:starts", text) == 1
    if wait and first:
        time.sleep(_LONG_SECONDS)
    user = User.objects.get(pk=user_id)
    author = Identity(str(user.pk), user.username, user.avatar, user.og_level, "")
    key = CommandKey(str(user_id), "chat:new", text, b"0" * 16)
    card = access_card(author, str(stream_id))
    send_messages(drafts=[Draft(author, card, text, Visibility.PUBLIC, Kind.TEXT, key=key)])
