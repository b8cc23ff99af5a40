"""A provider that fails opens the breaker: moderators are told once, and each stream's fail mode says what follows."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from gateway.database import in_database
from moderation.health import second_look as doctor
from moderation.models import Item, Look, Outage
from moderation.second_look.breaker import breaker_of
from tests.people import all_has_arrived, done, hear, heard, make_stream, rest, say
from tests.second_look.elsewhere import says, stalls
from tests.second_look.people import items_about, look_again, look_at, watch_queue, write

FAILURES = 5
TEXT = "good evening"

pytestmark = pytest.mark.usefixtures("asking")


@pytest.fixture
def make(alice):
    """Makes a live stream of Alice's with a fail mode."""
    return lambda mode: in_database(make_stream, alice, fail_mode=mode)


@pytest.fixture
async def away(looking, bob, stream, crowd, provider):
    """The provider has failed so often that nobody asks it any more."""
    provider.behaviour = says(b"{")
    await fail(looking, bob, stream, crowd)
    provider.asked.clear()


async def fail(looking, author, stream, crowd):
    """Let it fail until the breaker opens."""
    await write(crowd, looking, author, stream, "does it still answer")
    with override_settings(MODERATION_SECOND_LOOK_TRIES=FAILURES):
        for _ in range(FAILURES):
            await in_database(make_due)
            await look_again()


def make_due():
    """The pause after a look that failed is over."""
    Look.objects.filter(decided_at__isnull=True).update(due_at=timezone.now())


def give_up():
    """What waits has waited for too long."""
    long_ago = timezone.now() - timedelta(hours=1)
    Look.objects.filter(decided_at__isnull=True).update(due_at=long_ago, created_at=long_ago)


def let_it_be_asked_again():
    """The time in which the breaker stays open is over."""
    breaker_of("webhook").reset_timeout = 0


async def test_moderators_are_told_once_that_it_is_lost_and_once_that_it_is_back(
    servers, looking, provider, bob, mona, stream, crowd
):
    moderator = await watch_queue(crowd, servers[0], mona)
    provider.behaviour = says(b"{")
    await fail(looking, bob, stream, crowd)
    lost = await moderator.wait_for("second_look:changed")
    assert (lost["provider"], lost["isAway"]) == ("webhook", True)
    assert "webhook cannot be asked since" in await in_database(doctor)

    let_it_be_asked_again()
    for _ in range(3):
        await look_again()
    provider.behaviour = None
    await look_again()
    back = await moderator.wait_for("second_look:changed", lambda data: not data["isAway"])
    assert back["since"] == lost["since"]
    assert len(moderator.named("second_look:changed")) == 2
    assert await in_database(doctor) == ""


async def test_a_slow_provider_is_one_that_fails(looking, provider, bob, stream, crowd):
    provider.behaviour = stalls
    with override_settings(MODERATION_SECOND_LOOK_SECONDS=0.05):
        await fail(looking, bob, stream, crowd)
    assert await Outage.objects.filter(provider="webhook", ended_at__isnull=True).aexists()


async def test_while_the_breaker_is_open_nobody_asks(away, looking, provider, bob, stream, crowd):
    await write(crowd, looking, bob, stream, TEXT)
    await look_again()
    assert provider.asked == []


async def test_when_it_is_back_what_waited_is_looked_at(away, looking, provider, bob, stream, crowd):
    message = await write(crowd, looking, bob, stream, TEXT)
    provider.behaviour = None
    let_it_be_asked_again()
    await look_again()
    # It is tried with a word of ours, not with what somebody wrote.
    assert provider.asked[0].texts == ["hello"]
    assert (await look_at(message)).outcome == "kept"


async def test_one_message_nobody_can_judge_opens_nothing(looking, provider, bob, stream, crowd):
    provider.behaviour = says(b"{")
    await write(crowd, looking, bob, stream, TEXT)
    for _ in range(FAILURES):
        await in_database(make_due)
        await look_again()
    assert len(provider.asked) == 3
    assert not await Outage.objects.filter(provider="webhook", ended_at__isnull=True).aexists()


