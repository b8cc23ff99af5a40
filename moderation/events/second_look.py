"""What moderators are told of the second look."""

from gateway.events import Delivery, Event, event


@event(
    "second_look:changed",
    to="moderators who watch the queue",
    delivery=Delivery.DURABLE,
    example={"provider": "openai", "isAway": True, "since": "2026-01-01T12:00:00.000Z",
             "timestamp": "2026-01-01T12:00:00.000Z"},
)  # fmt: skip
class SecondLookChanged(Event):
    """Messages are not looked at a second time, or are so again. Told once for each time the provider is lost.

    While it is away, each stream's `failMode` says what becomes of messages that should be looked at.

    Attributes:
        provider: who looks: `openai`, `perspective` or `webhook`.
        is_away: whether it cannot be asked now.
        since: since when it is, or was, away.
    """

    provider: str
    is_away: bool
    since: str
    timestamp: str
