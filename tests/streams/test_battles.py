"""Battles: challenged, fought by gifts and boosts, decided by the server's clock whatever dies."""

import asyncio
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from audit.services import AUTOMATIC
from gateway.database import in_database
from gateway.errors import CommandError
from gifts.models import SentGift
from gifts.services.boosts import boost_battle
from gifts.services.sending import GiftDraft, send_gifts
from gifts.services.voids import void_gift
from streams import services as stream_services
from streams.models import Battle, BattleStatus
from streams.selectors import find_card
from streams.services import battles, challenges
from tests.coins import assert_ledger_holds, give, identity_of, wallet
from tests.people import done, make_person, make_stream, rest


class Arena:
    """A battle of two streams that has just begun, moved by services at times of the test's choice."""

    def __init__(self, alice, bob, stream):
        self.alice, self.bob, self.stream = alice, bob, stream
        # Taken now, not on import: the servers' own clocks would end a battle that began long ago.
        self.now = timezone.now()
        self.rival = make_person("rival")
        self.other = make_stream(self.rival)
        give(bob, 10_000)
        pair = [find_card(str(each.pk)) for each in (stream, self.other)]
        self.cards = dict(zip((stream, self.other), pair, strict=True))
        challenges.invite_to_battle(host=identity_of(alice), card=pair[0], opponent=pair[1], now=self.now)
        self.battle = Battle.objects.get(sides__stream=stream)
        challenges.accept_battle(host=identity_of(self.rival), battle_id=str(self.battle.pk), now=self.now)

    def gift(self, stream, seconds, gift="heart", quantity=1):
        """A gift so many seconds after the beginning."""
        draft = GiftDraft(identity_of(self.bob), self.cards[stream], gift, quantity)
        (answer,) = send_gifts(drafts=[draft], now=self.now + timedelta(seconds=seconds))
        assert answer.ok, answer.body

    def boost(self, stream, seconds, kind, amount=100):
        """A boost so many seconds after the beginning."""
        return boost_battle(
            booster=identity_of(self.bob),
            card=self.cards[stream],
            kind=kind,
            amount=amount,
            now=self.now + timedelta(seconds=seconds),
        )

    def score(self):
        """The points of both sides."""
        return [side.score for side in self.battle.sides.order_by("number")]

    def finish(self, seconds):
        """Let the sweeper come so many seconds after the beginning."""
        battles.finish_due(now=self.now + timedelta(seconds=seconds))
        self.battle.refresh_from_db()
        return self.battle.winner


@pytest.fixture
async def arena(alice, bob, stream):
    return await in_database(Arena, alice, bob, stream)


async def test_gifts_give_their_coins_as_points(arena):
    def play():
        arena.gift(arena.stream, 1)
        arena.gift(arena.other, 2, "rose", 3)
        arena.gift(arena.stream, 299)
        return arena.score()

    assert await in_database(play) == [100, 30]


async def test_what_comes_at_the_end_or_later_counts_for_nothing(arena):
    def play():
        arena.gift(arena.stream, 299.999)
        arena.gift(arena.stream, 300)
        arena.gift(arena.other, 301, "crown")
        arena.battle.refresh_from_db()
        return arena.score(), arena.battle.status, arena.battle.winner

    assert await in_database(play) == ([50, 0], BattleStatus.ENDED, 0)


async def test_the_higher_score_wins_and_is_computed_once(arena):
    def play():
        arena.gift(arena.stream, 1)
        arena.gift(arena.other, 2, "crown")
        assert arena.finish(299.9) is None
        return [arena.finish(300), arena.finish(400)]

    assert await in_database(play) == [1, 1]


async def test_of_equal_scores_the_one_reached_first_wins(arena):
    def play():
        arena.gift(arena.other, 1)
        arena.gift(arena.stream, 2, "rose", 5)
        return arena.finish(300)

    assert await in_database(play) == 1


async def test_nobody_wins_when_nobody_scored(arena):
    assert await in_database(arena.finish, 300) is None


async def test_boosts_work_as_they_are_said_to(arena):
    def play():
        arena.boost(arena.stream, 0, "attack", 40)
        scores = [arena.score()]
        arena.boost(arena.stream, 1, "special")
        arena.gift(arena.stream, 2)
        scores.append(arena.score())
        arena.boost(arena.other, 3, "defense")
        arena.gift(arena.stream, 4)
        scores.append(arena.score())
        arena.gift(arena.stream, 14)
        scores.append(arena.score())
        arena.gift(arena.stream, 32)
        scores.append(arena.score())
        arena.gift(arena.other, 33)
        scores.append(arena.score())
        return scores

    # 40; then 50 doubled; doubled and halved; doubled again once the defense is over; plain; plain.
    assert await in_database(play) == [[40, 0], [140, 0], [190, 0], [290, 0], [340, 0], [340, 50]]