async def test_allow_shows_messages_unchecked(away, servers, looking, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    message = await write(crowd, looking, bob, stream, TEXT)
    assert (await hear(host, TEXT))["id"] == message


async def test_hold_lets_messages_wait_for_a_moderator(
    away, make, servers, looking, transport, alice, bob, mona, crowd
):
    stream = await make("hold")
    host, tab = await crowd.join(servers[0], alice, stream), await crowd.join(servers[1], bob, stream)
    author = await crowd.connect(looking, bob, transport)
    answer = done(await say(author, stream, TEXT))
    assert answer["held"] is True
    assert (await tab.wait_for("chat:held"))["state"] == "waiting"
    speaker = await crowd.connect(looking, alice)
    await all_has_arrived(speaker, stream, host)
    assert TEXT not in heard(host)

    # Nobody decides in time.
    past = timezone.now() - timedelta(seconds=1)
    await Item.objects.filter(subject_id=int(answer["id"])).aupdate(due_at=past)
    await tab.wait_for("chat:held", lambda data: data["state"] == "refused")


async def test_deny_refuses_messages_until_they_can_be_checked(
    away, make, servers, looking, transport, alice, bob, crowd
):
    stream = await make("deny")
    host = await crowd.join(servers[0], alice, stream)
    author = await crowd.connect(looking, bob, transport)
    refused = await say(author, stream, TEXT, cid="one")
    assert (refused.code, refused.error["retryAfter"]) == ("unavailable", 30)
    assert refused.error["message"] == "Messages cannot be checked just now"

    await Outage.objects.filter(ended_at__isnull=True).aupdate(ended_at=timezone.now())
    message = done(await say(author, stream, TEXT, cid="one"))["id"]
    assert (await hear(host, TEXT))["id"] == message


async def test_whoever_moderates_and_whispers_are_not_held_up(away, make, looking, alice, bob, crowd):
    stream = await make("deny")
    await write(crowd, looking, alice, stream, TEXT)
    await write(crowd, looking, bob, stream, TEXT, type="private")


async def test_what_is_published_and_never_judged_stays_under_allow(looking, provider, bob, stream, crowd):
    message = await write(crowd, looking, bob, stream, TEXT)
    await in_database(give_up)
    await look_again()
    look = await look_at(message)
    assert (look.outcome, look.decision.matched) == ("kept", ["second_look.away"])


async def test_it_goes_before_the_moderators_under_hold(make, servers, looking, provider, bob, mona, crowd):
    stream = await make("hold")
    message = await write(crowd, looking, bob, stream, TEXT)
    await in_database(give_up)
    await look_again()
    moderator = await crowd.connect(servers[0], mona)
    (item,) = await items_about(moderator, bob)
    assert (item["subjectId"], item["kind"], item["isShown"]) == (message, "recheck", True)


async def test_it_is_taken_back_under_deny(make, servers, looking, provider, alice, bob, crowd):
    stream = await make("deny")
    host, tab = await crowd.join(servers[0], alice, stream), await crowd.join(servers[1], bob, stream)
    message = await write(crowd, looking, bob, stream, TEXT)
    await in_database(give_up)
    await look_again()
    assert (await host.wait_for("chat:removed"))["messageId"] == message
    assert (await tab.wait_for("ai:warning"))["message"] == "Your message was taken back: it could not be checked."


async def test_a_report_takes_nothing_back_when_nobody_can_be_asked(
    make, servers, looking, provider, alice, bob, crowd
):
    stream = await make("deny")
    message = await write(crowd, servers[0], bob, stream, TEXT)
    reporter = await crowd.connect(looking, alice)
    done(await reporter.call("report:send", {"subjectId": message, "reason": "spam"}))
    await in_database(give_up)
    await look_again()
    assert (await look_at(message)).outcome == "kept"


async def test_a_host_chooses_the_fail_mode(servers, alice, stream):
    path = f"streams/{stream.pk}/"
    assert (await rest(servers[0], "GET", path, alice)).body["failMode"] == "allow"
    assert (await rest(servers[0], "PATCH", path, alice, {"failMode": "hold"})).body["failMode"] == "hold"
    assert (await rest(servers[0], "PATCH", path, alice, {"failMode": "panic"})).code == "invalid_payload"


async def test_the_log_holds_neither_texts_nor_keys_nor_addresses(away, looking, provider, caplog, bob, stream, crowd):
    let_it_be_asked_again()
    await write(crowd, looking, bob, stream, TEXT)
    await look_again()
    assert "the second look by webhook failed: an answer of another shape" in caplog.text
    assert not any(secret in caplog.text for secret in (TEXT, "key-of-the-provider", provider.url))
