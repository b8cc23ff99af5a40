"""OG tiers: bought, renewed, upgraded, expired; each day brings its bonus once, whatever happened meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import User
from gateway.database import in_database
from gateway.errors import CommandError
from gifts.services.tiers import buy_tier, pay_daily_bonuses
from og.models import DailyBonus, Membership
from og.services import expire_memberships
from tests.coins import assert_ledger_holds, give, identity_of, send, wallet
from tests.people import done, make_people, rest

# Long past, so that what runs by the real clock beside these tests finds it over and done with.
NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def buy(person, level=1, now=NOON):
    return buy_tier(buyer=identity_of(person), level=level, now=now)


def level_of(person):
    return User.objects.get(pk=person.user.pk).og_level


def days_of(person):
    return [bonus.day.isoformat() for bonus in DailyBonus.objects.filter(user=person.user).order_by("day")]


async def test_a_tier_is_bought_and_told_to_the_buyer_and_the_streams_they_are_in(
    servers, transport, alice, bob, stream, crowd
):
    await in_database(give, bob, 10_000)
    host = await crowd.join(servers[0], alice, stream)
    watcher = await crowd.join(servers[1], bob, stream)
    client = await crowd.connect(servers[0], bob, transport)

    receipts = [done(await client.call("og:buy", {"level": 2, "cid": "og"})) for _ in range(2)]

    assert receipts[0] == receipts[1]
    assert {"level": 2, "price": 7000, "credit": 0, "paid": 7000, "coins": 3000}.items() <= receipts[0].items()
    told = await host.wait_for("og:changed")
    assert (told["userId"], told["oldLevel"], told["newLevel"], told["reason"]) == (bob.id, 0, 2, "bought")
    assert told["tier"]["name"] == "Skilled OG"
    assert "animated_reactions" in told["tier"]["perks"]
    assert (await watcher.wait_for("og:changed", lambda data: data["streamId"] is None))["newLevel"] == 2
    assert await in_database(level_of, bob) == 2
    mine = (await rest(servers[0], "GET", "og/me/", bob)).body
    assert (mine["level"], mine["next"]["level"], mine["next"]["price"]) == (2, 3, 9000)
    assert 6990 <= mine["next"]["credit"] <= 7000


async def test_who_is_too_poor_gets_no_tier(servers, transport, bob, crowd):
    await in_database(give, bob, 4000, 999)
    client = await crowd.connect(servers[0], bob, transport)
    assert (await client.call("og:buy", {"level": 1})).error["message"] == "Insufficient coins"
    assert (await in_database(level_of, bob), await in_database(wallet, bob)) == (0, (4000, 999))


@pytest.mark.parametrize("level", [0, 6, -1, 1.5, "1", None], ids=repr)
async def test_an_unknown_tier_is_refused(servers, bob, crowd, level):
    client = await crowd.connect(servers[0], bob)
    assert (await client.call("og:buy", {"level": level})).code == "invalid_payload"


async def test_clients_cannot_change_a_tier_by_themselves(servers, transport, bob, crowd):
    client = await crowd.connect(servers[0], bob, transport)
    assert (await client.call("og:changed", {"newLevel": 5})).error["message"] == "Unauthorized event"


async def test_an_upgrade_credits_what_is_unused(bob):
    def play():
        give(bob, 20_000)
        buy(bob, 1)
        # Five of fifteen days are gone: two thirds of 5,000 are credited, rounded down.
        return buy(bob, 3, NOON + 5 * DAY).body

    body = await in_database(play)
    assert '"credit":3333,"paid":5667' in body
    assert await in_database(wallet, bob) == (20_000 - 5000 - 5667, 0)
    assert await in_database(level_of, bob) == 3
    ends = await in_database(lambda: list(Membership.objects.filter(user=bob.user).values_list("end", flat=True)))
    assert sorted(ends) == ["", "upgraded"]


async def test_a_renewal_adds_its_days(bob):
    def play():
        give(bob, 10_000)
        buy(bob, 1)
        buy(bob, 1, NOON + 10 * DAY)
        return Membership.objects.get(user=bob.user).expires_at

    assert await in_database(play) == NOON + 30 * DAY


async def test_there_is_no_way_down(bob):
    await in_database(give, bob, 20_000)
    await in_database(buy, bob, 3)
    with pytest.raises(CommandError, match="higher tier"):
        await in_database(buy, bob, 2)
    assert await in_database(wallet, bob) == (11_000, 0)


async def test_a_tier_that_is_over_lowers_the_level_and_says_so(servers, bob, crowd):
    await in_database(give, bob, 5000)
    client = await crowd.connect(servers[0], bob)
    await in_database(buy, bob)

    await in_database(expire_memberships, now=NOON + 15 * DAY - timedelta(seconds=1))
    assert await in_database(level_of, bob) == 1
    await in_database(expire_memberships, now=NOON + 15 * DAY)

    told = await client.wait_for("og:changed", lambda data: data["reason"] == "expired")
    assert (told["oldLevel"], told["newLevel"], told["tier"]) == (1, 0, None)
    assert await in_database(level_of, bob) == 0


async def test_a_tier_can_be_bought_again_before_its_end_was_noticed(bob):
    def play():
        give(bob, 12_000)
        buy(bob, 2)
        return buy(bob, 1, NOON + 40 * DAY)

    assert '"credit":0,"paid":5000' in (await in_database(play)).body
    assert await in_database(level_of, bob) == 1


# --- Daily bonuses --------------------------------------------------------------------------------


async def test_each_day_brings_its_bonus_once(bob):
    def play():
        give(bob, 5000)
        buy(bob)
        for hours in (1, 11, 12, 13, 20, 36, 37):
            pay_daily_bonuses(now=NOON + timedelta(hours=hours))
        return days_of(bob), wallet(bob)

    # 5,000 × 0.6 ÷ 15 = 200 a day.
    assert await in_database(play) == (["2020-03-02", "2020-03-03"], (0, 400))


async def test_three_days_without_anybody_to_pay_bring_exactly_three_bonuses(servers):
    people = await in_database(make_people, 5)

    def play():
        for person in people:
            give(person, 5000)
            buy(person)
        for _ in range(3):
            pay_daily_bonuses(now=NOON + 3 * DAY)

    await in_database(play)
    for person in people:
        assert await in_database(days_of, person) == ["2020-03-02", "2020-03-03", "2020-03-04"]
        assert await in_database(wallet, person) == (0, 600)
    await in_database(assert_ledger_holds)


async def test_many_who_pay_at_once_pay_once(bob):
    await in_database(give, bob, 5000)
    await in_database(buy, bob)

    await asyncio.gather(*(in_database(pay_daily_bonuses, now=NOON + 4 * DAY) for _ in range(6)))

    assert await in_database(wallet, bob) == (0, 800)


async def test_a_tier_that_ended_meanwhile_still_owes_its_days(bob):
    def play():
        give(bob, 5000)
        buy(bob)
        expire_memberships(now=NOON + 100 * DAY)
        pay_daily_bonuses(now=NOON + 100 * DAY)
        return len(days_of(bob)), wallet(bob)

    assert await in_database(play) == (15, (0, 3000))


async def test_the_day_of_an_upgrade_is_paid_once(bob):
    def play():
        give(bob, 20_000)
        buy(bob, 1)
        pay_daily_bonuses(now=NOON + DAY)
        buy(bob, 3, NOON + DAY)
        pay_daily_bonuses(now=NOON + 2 * DAY)
        return days_of(bob), wallet(bob)[1]

    # The second purchase used up the 200 of the first day; 9,000 × 0.6 ÷ 30 = 180.
    assert await in_database(play) == (["2020-03-02", "2020-03-03"], 180)


async def test_bonus_coins_are_spent_first(servers, alice, bob, stream, crowd):
    await in_database(give, bob, 50, 10)
    client = await crowd.connect(servers[0], bob)
    assert done(await send(client, stream, "rose", 2))["bonus"] == 0
    assert await in_database(wallet, alice) == (7, 7)
