"""What tiers hold on a person."""

from accounts.personal_data import Holding, Kept, hold
from og.models import DailyBonus, Membership, Progress

_BOUGHT = Kept("it was paid for: it belongs to the books")

hold(
    Holding(
        "memberships",
        lambda user: Membership.objects.filter(user=user),
        ("tier_id", "price", "days", "daily_bonus", "starts_at", "expires_at", "ended_at", "end"),
        _BOUGHT,
    ),
    Holding("dailyBonuses", lambda user: DailyBonus.objects.filter(user=user), ("day", "coins", "paid_at"), _BOUGHT),
    Holding("ogProgress", lambda user: Progress.objects.filter(user=user), ("coins",), _BOUGHT),
)
