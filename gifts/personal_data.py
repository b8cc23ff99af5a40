"""What gifts and the ledger hold on a person."""

from accounts.personal_data import Deleted, Holding, Kept, hold
from gifts.models import Account, Combo, Entry, FraudFlag, Payout, SentGift, TopUp

_BOOKS = Kept("books are kept as the law asks, and the database lets nobody change them; they name an id")
_SENT = ("id", "stream_id", "sender_id", "recipient_id", "gift_id", "quantity", "cost", "created_at", "voided_at")

hold(
    Holding("wallet", lambda user: Account.objects.filter(user=user), ("kind", "balance"), _BOOKS),
    Holding(
        "statement",
        lambda user: Entry.objects.filter(account__user=user).select_related("transfer", "account"),
        ("transfer_id", "transfer.created_at", "transfer.kind", "transfer.reason", "account.kind", "amount"),
        _BOOKS,
    ),
    Holding("giftsSent", lambda user: SentGift.objects.filter(sender=user), _SENT, _BOOKS),
    Holding("giftsReceived", lambda user: SentGift.objects.filter(recipient=user), _SENT, _BOOKS),
    Holding(
        "combos", lambda user: Combo.objects.filter(sender=user), ("stream_id", "gift_id", "count", "total"), _BOOKS
    ),
    Holding(
        "topUps", lambda user: TopUp.objects.filter(user=user), ("provider_id", "coins", "report", "created_at"), _BOOKS
    ),
    Holding("fraudFlags", lambda user: FraudFlag.objects.filter(user=user), ("rule", "day"), Deleted()),
    Holding(
        "payouts",
        lambda user: Payout.objects.filter(user=user),
        ("coins", "status", "requested_at", "decided_at", "reason"),
        _BOOKS,
    ),
)
