"""What staff and hosts change of lists and policies, every process follows without being asked, and it is recorded."""

import secrets

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Entry
from audit.services import AUTOMATIC
from gateway.database import in_database
from gateway.errors import CommandError
from moderation import rulebook
from moderation.lexicon import Category
from moderation.models import Decision, ListEntry, PolicyRow
from moderation.policy import Action
from moderation.selectors.rules import policy_of, read_rules
from moderation.services import rules
from tests.people import done, eventually, make_person, make_stream, rest, say

PROFANE = "this is bullshit"


@pytest.fixture
def browser():
    """The browser of Ada, who administers."""
    client = Client()
    client.force_login(make_person("ada", is_staff=True, is_superuser=True).user)
    return client


def a_word():
    """A word nobody else's test says."""
    return f"walnut{secrets.token_hex(4)}"


def add(browser, **fields):
    """Fill in the form of a new entry; the answer's errors, by field."""
    usual = {"list": "block", "kind": "word", "category": "harassment", "level": 3, "note": ""}
    answer = browser.post(reverse("admin:moderation_listentry_add"), {**usual, **fields})
    return {} if answer.status_code == 302 else answer.context["adminform"].form.errors


async def stopped_on(server, person, crowd, stream, text):
    client = await crowd.connect(server, person)

    async def look():
        return (await say(client, stream, f"{text} {secrets.token_hex(2)}")).code == "content_stopped"

    await eventually(look)


async def test_a_blocked_word_is_stopped_by_every_process_and_no_more_when_it_is_gone(
    servers, browser, bob, mona, stream, crowd
):
    blocked = a_word()
    assert await in_database(add, browser, value=f"  {blocked.upper()} ") == {}
    for server in servers:
        await stopped_on(server, mona, crowd, stream, blocked)
    entry = await in_database(ListEntry.objects.get, value=blocked)
    decision = await in_database(lambda: Decision.objects.filter(user=mona.user).latest("id"))
    assert (decision.matched, decision.categories) == ([f"list/{entry.pk}"], {"harassment": 0.75})

    await in_database(browser.post, reverse("admin:moderation_listentry_delete", args=[entry.pk]), {"post": "yes"})
    client = await crowd.connect(servers[1], mona)

    async def is_heard():
        return (await say(client, stream, f"{blocked} {secrets.token_hex(2)}")).ok

    await eventually(is_heard)
    target = Entry.objects.filter(target_kind="moderation.listentry", target_id=str(entry.pk)).order_by("id")
    acts = await in_database(lambda: [(e.action, (e.after or e.before)["value"]) for e in target])
    assert acts == [("moderation.listentry.add", blocked), ("moderation.listentry.delete", blocked)]


async def test_the_list_of_a_stream_holds_there_alone(servers, browser, alice, mona, stream, crowd):
    blocked, other = a_word(), await in_database(make_stream, alice)
    assert await in_database(add, browser, value=blocked, stream=stream.pk) == {}
    await stopped_on(servers[0], mona, crowd, stream, blocked)
    client = await crowd.connect(servers[0], mona)
    done(await say(client, other, blocked))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "regex", "value": "(?=a)b"}, "Not a pattern of RE2"),
        ({"kind": "regex", "value": ".*"}, "every message"),
        ({"kind": "domain", "value": "https://bad.example/x"}, "without scheme and path"),
        ({"kind": "word", "value": "!!"}, "use a pattern"),
    ],
)
def test_what_cannot_be_matched_is_refused_when_it_is_saved(browser, fields, words):
    errors = add(browser, **fields)
    assert list(errors) == ["value"]
    assert words in errors["value"][0]


def test_the_same_is_not_listed_twice(browser):
    blocked = a_word()
    assert add(browser, value=blocked) == {}
    assert "__all__" in add(browser, value=blocked)


def test_a_batch_asks_nothing_when_nothing_has_changed_and_one_look_is_one_query():
    rulebook.refresh()
    with CaptureQueriesContext(connection) as queries:
        rulebook.current()
    assert len(queries) == 0
    with CaptureQueriesContext(connection) as queries:
        rulebook.refresh()
    assert len(queries) == 1


# --- Policies -------------------------------------------------------------------------------------


async def test_a_host_lets_a_category_pass_in_a_stream_of_theirs(
    servers, transport, alice, mona, charlie, stream, crowd
):
    viewer = await crowd.connect(servers[1], mona)
    assert (await say(viewer, stream, PROFANE)).code == "content_stopped"
    host = await crowd.connect(servers[0], alice, transport)
    wanted = {"streamId": str(stream.pk), "levels": {"profanity": 0, "hate": 4}}
    told = done(await host.call("moderation:levels", wanted))
    assert (told["levels"]["profanity"], told["levels"]["hate"], told["levels"]["threat"]) == (0, 4, 2)

    async def is_heard():
        return (await say(viewer, stream, PROFANE)).ok

    await eventually(is_heard)
    assert done(await host.call("moderation:levels", {"streamId": str(stream.pk)})) == told
    stranger = await crowd.connect(servers[0], charlie, transport)
    assert (await stranger.call("moderation:levels", wanted)).code == "access_denied"
    row = await in_database(PolicyRow.objects.get, stream=stream)
    assert told["policyVersion"].endswith(f"/{row.number}")
    entry = await in_database(Entry.objects.get, action="policy.put_in_force", target_id=str(row.pk))
    assert (entry.actor_id, entry.after["levels"]) == (alice.user.pk, {"profanity": 0, "hate": 4})