async def test_effects_queue_and_do_not_stack_and_three_of_a_kind_fit(arena):
    def play():
        for _ in range(3):
            arena.boost(arena.stream, 1, "special")
        with pytest.raises(CommandError, match="fit"):
            arena.boost(arena.stream, 1, "special")
        arena.boost(arena.other, 1, "special")
        before = wallet(arena.bob)
        arena.gift(arena.stream, 2)
        arena.gift(arena.stream, 90.9)
        arena.gift(arena.stream, 91)
        return before, arena.score()

    # Paid four times; doubled for ninety seconds, once over.
    assert await in_database(play) == ((9600, 0), [250, 0])


async def test_a_boost_whose_turn_would_come_too_late_is_refused(arena):
    def play():
        arena.boost(arena.stream, 280, "special")
        with pytest.raises(CommandError, match="ends before"):
            arena.boost(arena.stream, 281, "special")
        return wallet(arena.bob)

    assert await in_database(play) == (9900, 0)


async def test_a_void_takes_the_points_back_while_the_battle_runs(arena):
    def play():
        arena.gift(arena.other, 1, "rose", 3)
        arena.gift(arena.stream, 2, "crown")
        sent = SentGift.objects.get(stream=arena.stream)
        void_gift(transfer_id=sent.transfer_id, reason="a test", actor=AUTOMATIC, now=arena.now + timedelta(seconds=3))
        return arena.score(), arena.finish(300)

    assert await in_database(play) == ([0, 30], 1)
    await in_database(assert_ledger_holds)


async def test_a_battle_ends_with_one_of_its_streams(arena):
    def play():
        arena.gift(arena.other, 1)
        stream_services.end_stream(stream=arena.stream)
        arena.battle.refresh_from_db()
        return arena.battle.status, arena.battle.winner

    assert await in_database(play) == (BattleStatus.ENDED, 1)


async def test_without_a_battle_a_boost_raises_the_streams_engagement(servers, transport, alice, bob, stream, crowd):
    await in_database(give, bob, 100)
    host = await crowd.join(servers[1], alice, stream)
    client = await crowd.connect(servers[0], bob, transport)
    payload = {"streamId": str(stream.pk), "boostType": "special", "boostAmount": 40, "cid": "b"}

    receipts = [done(await client.call("battle:boost", payload)) for _ in range(2)]

    assert receipts[0] == receipts[1]
    assert (receipts[0]["coins"], receipts[0]["battle"]) == (60, None)
    told = await host.wait_for("battle:boost")
    assert (told["userId"], told["boostType"], told["boostAmount"], told["battle"]) == (bob.id, "special", 40, None)
    await host.wait_for("metrics:update", lambda data: data["metrics"].get("engagement") == 40)


@pytest.mark.parametrize("amount", [0, -1, 1001, 1.5, "4", None, 10**30], ids=repr)
async def test_a_bad_amount_is_refused(servers, bob, stream, crowd, amount):
    await in_database(give, bob, 5000)
    client = await crowd.connect(servers[0], bob)
    payload = {"streamId": str(stream.pk), "boostType": "attack", "boostAmount": amount}
    assert (await client.call("battle:boost", payload)).error["message"] == "Invalid amount"
    assert await in_database(wallet, bob) == (5000, 0)


# --- Challenges -----------------------------------------------------------------------------------


async def challenge(client, stream, other):
    return await client.call("battle:invite", {"streamId": str(stream.pk), "opponentStreamId": str(other.pk)})


async def test_a_battle_from_the_challenge_to_late_joiners(servers, transport, alice, bob, charlie, stream, crowd):
    other = await in_database(make_stream, charlie)
    hosts = [await crowd.connect(servers[0], alice, transport), await crowd.connect(servers[1], charlie, transport)]
    viewer = await crowd.join(servers[1], bob, other)

    battle_id = done(await challenge(hosts[0], stream, other))["battle"]["id"]
    assert (await hosts[0].call("battle:accept", {"battleId": battle_id})).code == "not_found"
    done(await hosts[1].call("battle:accept", {"battleId": battle_id}))

    started = (await viewer.wait_for("battle:started"))["battle"]
    assert [side["streamId"] for side in started["sides"]] == [str(stream.pk), str(other.pk)]
    assert seconds_between(started["startsAt"], started["endsAt"]) == 300
    joined = done(await (await crowd.connect(servers[0], bob)).call("stream:join", {"streamId": str(stream.pk)}))
    assert joined["snapshot"]["battle"]["id"] == battle_id
    assert joined["snapshot"]["battle"]["serverTime"] >= started["serverTime"]
    body = (await rest(servers[0], "GET", f"streams/{other.pk}/battle/")).body
    assert body["battle"]["endsAt"] == started["endsAt"]
    assert (await challenge(hosts[0], stream, other)).code == "invalid_state"


