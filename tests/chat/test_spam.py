"""The same words over and over, many who say the same, storms of mentions and shortened links are refused by name."""

import pytest
from django.conf import settings

from gateway import limits
from gateway.database import in_database
from gateway.errors import CommandError
from gateway.limits import Bucket
from moderation import spam
from moderation.lists import Lists, Rule
from tests.people import done, make_person, say

LONG = "everybody come to the other stream now"


def repeats(author, stream, text):
    return [bucket for bucket in spam.buckets(author, stream, text) if bucket.code == "duplicate_message"]


async def codes(times, spend):
    """What comes of spending so many times: the code of each refusal, nothing where there was none."""
    found = []
    for number in range(times):
        try:
            await limits.spend(spend(number))
            found.append("")
        except CommandError as error:
            found.append(str(error.code))
    return found


async def test_the_same_words_are_refused_after_five_in_every_process(servers, transport, bob, stream, crowd):
    # What the author has said before is charged here, so that the pace is not what refuses.
    text = "buy my walnuts"
    for said in (text, f" {text.upper()}  "):
        await codes(3, lambda _, said=said: repeats(bob.id, str(stream.pk), said))
    client = await crowd.connect(servers[1], bob, transport)
    reply = await say(client, stream, text)
    assert (reply.code, reply.error["retryAfter"] > 0) == ("duplicate_message", True)
    done(await say(client, stream, "something else"))


async def test_what_is_refused_counts_for_nothing(bob, stream):
    bucket = Bucket(f"spam-test:{bob.id}", 2, 60)
    assert await codes(4, lambda _: [bucket]) == ["", "", "rate_limited", "rate_limited"]
    assert (await codes(1, lambda _: [Bucket(f"other:{bob.id}", 1, 60), bucket]))[0] == "rate_limited"
    assert await codes(1, lambda _: [Bucket(f"other:{bob.id}", 1, 60)]) == [""]


async def test_a_long_message_of_many_authors_is_a_flood_and_a_short_one_is_not(servers, stream, crowd):
    (events, _), *_ = settings.GATEWAY_RATE_LIMITS["chorus"]
    told = await codes(events + 1, lambda number: spam.buckets(str(number + 1), str(stream.pk), LONG))
    assert told == [""] * events + ["flood"]
    short = await codes(events + 1, lambda number: spam.buckets(str(number + 1), str(stream.pk), "well played"))
    assert set(short) == {""}
    author = await in_database(make_person, "guest")
    assert (await say(await crowd.connect(servers[0], author), stream, LONG.upper())).code == "flood"


async def test_a_storm_of_mentions_is_refused(servers, transport, bob, stream, crowd):
    client = await crowd.connect(servers[0], bob, transport)
    storm = " ".join(f"@user{number}" for number in range(12))
    done(await say(client, stream, storm))
    assert (await say(client, stream, f"again {storm}")).code == "mention_storm"
    done(await say(client, stream, "hello @alice"))


async def test_a_shortened_link_is_refused_and_its_target_is_not(servers, transport, alice, mona, crowd, stream):
    viewer = await in_database(make_person, "vera")
    client = await crowd.connect(servers[0], viewer, transport)
    done(await say(client, stream, "hello"))
    assert (await say(client, stream, "look https://bit.ly/3xyz")).code == "link_shortener"
    done(await say(client, stream, "look https://example.com/3xyz"))
    done(await say(await crowd.connect(servers[1], mona), stream, "look https://bit.ly/3xyz"))


def test_a_shortener_that_is_allowed_is_none():
    assert spam.has_shortener("see bit.ly/x", Lists())
    assert not spam.has_shortener("see bit.ly/x", Lists(allowed_domains=(Rule("a", "bit.ly"),)))


@pytest.mark.parametrize("text", ["a\ud83d", "", "@" * 500, "@alice" * 80])
def test_any_text_has_buckets_that_can_be_charged(text):
    assert all(1 <= bucket.cost <= bucket.events for bucket in spam.buckets("1", "2", text))


async def test_a_bucket_that_is_charged_more_at_once_is_full_the_sooner(bob):
    bucket = Bucket(f"cost-test:{bob.id}", 10, 60, cost=4)
    assert await codes(3, lambda _: [bucket]) == ["", "", "rate_limited"]
    assert await codes(1, lambda _: [Bucket(bucket.key, 10, 60, cost=2)]) == [""]
