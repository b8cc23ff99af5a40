"""Reading OG tiers."""

from dataclasses import dataclass
from datetime import datetime

from gateway.errors import CommandError, ErrorCode
from og.models import Membership, Progress, Tier


@dataclass(frozen=True, slots=True)
class Quote:
    """What a tier costs somebody now: its price, less what is unused of the tier they have when it is an upgrade."""

    tier: Tier
    current: Membership | None
    credit: int

    @property
    def is_renewal(self) -> bool:
        return self.current is not None and self.current.tier_id == self.tier.level

    @property
    def cost(self) -> int:
        return max(0, self.tier.price - self.credit)


def tiers() -> list[Tier]:
    """All tiers, the lowest first."""
    return list(Tier.objects.all())


def membership_of(user_id: int, now: datetime) -> Membership | None:
    """The tier a user has now."""
    memberships = Membership.objects.filter(user=user_id, ended_at__isnull=True, expires_at__gt=now)
    return memberships.select_related("tier").first()


def gifted_coins(user_id: int) -> int:
    """What a user has gifted in all streams."""
    return Progress.objects.filter(user=user_id).values_list("coins", flat=True).first() or 0


def quote(level: int, current: Membership | None, now: datetime) -> Quote:
    """What a tier costs whoever has the `current` one.

    Raises:
        CommandError: `not_found` for an unknown tier; `invalid_state` for one below the current one.
    """
    tier = Tier.objects.filter(level=level).first()
    if tier is None:
        raise CommandError(ErrorCode.NOT_FOUND, "There is no such tier")
    if current is not None and tier.level < current.tier_id:
        raise CommandError(ErrorCode.INVALID_STATE, "You have a higher tier")
    is_upgrade = current is not None and tier.level > current.tier_id
    return Quote(tier, current, unused(current, now) if is_upgrade and current is not None else 0)


def unused(membership: Membership, now: datetime) -> int:
    """The part of a membership's price that its remaining time is worth, rounded down."""
    left = membership.expires_at - max(now, membership.starts_at)
    whole = membership.expires_at - membership.starts_at
    return int(membership.price * left // whole)
