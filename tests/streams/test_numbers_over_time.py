"""Numbers are rolled up to minutes, hours and days; again gives the same, and the rows are the truth."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from audit.services import AUTOMATIC
from gateway.database import in_database
from gateway.redis_clients import sync_redis
from gifts.models import SentGift
from gifts.services.sending import GiftDraft, send_gifts
from gifts.services.voids import void_gift
from streams import metrics
from streams.models import StreamNumbers
from streams.selectors import find_card
from streams.services import rollups
from tests.coins import give, identity_of, send
from tests.people import done, make_person, rest, say

MOMENT = datetime(2021, 5, 4, 10, 58, 30, tzinfo=UTC)


def rows(stream, period):
    fields = ("starts_at", "gifts", "coins", "comments")
    return [
        (starts.strftime("%d %H:%M"), *numbers)
        for starts, *numbers in StreamNumbers.objects.filter(stream=stream, period=period).values_list(*fields)
    ]


async def test_gifts_are_rolled_up_and_again_gives_the_same(bob, stream):
    def play():
        give(bob, 1000)
        sender, card = identity_of(bob), find_card(str(stream.pk))
        for minutes, gift in ((0, "rose"), (0, "rose"), (1, "heart"), (2, "crown"), (24 * 60, "rose")):
            draft = GiftDraft(sender, card, gift, 1)
            (answer,) = send_gifts(drafts=[draft], now=MOMENT + timedelta(minutes=minutes))
            assert answer.ok
        for _ in range(2):
            rollups.roll_up(start=MOMENT, end=MOMENT + timedelta(days=1, minutes=1))
        return [rows(stream, period) for period in ("minute", "hour", "day")]

    minutes, hours, days = await in_database(play)

    assert minutes == [("04 10:58", 2, 20, 0), ("04 10:59", 1, 50, 0), ("04 11:00", 1, 200, 0), ("05 10:58", 1, 10, 0)]
    assert hours == [("04 10:00", 3, 70, 0), ("04 11:00", 1, 200, 0), ("05 10:00", 1, 10, 0)]
    assert days == [("04 00:00", 4, 270, 0), ("05 00:00", 1, 10, 0)]


async def test_a_void_is_taken_out_of_all_of_them(bob, stream):
    def play():
        give(bob, 1000)
        send_gifts(drafts=[GiftDraft(identity_of(bob), find_card(str(stream.pk)), "rose", 5)], now=MOMENT)
        rollups.roll_up(start=MOMENT, end=MOMENT)
        before = rows(stream, "day")
        void_gift(transfer_id=SentGift.objects.get(stream=stream).transfer_id, reason="a test", actor=AUTOMATIC)
        return before, [rows(stream, period) for period in ("minute", "hour", "day")]

    before, after = await in_database(play)
    assert before == [("04 00:00", 5, 50, 0)]
    assert after == [[("04 10:58", 0, 0, 0)], [("04 10:00", 0, 0, 0)], [("04 00:00", 0, 0, 0)]]


async def test_numbers_are_rebuilt_by_a_command(bob, stream):
    def play():
        give(bob, 1000)
        send_gifts(drafts=[GiftDraft(identity_of(bob), find_card(str(stream.pk)), "rose", 5)], now=MOMENT)
        StreamNumbers.objects.create(
            stream=stream, period="minute", starts_at=MOMENT.replace(second=0), gifts=99, likes=7
        )
        output = StringIO()
        call_command("rebuild_metrics", "--from", "2021-05-04T10:00", "--to", "2021-05-04T12:00", stdout=output)
        assert "100 %" in output.getvalue()
        return StreamNumbers.objects.get(stream=stream, period="day")

    day = await in_database(play)
    assert (day.gifts, day.coins, day.likes) == (5, 50, 7)


async def test_counts_that_redis_lost_are_set_right(servers, bob, stream, crowd):
    await in_database(give, bob, 100)
    client = await crowd.connect(servers[0], bob, "rest")
    done(await send(client, stream, "rose", 4))
    await in_database(sync_redis().delete, f"metrics:counts:{stream.pk}")
    assert await in_database(metrics.counts, str(stream.pk)) == {}

    await in_database(rollups.heal_counts)

    counted = await in_database(metrics.counts, str(stream.pk))
    assert (counted["gifts"], counted["coins"]) == (4, 40)


async def test_hosts_see_their_own_numbers_and_staff_all(servers, alice, bob, stream, crowd):
    await in_database(give, bob, 100)
    client = await crowd.join(servers[0], bob, stream)
    done(await send(client, stream, "rose", 4))
    done(await say(client, stream, "hello"))
    await in_database(rollups.roll_up_recent)
    staff = await in_database(make_person, "staff", is_staff=True)

    for person in (alice, staff):
        body = (await rest(servers[0], "GET", f"streams/{stream.pk}/analytics/?period=minute", person)).body
        assert sum(row["gifts"] for row in body["rows"]) == 4
        assert sum(row["coins"] for row in body["rows"]) == 40
        assert sum(row["comments"] for row in body["rows"]) == 1
    assert (await rest(servers[0], "GET", f"streams/{stream.pk}/analytics/", bob)).status == 403
    assert (await rest(servers[0], "GET", "analytics/", alice)).status == 403
    day = (await rest(servers[0], "GET", "analytics/?period=day", staff)).body["rows"]
    assert sum(row["coins"] for row in day) >= 40


@pytest.mark.parametrize("query", ["period=week", "from=yesterday", "to=1"])
async def test_bad_questions_are_refused(servers, alice, stream, query):
    assert (await rest(servers[0], "GET", f"streams/{stream.pk}/analytics/?{query}", alice)).code == "invalid_payload"
