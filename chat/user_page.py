"""What a user wrote, on their page in the admin."""

from accounts.models import User
from accounts.user_page import Section, contribute, listed
from chat.models import Message

_ROWS = 10


@contribute
def messages(user: User) -> Section:
    """The last messages."""
    found = Message.objects.filter(author=user).select_related("stream").order_by("-id")[:_ROWS]
    rows = [(message.created_at, message.stream, message.text, _state(message)) for message in found]
    links = [("All messages", listed("chat_message", q=user.username))]
    return Section("Messages", ("When", "Stream", "Text", "State"), rows, links)


def _state(message: Message) -> str:
    if message.removed_at is None:
        return "shown"
    return f"not shown: {message.get_removed_reason_display().lower()}"