async def test_levels_are_read_and_changed_over_rest(servers, alice, bob, stream):
    path = f"moderation/streams/{stream.pk}/levels/"
    assert (await rest(servers[0], "GET", path, alice)).body["levels"]["links"] == 1
    changed = await rest(servers[0], "PATCH", path, alice, {"levels": {"links": 3}})
    assert (changed.status, changed.body["levels"]["links"]) == (200, 3)
    changed = await rest(servers[0], "PATCH", path, alice, {"undecided": "show"})
    assert (changed.body["levels"]["links"], changed.body["undecided"]) == (3, "show")
    assert (await rest(servers[0], "PATCH", path, alice, {"levels": {"lies": 3}})).code == "invalid_payload"
    assert (await rest(servers[0], "GET", path, bob)).code == "access_denied"


@pytest.mark.parametrize("category", ["hate", "threat", "self_harm"])
async def test_the_worst_is_let_pass_in_no_stream(servers, transport, alice, mona, stream, crowd, category):
    for person in (alice, mona):
        client = await crowd.connect(servers[0], person, transport)
        refused = await client.call("moderation:levels", {"streamId": str(stream.pk), "levels": {category: 0}})
        assert (refused.code, refused.error["message"]) == (
            "invalid_payload", f"Invalid payload: in a stream the level of {category} is at least 1",
        )  # fmt: skip
        mild = done(await client.call("moderation:levels", {"streamId": str(stream.pk), "levels": {category: 1}}))
        assert mild["levels"][category] == 1
    policy = await in_database(policy_of, stream.pk)
    assert policy.decide(0.95, policy.level(Category(category))) == Action.STOP


def test_a_draft_of_a_stream_is_held_to_the_least_levels_and_one_of_everywhere_is_not(browser, stream):
    url, draft = reverse("admin:moderation_policyrow_add"), {"level_threat": 0, "is_draft": "on"}
    answer = browser.post(url, {**draft, "stream": stream.pk})
    assert "at least 1" in str(answer.context["adminform"].form.errors)
    assert browser.post(url, draft).status_code == 302


async def test_a_decision_keeps_the_thresholds_and_the_versions_it_was_made_by(servers, mona, stream, crowd):
    await in_database(rules.change_policy, actor=AUTOMATIC, stream_id=stream.pk, levels={"hate": 1})
    client = await crowd.connect(servers[0], mona)

    async def is_judged_by_it():
        await say(client, stream, PROFANE)
        return await in_database(Decision.objects.filter(user=mona.user, thresholds__levels__hate=1).exists)

    await eventually(is_judged_by_it)
    decision = await in_database(lambda: Decision.objects.filter(user=mona.user).latest("id"))
    assert {name: decision.thresholds[name] for name in ("hold", "stop", "ban")} == {
        "hold": 0.4, "stop": 0.6, "ban": 0.9,
    }  # fmt: skip
    assert decision.policy_version == "0.4/0.6/0.9/1"
    assert decision.model_version


def test_policies_are_numbered_and_replaced_never_changed(stream):
    for level in (1, 3):
        rules.change_policy(actor=AUTOMATIC, stream_id=stream.pk, levels={"spam": level})
    rules.change_policy(actor=AUTOMATIC, stream_id=stream.pk, levels={"hate": 4})
    rows = PolicyRow.objects.filter(stream=stream).order_by("number")
    assert [(row.number, row.levels) for row in rows] == [
        (1, {"spam": 1}), (2, {"spam": 3}), (3, {"spam": 3, "hate": 4}),
    ]  # fmt: skip
    with pytest.raises(CommandError, match="make another"):
        rules.put_in_force(actor=AUTOMATIC, policy=rows[0])


def test_a_stream_takes_what_it_does_not_say_from_everywhere(stream):
    with transaction.atomic():
        rules.put_in_force(
            actor=AUTOMATIC, policy=PolicyRow(hold=0.4, stop=0.7, ban=0.9, levels={"spam": 3, "hate": 3})
        )
        rules.put_in_force(actor=AUTOMATIC, policy=PolicyRow(stream=stream, levels={"hate": 1}))
        everywhere, own = read_rules()
        policy = own[str(stream.pk)].policy
        assert (policy.stop, everywhere.policy.stop) == (0.7, 0.7)
        assert (policy.level(Category.SPAM), policy.level(Category.HATE)) == (3, 1)
        assert policy == policy_of(stream.pk)
        transaction.set_rollback(True)


def test_a_draft_acts_when_it_is_put_in_force(browser, stream):
    url = reverse("admin:moderation_policyrow_add")
    assert browser.post(url, {"stream": stream.pk, "level_hate": 4, "is_draft": "on"}).status_code == 302
    draft = PolicyRow.objects.get(stream=stream)
    assert policy_of(stream.pk).level(Category.HATE) == 2
    changelist = reverse("admin:moderation_policyrow_changelist")
    browser.post(changelist, {"action": "put_in_force", "_selected_action": [draft.pk]})
    assert policy_of(stream.pk).level(Category.HATE) == 4


@pytest.mark.parametrize(
    ("thresholds", "words"),
    [({"hold": 0.9, "stop": 0.5, "ban": 0.95}, "must rise"), ({"hold": 0.2}, "all three thresholds or none")],
)
def test_thresholds_that_do_not_rise_or_are_not_complete_are_refused_in_the_admin(browser, stream, thresholds, words):
    answer = browser.post(reverse("admin:moderation_policyrow_add"), {"stream": stream.pk, **thresholds})
    assert words in str(answer.context["adminform"].form.errors)
    assert not PolicyRow.objects.filter(stream=stream).exists()
