"""What a user gave and has, on their page in the admin."""

from accounts.models import User
from accounts.user_page import Section, contribute, listed
from gifts.models import SentGift
from gifts.selectors import balances

_ROWS = 10


@contribute
def gifts(user: User) -> Section:
    """The last gifts, and the wallet."""
    found = SentGift.objects.filter(sender=user).select_related("gift", "recipient").order_by("-id")[:_ROWS]
    rows = [(sent.created_at, sent.gift, sent.quantity, sent.cost, sent.recipient) for sent in found]
    held = balances(user.pk)
    title = f"Gifts · {held['coins']} coins, {held['bonus']} bonus"
    links = [("All gifts", listed("gifts_sentgift", q=user.username))]
    return Section(title, ("When", "Gift", "Quantity", "Coins", "To"), rows, links)
