"""Commands and events of gifts and coins."""

from typing import Annotated

import msgspec
from django.conf import settings

from gateway.events import Command, Delivery, Event, Id, command, event
from streams.events.battle import BattleState, BoostType

GiftId = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


@command("gift:sent", limit=None, example={"streamId": "7", "giftId": "rose", "quantity": 3, "cid": "c1d2"})
class SendGift(Command):
    """Send a gift to the stream's host."""

    stream_id: Id
    gift_id: GiftId
    quantity: Annotated[int, msgspec.Meta(ge=1, le=settings.GIFT_MAX_QUANTITY)]


class ComboState(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """The same gift again within five seconds, from one user in one stream."""

    id: str
    count: int
    total: int
    ended: bool


class GiftReceipt(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """The answer to `gift:sent`: what was paid, and what is left in the wallet."""

    transaction_id: str
    coin_cost: int
    coins: int
    bonus: int
    combo: ComboState


@event(
    "gift:sent",
    to="the room, its sender included",
    delivery=Delivery.DURABLE,
    example={
        "senderId": "2", "senderName": "bob", "giftId": "rose", "giftName": "Rose", "quantity": 3, "animation": "rose",
        "timestamp": "2026-01-01T12:00:00.000Z", "transactionId": "31", "rarity": "common", "coinCost": 30,
        "recipientId": "1", "combo": {"id": "5", "count": 3, "total": 30, "ended": False}, "messageId": "12",
        "streamId": "7",
    },
)  # fmt: skip
class GiftSent(Event):
    """A gift. When a combo of several is over, it comes once more with `quantity` 0 and `combo.ended`."""

    sender_id: str
    sender_name: str
    gift_id: str
    gift_name: str
    quantity: int
    animation: str
    timestamp: str
    transaction_id: str
    rarity: str
    coin_cost: int
    recipient_id: str
    combo: ComboState
    message_id: str | None
    stream_id: str


@command(
    "battle:boost",
    limit=None,
    example={"streamId": "7", "boostType": "attack", "boostAmount": 40, "cid": "f7a8"},
)
class BoostBattle(Command):
    """Pay for a boost of the stream's side; without a battle it raises the stream's engagement."""

    stream_id: Id
    boost_type: BoostType
    boost_amount: Annotated[int, msgspec.Meta(ge=1, le=settings.STREAM_BOOST_MAX_COINS)]


class BoostReceipt(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """The answer to `battle:boost`: what is left in the wallet, and how the battle stands."""

    transaction_id: str
    coins: int
    bonus: int
    battle: BattleState | None


@command("og:buy", limit=None, example={"level": 2, "cid": "a9b0"})
class BuyTier(Command):
    """Buy an OG tier, renew the one you have, or upgrade it: what is unused of it is credited."""

    level: Annotated[int, msgspec.Meta(ge=1, le=5)]


class TierReceipt(msgspec.Struct, kw_only=True, frozen=True, rename="camel"):
    """The answer to `og:buy`: what was paid, what is left in the wallet, and until when the tier lasts."""

    transaction_id: str | None
    level: int
    price: int
    credit: int
    paid: int
    coins: int
    bonus: int
    expires_at: str


@event(
    "gift:voided",
    to="the stream's room",
    delivery=Delivery.DURABLE,
    example={
        "transactionId": "31", "senderId": "2", "giftId": "rose", "quantity": 3, "coinCost": 30,
        "timestamp": "2026-01-01T12:10:00.000Z", "streamId": "7",
    },
)  # fmt: skip
class GiftVoided(Event):
    """A gift was taken back by staff: subtract it from what you added up."""

    transaction_id: str
    sender_id: str
    gift_id: str
    quantity: int
    coin_cost: int
    timestamp: str
    stream_id: str


@event(
    "wallet:changed",
    to="the user, when somebody else changed their wallet",
    delivery=Delivery.DURABLE,
    example={
        "coins": 500, "bonus": 20, "reason": "top_up", "timestamp": "2026-01-01T12:00:00.000Z", "transactionId": "12",
    },
)  # fmt: skip
class WalletChanged(Event):
    """What the wallet holds now. What you spend yourself is told in the answers to your commands."""

    coins: int
    bonus: int
    reason: str
    timestamp: str
    transaction_id: str