async def test_only_hosts_of_live_streams_challenge_others(servers, alice, bob, charlie, stream, crowd):
    other, mine = await in_database(make_stream, charlie), await in_database(make_stream, alice)
    pending = await in_database(make_stream, charlie, live=False)
    host, viewer = await crowd.connect(servers[0], alice), await crowd.connect(servers[0], bob)
    assert (await challenge(viewer, stream, other)).code == "access_denied"
    assert (await challenge(host, stream, mine)).code == "access_denied"
    assert (await challenge(host, stream, pending)).code == "not_live"
    done(await challenge(host, stream, other))
    assert (await challenge(host, stream, other)).code == "invalid_state"


async def test_a_challenge_is_declined_or_expires(servers, alice, charlie, stream, crowd):
    other = await in_database(make_stream, charlie)
    hosts = [await crowd.connect(servers[0], alice), await crowd.connect(servers[1], charlie)]
    first = done(await challenge(hosts[0], stream, other))["battle"]["id"]
    done(await hosts[1].call("battle:decline", {"battleId": first}))
    told = await hosts[0].wait_for("battle:declined")
    assert (told["battleId"], told["reason"]) == (first, "declined")
    assert (await hosts[1].call("battle:accept", {"battleId": first})).code == "invalid_state"

    second = done(await challenge(hosts[0], stream, other))["battle"]["id"]
    await in_database(challenges.expire_challenges, now=timezone.now() + timedelta(seconds=61))

    await hosts[0].wait_for("battle:declined", lambda data: (data["battleId"], data["reason"]) == (second, "expired"))
    assert (await hosts[1].call("battle:accept", {"battleId": second})).code == "invalid_state"


async def test_a_challenge_waits_for_its_host_over_rest(servers, alice, charlie, stream, crowd):
    other = await in_database(make_stream, charlie)
    host = await crowd.connect(servers[0], alice, "rest")
    challenge = {"streamId": str(stream.pk), "opponentStreamId": str(other.pk)}
    battle = done(await host.call("battle:invite", challenge))["battle"]

    async def waiting(person):
        return (await rest(servers[1], "GET", f"streams/{other.pk}/battle/", person)).body["challenge"]

    told = await waiting(charlie)
    assert (told["battleId"], told["username"], told["streamId"]) == (battle["id"], alice.name, str(stream.pk))
    assert await waiting(alice) is None
    assert await waiting(None) is None
    challenged = await crowd.connect(servers[0], charlie, "rest")
    done(await challenged.call("battle:decline", {"battleId": battle["id"]}))
    assert await waiting(charlie) is None


async def test_a_rematch_waits(arena):
    def again(seconds):
        pair = [find_card(str(each.pk)) for each in (arena.stream, arena.other)]
        host = identity_of(arena.alice)
        return challenges.invite_to_battle(
            host=host, card=pair[0], opponent=pair[1], now=arena.now + timedelta(seconds=seconds)
        )

    await in_database(arena.finish, 300)
    with pytest.raises(CommandError, match="just fought"):
        await in_database(again, 359)
    assert (await in_database(again, 361)).ok


async def test_a_stream_is_in_one_battle_whoever_accepts_at_once(servers, alice, charlie, stream, crowd):
    rivals = [await in_database(make_person, "rival") for _ in range(4)]
    battle_ids = []
    for rival in rivals:
        other = await in_database(make_stream, rival)
        host = await crowd.connect(servers[0], rival)
        battle_ids.append(done(await challenge(host, other, stream))["battle"]["id"])
    host = [await crowd.connect(servers[number % 2], alice, "rest") for number in range(4)]

    replies = await asyncio.gather(
        *(
            client.call("battle:accept", {"battleId": battle_id})
            for client, battle_id in zip(host, battle_ids, strict=True)
        )
    )

    assert sorted(reply.code for reply in replies) == ["", *["invalid_state"] * 3]


def seconds_between(start, end):
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
