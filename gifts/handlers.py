"""Handling the commands of gifts and coins. Money waits for Redis: it is refused while its limits cannot be shared."""

from django.conf import settings

from gateway import limits
from gateway.batch import Batcher
from gateway.database import in_database
from gateway.dispatch import Context, handles
from gateway.idempotency import Answer
from gifts.events import BoostBattle, BuyTier, SendGift
from gifts.services.boosts import boost_battle
from gifts.services.sending import GiftDraft, send_gifts
from gifts.services.tiers import buy_tier
from streams.selectors import access_cached_card

batcher = Batcher[GiftDraft](lambda drafts: send_gifts(drafts=drafts), settings.GIFT_BATCH)


@handles(SendGift)
async def gift_sent(context: Context, command: SendGift) -> Answer:
    """Check who sends what where, and how often; then it is paid and announced with its batch."""
    sender = context.identity
    await limits.spend(limits.rate("gift", sender.user_id), shared_only=True)
    card = await access_cached_card(sender, command.stream_id)
    return await batcher.submit(
        GiftDraft(sender=sender, card=card, gift_id=command.gift_id, quantity=command.quantity, key=context.key)
    )


@handles(BoostBattle)
async def battle_boost(context: Context, command: BoostBattle) -> Answer:
    """Pay for a boost; it works in the same transaction."""
    booster = context.identity
    await limits.spend(limits.rate("boost", booster.user_id), shared_only=True)
    card = await access_cached_card(booster, command.stream_id)
    return await in_database(
        boost_battle,
        booster=booster,
        card=card,
        kind=command.boost_type,
        amount=command.boost_amount,
        key=context.key,
    )


@handles(BuyTier)
async def og_buy(context: Context, command: BuyTier) -> Answer:
    """Buy, renew or upgrade a tier."""
    await limits.spend(limits.rate("coins", context.identity.user_id), shared_only=True)
    return await in_database(buy_tier, buyer=context.identity, level=command.level, key=context.key)
