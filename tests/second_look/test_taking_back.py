"""A published message that a provider finds bad is taken back; a doubtful one goes before the moderators."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.services import AUTOMATIC
from gateway.database import in_database
from moderation.lexicon import Category
from moderation.models import Decision, Look
from moderation.second_look.opinion import Opinion
from moderation.services import rules, second_look
from moderation.services.opinions import act_on_opinion
from tests.people import all_has_arrived, done, hear, rest, say
from tests.second_look.people import decision_on, items_about, look_again, look_at, watch_queue, write

BAD = "nobody here would object to this"

pytestmark = pytest.mark.usefixtures("asking")


@pytest.fixture
def provider(provider):
    provider.hateful = {"would object": 0.97, "might object": 0.5}
    return provider


async def test_a_bad_message_is_taken_back_and_its_author_told(
    servers, looking, transport, provider, alice, bob, stream, crowd
):
    host = await crowd.join(servers[0], alice, stream)
    tab = await crowd.join(servers[1], bob, stream)
    author = await crowd.connect(looking, bob, transport)
    message = done(await say(author, stream, BAD))["id"]
    await hear(host, BAD)

    await look_again()

    removed = await host.wait_for("chat:removed")
    assert (removed["messageId"], removed["reason"], removed["removedBy"]) == (message, "automatic", None)
    warning = await tab.wait_for("ai:warning")
    assert (warning["type"], warning["action"], warning["score"]) == ("content_moderation", "remove", 0.97)
    assert (warning["categories"], warning["until"]) == (["hate"], None)
    page = (await rest(servers[0], "GET", f"streams/{stream.pk}/messages/", alice)).body
    assert BAD not in [message["message"] for message in page["messages"]]


async def test_all_that_led_to_it_is_kept(looking, provider, bob, stream, crowd):
    message = await write(crowd, looking, bob, stream, BAD)
    await look_again()
    look, decision = await look_at(message), await decision_on(message)
    assert (look.outcome, decision.action, decision.provider, decision.text) == ("taken_back", "stop", "webhook", BAD)
    assert (decision.score, decision.categories, decision.model_version) == (0.97, {"hate": 0.97}, "ours-3")
    assert decision.policy_version == "0.4/0.6/0.9"


async def test_a_moderator_may_show_it_again(servers, looking, provider, alice, bob, mona, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    moderator = await watch_queue(crowd, servers[1], mona)
    message = await write(crowd, looking, bob, stream, BAD)
    await look_again()
    await host.wait_for("chat:removed")

    (item,) = await items_about(moderator, bob, decided=True)
    assert (item["kind"], item["outcome"], item["decidedBy"]) == ("recheck", "hide", None)
    host.events.clear()
    done(await moderator.call("queue:undo", {"items": [{"id": item["id"], "version": item["version"]}]}))
    assert (await hear(host, BAD))["id"] == message


async def test_a_doubtful_message_stays_and_goes_before_the_moderators(
    servers, looking, provider, alice, bob, mona, stream, crowd
):
    host = await crowd.join(servers[0], alice, stream)
    moderator = await watch_queue(crowd, servers[1], mona)
    message = await write(crowd, looking, bob, stream, "somebody might object")
    await look_again()

    (item,) = await items_about(moderator, bob)
    assert (item["subjectId"], item["kind"], item["score"], item["categories"]) == (message, "recheck", 0.5, ["hate"])
    assert item["isShown"]
    speaker = await crowd.connect(servers[0], bob)
    await all_has_arrived(speaker, stream, host)
    assert host.named("chat:removed") == []


async def test_a_good_message_stays_and_its_text_is_kept_once(looking, provider, bob, stream, crowd):
    message = await write(crowd, looking, bob, stream, "good evening")
    await look_again()
    look, decision = await look_at(message), await decision_on(message)
    assert (look.outcome, decision.action, decision.score, decision.text) == ("kept", "allow", 0.01, "")


def set_levels(stream, levels):
    rules.change_policy(actor=AUTOMATIC, stream_id=stream.pk, levels=levels)


@pytest.mark.parametrize(
    ("levels", "swearing", "hateful"),
    [({}, "kept", "taken_back"), ({"profanity": 4, "hate": 1}, "taken_back", "queued")],
)
async def test_the_levels_of_the_stream_decide(levels, swearing, hateful, looking, provider, bob, stream, crowd):
    await in_database(set_levels, stream, levels)
    opinions = {
        swearing: Opinion(0.1, {Category.PROFANITY: 0.99, Category.HATE: 0.01}, "m"),
        hateful: Opinion(0.7, {Category.PROFANITY: 0.01, Category.HATE: 0.7}, "m"),
    }
    for outcome, opinion in opinions.items():
        message = await write(crowd, looking, bob, stream, BAD)
        look = await look_at(message)
        await in_database(act_on_opinion, look_id=look.pk, opinion=opinion, provider="webhook")
        assert (await look_at(message)).outcome == outcome


async def test_whispers_are_shown_to_nobody_elsewhere(looking, provider, alice, bob, stream, crowd):
    whisper = await write(crowd, looking, bob, stream, BAD, type="private")
    host = await crowd.connect(looking, alice)
    done(await host.call("report:send", {"subjectId": whisper, "reason": "hate"}))
    # Even if it were asked for, as by a later change.
    await Look.objects.acreate(subject_kind="message", subject_id=int(whisper), score=0)
    await look_again()
    assert (await look_at(whisper)).outcome == "gone"
    assert BAD not in provider.texts()


async def test_what_is_reported_is_looked_at_whatever_the_first_look_found(
    servers, looking, provider, alice, bob, stream, crowd
):
    host = await crowd.join(servers[0], alice, stream)
    message = await write(crowd, servers[0], bob, stream, BAD)
    await look_again()
    assert BAD not in provider.texts()

    reporter = await crowd.connect(looking, alice)
    done(await reporter.call("report:send", {"subjectId": message, "reason": "hate"}))
    await look_again()
    assert (await host.wait_for("chat:removed"))["messageId"] == message
    assert (await host.wait_for("report:decided"))["outcome"] == "hide"


async def test_what_a_moderator_shows_is_not_taken_back(servers, looking, provider, alice, bob, mona, stream, crowd):
    message = await write(crowd, looking, bob, stream, BAD)
    reporter, moderator = await crowd.connect(servers[0], alice), await crowd.connect(servers[0], mona)
    done(await reporter.call("report:send", {"subjectId": message, "reason": "hate"}))
    (item,) = await items_about(moderator, bob)
    seen = [{"id": item["id"], "version": item["version"]}]
    done(await moderator.call("queue:decide", {"items": seen, "outcome": "show"}))

    await look_again()
    assert ((await look_at(message)).outcome, (await decision_on(message)).score) == ("kept", 0.97)


async def test_what_is_removed_already_is_not_asked_about(looking, provider, bob, stream, crowd):
    message = await write(crowd, looking, bob, stream, BAD)
    author = await crowd.connect(looking, bob)
    done(await author.call("chat:remove", {"messageId": message}))
    await look_again()
    assert (await look_at(message)).outcome == "gone"
    assert provider.asked == []


async def test_those_who_moderate_are_not_looked_at_unless_somebody_reports_them(
    looking, provider, alice, bob, stream, crowd
):
    message = await write(crowd, looking, alice, stream, BAD)
    await look_again()
    assert provider.asked == []
    viewer = await crowd.connect(looking, bob)
    done(await viewer.call("report:send", {"subjectId": message, "reason": "hate"}))
    await look_again()
    assert (await look_at(message)).outcome == "taken_back"


@pytest.mark.parametrize("score", [0.5, 0.8])
async def test_an_answer_acts_once_whoever_gives_it(score, servers, looking, provider, bob, mona, stream, crowd):
    moderator = await crowd.connect(servers[0], mona)
    look = await look_at(await write(crowd, looking, bob, stream, BAD))
    versions = set()
    for _ in range(2):
        await in_database(act_on_opinion, look_id=look.pk, opinion=Opinion(score, {}, "m"), provider="webhook")
        (item,) = await items_about(moderator, bob, decided=score >= 0.6)
        versions.add(item["version"])
    assert len(versions) == 1
    assert await Decision.objects.filter(user=bob.user).acount() == 1


async def test_looks_that_changed_nothing_are_forgotten_after_a_month(looking, provider, bob, stream, crowd):
    good, bad = [await write(crowd, looking, bob, stream, text) for text in ("good evening", BAD)]
    await look_again()
    decisions = [(await decision_on(message)).pk for message in (good, bad)]
    looks = Look.objects.filter(subject_id__in=(int(good), int(bad)))
    await looks.aupdate(decided_at=timezone.now() - timedelta(days=29))
    await in_database(second_look.prune_looks)
    assert await looks.acount() == 2

    await looks.aupdate(decided_at=timezone.now() - timedelta(days=31))
    await in_database(second_look.prune_looks)
    assert await looks.acount() == 0
    assert [pk async for pk in Decision.objects.filter(pk__in=decisions).values_list("pk", flat=True)] == decisions[1:]


async def test_nothing_is_wanted_where_no_provider_is_configured(servers, bob, stream, crowd):
    message = await write(crowd, servers[0], bob, stream, BAD)
    assert not await Look.objects.filter(subject_id=int(message)).aexists()
