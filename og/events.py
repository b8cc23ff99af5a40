"""Events of OG tiers. Clients buy one by `og:buy`, which moves coins and so belongs to gifts."""

import msgspec

from gateway.events import Delivery, Event, event


class TierCard(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """A tier as clients show it. Unknown perks are data for newer clients."""

    level: int
    name: str
    perks: list[str]
    badge: str


@event(
    "og:changed",
    to="the user, and the streams they are in",
    delivery=Delivery.DURABLE,
    example={
        "userId": "2", "username": "bob", "oldLevel": 0, "newLevel": 2, "timestamp": "2026-01-01T12:00:00.000Z",
        "tier": {
            "level": 2, "name": "Skilled OG", "perks": ["badge", "animated_reactions", "early_join"],
            "badge": "og-skilled",
        },
        "expiresAt": "2026-01-26T12:00:00.000Z", "reason": "bought", "streamId": "7",
    },
)  # fmt: skip
class OgChanged(Event):
    """A user's tier changed: `reason` is `bought`, `renewed`, `upgraded`, `expired` or `revoked`."""

    user_id: str
    username: str
    old_level: int
    new_level: int
    timestamp: str
    tier: TierCard | None
    expires_at: str | None
    reason: str
    stream_id: str | None
