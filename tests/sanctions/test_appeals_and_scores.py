"""A sanction can be appealed against once; what a user did wrong is forgotten by half each week."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Entry
from audit.services import Actor
from gateway.database import in_database
from gateway.errors import CommandError
from moderation.models import Appeal, Points, Rung, Sanction
from moderation.selectors import moderation_score
from moderation.services import sanctions
from tests.people import PASSWORD, done, rest, say
from tests.sanctions.conftest import sanction


def decide(appeal_id, outcome, mona):
    actor = Actor.admin(mona.user.pk, "192.0.2.1")
    sanctions.decide_appeal(actor=actor, appeal_id=appeal_id, outcome=outcome, reason="It was a quote.")


async def test_an_appeal_that_is_heard_lifts_the_sanction(servers, transport, bob, mona, stream, crowd):
    tab = await crowd.join(servers[0], bob, stream)
    client = await crowd.connect(servers[0], bob, transport)
    issued = await sanction(bob, Rung.TIMEOUT, by=mona)
    text = {"sanctionId": str(issued.pk), "text": "That was a quote from the film."}
    done(await client.call("sanction:appeal", text))
    assert (await client.call("sanction:appeal", text)).code == "invalid_state"

    appeal = await in_database(Appeal.objects.get, sanction=issued)
    await in_database(decide, appeal.pk, Appeal.Outcome.LIFTED, mona)
    assert (await tab.wait_for("sanction:appeal_decided"))["outcome"] == "lifted"
    await tab.wait_for("sanction:lifted")
    done(await say(client, stream, "thank you"))
    entries = await in_database(lambda: [e.action for e in Entry.objects.filter(target_id=bob.id).order_by("id")])
    assert entries == ["sanction.timeout", "appeal.lifted", "sanction.lift"]


async def test_an_appeal_that_is_not_heard_changes_nothing_and_is_decided_once(servers, bob, mona, stream, crowd):
    client = await crowd.connect(servers[0], bob)
    issued = await sanction(bob, Rung.TIMEOUT, by=mona)
    appeal = await in_database(sanctions.appeal, sanction=issued, text="no")
    await in_database(decide, appeal.pk, Appeal.Outcome.UPHELD, mona)
    assert (await say(client, stream, "hello")).code == "muted"
    with pytest.raises(CommandError, match="decided already"):
        await in_database(decide, appeal.pk, Appeal.Outcome.LIFTED, mona)


async def test_the_banned_appeal_with_their_password(servers, bob, mona):
    issued = await sanction(bob, Rung.BAN, by=mona)
    said = {"username": bob.name, "text": "That was my brother."}
    wrong = await rest(servers[0], "POST", "moderation/appeals/", json={**said, "password": "guess"})
    assert wrong.code == "invalid_credentials"
    right = {**said, "password": PASSWORD}
    assert (await rest(servers[0], "POST", "moderation/appeals/", json=right)).status == 204
    assert (await rest(servers[0], "POST", "moderation/appeals/", json=right)).code == "invalid_state"
    appeal = await in_database(Appeal.objects.get, sanction=issued)
    await in_database(decide, appeal.pk, Appeal.Outcome.LIFTED, mona)
    await in_database(bob.user.refresh_from_db)
    assert not bob.user.is_banned


async def test_a_user_sees_their_sanctions(servers, bob, mona, stream):
    issued = await sanction(bob, Rung.WARNING, by=mona, stream=stream)
    (shown,) = (await rest(servers[0], "GET", "moderation/sanctions/", bob)).body
    assert (shown["id"], shown["rung"], shown["streamId"]) == (str(issued.pk), "warning", str(stream.pk))
    assert (shown["mustAcknowledge"], shown["appeal"]) == (True, "")
    assert (await rest(servers[0], "GET", "moderation/sanctions/")).status == 401


async def test_a_message_that_is_stopped_for_a_ban_is_a_sanction_of_the_machine(servers, bob, stream, crowd):
    author = await crowd.join(servers[0], bob, stream)
    assert (await say(author, stream, "go kill yourself")).code == "content_stopped"
    told = await author.wait_for("sanction:issued")
    issued = await in_database(Sanction.objects.get, pk=told["sanctionId"])
    assert (issued.rung, issued.stream_id, issued.issued_by_id) == (Rung.TIMEOUT, None, None)
    assert issued.decision_id is not None
    entry = await in_database(Entry.objects.get, target_kind="accounts.user", target_id=bob.id)
    assert (entry.origin, entry.actor_id, entry.action) == ("automatic", None, "sanction.timeout")


async def test_the_score_halves_in_a_week_and_adds_up(bob):
    def points(amount, age):
        Points.objects.create(user=bob.user, points=amount, created_at=timezone.now() - age)

    await in_database(points, 8, timedelta(days=7))
    assert await in_database(moderation_score, bob.user.pk) == pytest.approx(4, abs=0.01)
    await in_database(points, 8, timedelta(days=14))
    await in_database(points, 1, timedelta())
    assert await in_database(moderation_score, bob.user.pk) == pytest.approx(7, abs=0.01)
    await in_database(points, 1000, timedelta(days=71))
    assert await in_database(moderation_score, bob.user.pk) == pytest.approx(7, abs=0.01)


async def test_sanctions_and_stopped_messages_raise_the_score(servers, bob, mona, stream, crowd):
    author = await crowd.connect(servers[0], bob)
    await say(author, stream, "nobody likes you")
    after_a_message = await in_database(moderation_score, bob.user.pk)
    await sanction(bob, Rung.WARNING, by=mona)
    assert 0 < after_a_message < await in_database(moderation_score, bob.user.pk)
