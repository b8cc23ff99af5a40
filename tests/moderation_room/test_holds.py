"""A doubtful message waits for a moderator: its author is told so, and told the outcome; nobody else is."""

from datetime import timedelta

from django.utils import timezone

from gateway.database import in_database
from moderation.assess import assess
from moderation.models import Decision, Item
from moderation.policy import Action
from tests.people import all_has_arrived, done, hear, heard, make_person, rest, say

DOUBTFUL = "dumb stream"
LINK = "look at https://example.com"


def open_item(message_id):
    return Item.objects.get(subject_id=message_id, decided_at__isnull=True)


async def decide(moderator, message_id, outcome):
    item = await in_database(open_item, int(message_id))
    payload = {"items": [{"id": str(item.pk), "version": item.version}], "outcome": outcome}
    return done(await moderator.call("queue:decide", payload))["items"][0]


def test_the_text_of_these_tests_is_doubtful():
    assert assess([DOUBTFUL])[0].action is Action.HOLD


async def test_a_doubtful_message_is_seen_by_nobody_until_a_moderator_shows_it(
    servers, transport, alice, bob, mona, stream, crowd
):
    host = await crowd.join(servers[0], alice, stream)
    tab = await crowd.join(servers[1], bob, stream)
    moderator = await crowd.connect(servers[0], mona)
    author = await crowd.connect(servers[0], bob, transport)

    held = done(await say(author, stream, DOUBTFUL))
    assert held["held"] is True
    waiting = await tab.wait_for("chat:held")
    assert (waiting["messageId"], waiting["state"]) == (held["id"], "waiting")
    assert (await tab.wait_for("ai:warning"))["action"] == "hold"
    await all_has_arrived(host, stream, tab)
    assert DOUBTFUL not in heard(tab) + heard(host)
    page = (await rest(servers[0], "GET", f"streams/{stream.pk}/messages/", alice)).body
    assert DOUBTFUL not in [message["message"] for message in page["messages"]]

    assert (await decide(moderator, held["id"], "show"))["ok"]
    assert (await hear(host, DOUBTFUL))["id"] == held["id"]
    assert (await tab.wait_for("chat:held", lambda data: data["state"] == "shown"))["until"] is None
    page = (await rest(servers[0], "GET", f"streams/{stream.pk}/messages/", alice)).body
    assert DOUBTFUL in [message["message"] for message in page["messages"]]


async def test_a_refused_message_reaches_nobody_and_its_author_is_told(servers, alice, bob, mona, stream, crowd):
    host, author = await crowd.join(servers[0], alice, stream), await crowd.join(servers[1], bob, stream)
    moderator = await crowd.connect(servers[0], mona)
    held = done(await say(author, stream, DOUBTFUL))

    assert (await decide(moderator, held["id"], "hide"))["ok"]
    await author.wait_for("chat:held", lambda data: data["state"] == "refused")
    assert (await author.wait_for("ai:warning", lambda data: data["action"] == "stop"))["type"] == "content_moderation"
    await all_has_arrived(host, stream, author)
    assert DOUBTFUL not in heard(host)
    assert host.named("chat:removed") == []


async def test_a_decision_that_was_held_is_kept_with_what_led_to_it(servers, bob, stream, crowd):
    author = await crowd.join(servers[0], bob, stream)
    done(await say(author, stream, DOUBTFUL))
    decision = await in_database(lambda: Decision.objects.get(user=bob.user))
    assert (decision.action, decision.text) == ("hold", DOUBTFUL)
    assert 0.4 <= decision.score < 0.6
    assert decision.policy_version == "0.4/0.6/0.9"
    assert decision.model_version.startswith("blend-")


async def test_what_nobody_decides_in_time_the_policy_decides(servers, alice, bob, stream, crowd):
    author = await crowd.join(servers[0], bob, stream)
    held = done(await say(author, stream, DOUBTFUL))
    past = timezone.now() - timedelta(seconds=1)
    await in_database(lambda: Item.objects.filter(subject_id=int(held["id"])).update(due_at=past))
    await author.wait_for("chat:held", lambda data: data["state"] == "refused")
    item = await in_database(lambda: Item.objects.get(subject_id=int(held["id"])))
    assert (item.outcome, item.decided_by) == ("hide", None)


async def test_the_first_message_of_a_new_account_is_held_when_it_has_a_link(servers, alice, bob, stream, crowd):
    author = await crowd.join(servers[0], bob, stream)
    assert done(await say(author, stream, LINK))["held"] is True


async def test_a_link_of_somebody_who_has_been_seen_before_is_shown(servers, alice, bob, stream, crowd):
    author = await crowd.join(servers[0], bob, stream)
    done(await say(author, stream, "good evening"))
    assert "held" not in done(await say(author, stream, LINK))


async def test_a_stream_may_show_what_nobody_decides(servers, transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    setting = await crowd.connect(servers[0], alice, transport)
    wanted = {"streamId": str(stream.pk), "undecided": "show"}
    assert done(await setting.call("moderation:levels", wanted))["undecided"] == "show"
    held = done(await say(await crowd.connect(servers[1], bob), stream, DOUBTFUL))
    past = timezone.now() - timedelta(seconds=1)
    await in_database(lambda: Item.objects.filter(subject_id=int(held["id"])).update(due_at=past))
    assert (await hear(host, DOUBTFUL))["id"] == held["id"]


async def test_a_link_of_an_old_account_is_shown(servers, stream, crowd):
    elder = await in_database(lambda: make_person("elder", date_joined=timezone.now() - timedelta(days=30)))
    author = await crowd.join(servers[0], elder, stream)
    assert "held" not in done(await say(author, stream, LINK))


async def test_the_host_is_not_held_in_their_own_stream(servers, alice, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    assert "held" not in done(await say(host, stream, DOUBTFUL))
