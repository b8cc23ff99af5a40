"""The scenarios of gifts, the throne, battles and tiers; see `scenarios.py`."""

from typing import Any

from asgiref.sync import sync_to_async

from audit.services import AUTOMATIC
from gateway.testing import Client, Reply
from gifts.events import BoostBattle, BuyTier, GiftSent, GiftVoided, SendGift, WalletChanged
from gifts.services.voids import void_gift
from og.events import OgChanged
from streams import services as stream_services
from streams.events import React, Reacted
from streams.events.battle import (
    AcceptBattle,
    BattleBoosted,
    BattleDeclined,
    BattleEnded,
    BattleInvited,
    BattleScored,
    BattleStarted,
    DeclineBattle,
    InviteToBattle,
)
from streams.events.throne import ClaimThrone, ThroneClaimed, ThroneVacated, WatchThrone
from streams.models import Stream
from tests.coins import give, send
from tests.contract.scenarios import Stage, hears, sends
from tests.people import Person, done, make_person, make_stream

# --- Reactions ------------------------------------------------------------------------------------


@sends(React)
async def somebody_likes_the_stream(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    return await client.call("stream:react", {"streamId": stage.stream_id, "reaction": "like"})


@hears(Reacted)
async def the_room_sees_a_reaction(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    viewer = await stage.crowd.connect(stage.server, stage.bob)
    done(await viewer.call("stream:react", {"streamId": stage.stream_id, "reaction": "love"}))
    return await client.wait_for("stream:react")


# --- Gifts ----------------------------------------------------------------------------------------


@sends(SendGift)
async def somebody_sends_a_gift(stage: Stage) -> Reply:
    await sync_to_async(give)(stage.bob, 100)
    return await send(await stage.enter(stage.bob), stage.stream, "heart", 2)


@hears(GiftSent)
async def the_room_is_told_of_a_gift(stage: Stage) -> dict[str, Any]:
    await sync_to_async(give)(stage.bob, 100)
    client = await stage.enter(stage.bob)
    done(await send(client, stage.stream, "rose", 3))
    return await client.wait_for("gift:sent")


@hears(GiftVoided)
async def the_room_is_told_of_a_void(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    receipt = await gift_of_bob(stage, "rose")
    await sync_to_async(void_gift)(transfer_id=int(receipt["transactionId"]), reason="a test", actor=AUTOMATIC)
    return await client.wait_for("gift:voided")


@hears(WalletChanged)
async def somebody_gets_coins(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    await sync_to_async(give)(stage.bob, 100)
    return await client.wait_for("wallet:changed")


# --- The throne -----------------------------------------------------------------------------------


@sends(ClaimThrone)
async def somebody_claims_the_throne(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    await gift_of_bob(stage, "halo")
    return await client.call("throne:claimed", {"streamId": stage.stream_id})


@sends(WatchThrone)
async def somebody_watches_the_throne(stage: Stage) -> Reply:
    client = await stage.enter(stage.bob)
    return await client.call("throne:watch", {"streamId": stage.stream_id})


@hears(ThroneClaimed)
async def the_room_is_told_who_sits_there_now(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    await claim_of_bob(stage)
    return await client.wait_for("throne:claimed")


@hears(ThroneVacated)
async def the_room_is_told_that_nobody_sits_there(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    await claim_of_bob(stage)
    await sync_to_async(stream_services.end_stream)(stream=stage.stream)
    return await client.wait_for("throne:vacated")


# --- Battles --------------------------------------------------------------------------------------


@sends(InviteToBattle)
async def a_host_challenges_another(stage: Stage) -> Reply:
    _, stream = await a_rival()
    client = await stage.enter(stage.alice)
    return await client.call("battle:invite", {"streamId": stage.stream_id, "opponentStreamId": str(stream.pk)})


@sends(AcceptBattle)
async def a_host_accepts(stage: Stage) -> Reply:
    rival, battle_id = await a_challenge(stage)
    client = await stage.enter(rival)
    return await client.call("battle:accept", {"battleId": battle_id})


@sends(DeclineBattle)
async def a_host_declines(stage: Stage) -> Reply:
    rival, battle_id = await a_challenge(stage)
    client = await stage.enter(rival)
    return await client.call("battle:decline", {"battleId": battle_id})


@sends(BoostBattle)
async def somebody_boosts(stage: Stage) -> Reply:
    await sync_to_async(give)(stage.bob, 100)
    return await boost(await stage.enter(stage.bob), stage)


@hears(BattleInvited)
async def a_host_is_challenged(stage: Stage) -> dict[str, Any]:
    rival, stream = await a_rival()
    client = await stage.enter(rival)
    host = await stage.crowd.connect(stage.server, stage.alice)
    done(await host.call("battle:invite", {"streamId": stage.stream_id, "opponentStreamId": str(stream.pk)}))
    return await client.wait_for("battle:invited")


@hears(BattleDeclined)
async def a_challenge_is_declined(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    rival, battle_id = await a_challenge(stage)
    other = await stage.crowd.connect(stage.server, rival)
    done(await other.call("battle:decline", {"battleId": battle_id}))
    return await client.wait_for("battle:declined")


@hears(BattleStarted)
async def a_battle_begins(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    await a_battle(stage)
    return await client.wait_for("battle:started")


@hears(BattleScored)
async def a_battle_is_scored(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.alice)
    await a_battle(stage)
    await gift_of_bob(stage, "rose")
    return await client.wait_for("battle:score")


@hears(BattleBoosted)
async def a_battle_is_boosted(stage: Stage) -> dict[str, Any]:
    await sync_to_async(give)(stage.bob, 100)
    client = await stage.enter(stage.bob)
    await a_battle(stage)
    done(await boost(client, stage))
    return await client.wait_for("battle:boost")


@hears(BattleEnded)
async def a_battle_ends(stage: Stage) -> dict[str, Any]:
    client = await stage.enter(stage.bob)
    await a_battle(stage)
    await sync_to_async(stream_services.end_stream)(stream=stage.stream)
    return await client.wait_for("battle:ended")


# --- Tiers ----------------------------------------------------------------------------------------


@sends(BuyTier)
async def somebody_buys_a_tier(stage: Stage) -> Reply:
    await sync_to_async(give)(stage.bob, 5000)
    client = await stage.enter(stage.bob)
    return await client.call("og:buy", {"level": 1})


@hears(OgChanged)
async def the_buyer_is_told(stage: Stage) -> dict[str, Any]:
    await sync_to_async(give)(stage.bob, 5000)
    client = await stage.enter(stage.bob)
    buyer = await stage.crowd.connect(stage.server, stage.bob)
    done(await buyer.call("og:buy", {"level": 1}))
    return await client.wait_for("og:changed")


# --- What several need ----------------------------------------------------------------------------


async def gift_of_bob(stage: Stage, gift: str) -> dict[str, Any]:
    """A gift from Bob, over a connection of its own; returns the receipt."""
    await sync_to_async(give)(stage.bob, 1000)
    return done(await send(await stage.crowd.connect(stage.server, stage.bob), stage.stream, gift))


async def claim_of_bob(stage: Stage) -> None:
    """Bob sits on the throne."""
    await gift_of_bob(stage, "halo")
    claimer = await stage.crowd.connect(stage.server, stage.bob)
    done(await claimer.call("throne:claimed", {"streamId": stage.stream_id}))


async def a_rival() -> tuple[Person, Stream]:
    """Another host and their live stream."""
    rival = await sync_to_async(make_person)("rival")
    return rival, await sync_to_async(make_stream)(rival)


async def a_challenge(stage: Stage) -> tuple[Person, str]:
    """Another host, challenged by Alice, and the battle's id."""
    rival, stream = await a_rival()
    host = await stage.crowd.connect(stage.server, stage.alice)
    payload = {"streamId": stage.stream_id, "opponentStreamId": str(stream.pk)}
    answer = done(await host.call("battle:invite", payload))
    return rival, answer["battle"]["id"]


async def a_battle(stage: Stage) -> None:
    """A battle of Alice's stream that has begun."""
    rival, battle_id = await a_challenge(stage)
    other = await stage.crowd.connect(stage.server, rival)
    done(await other.call("battle:accept", {"battleId": battle_id}))


async def boost(client: Client, stage: Stage) -> Reply:
    """An attack for Alice's side."""
    return await client.call("battle:boost", {"streamId": stage.stream_id, "boostType": "attack", "boostAmount": 40})
