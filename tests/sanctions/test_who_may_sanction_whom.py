"""Those who moderate a stream act in it, moderators act everywhere; whether one still may is read at each act."""

import pytest

from accounts.models import User
from audit.models import Entry
from gateway.database import in_database
from moderation.models import Rung, Sanction
from tests.people import done, make_person
from tests.sanctions.conftest import sanction


def issue(person, stream=None, rung="timeout"):
    where = {"streamId": str(stream.pk)} if stream is not None else {}
    return "sanction:issue", {"userId": person.id, "rung": rung, "reason": "Spoilers.", **where}


async def test_the_host_a_channel_moderator_and_a_moderator_act_in_a_stream(
    servers, transport, alice, bob, mona, cora, stream, crowd
):
    for person in (alice, cora, mona):
        client = await crowd.connect(servers[0], person, transport)
        answer = done(await client.call(*issue(bob, stream)))
        issued = await in_database(Sanction.objects.get, pk=answer["sanctionId"])
        assert (issued.user_id, issued.issued_by_id, issued.stream_id) == (bob.user.pk, person.user.pk, stream.pk)


@pytest.mark.parametrize("rung", ["warning", "timeout", "shadow_ban", "ban"])
async def test_only_moderators_act_everywhere(servers, alice, bob, mona, cora, rung, crowd):
    for person in (alice, cora, bob):
        client = await crowd.connect(servers[0], person)
        assert (await client.call(*issue(await in_database(make_person, "guest"), rung=rung))).code == "access_denied"
    client = await crowd.connect(servers[0], mona)
    done(await client.call(*issue(bob, rung=rung)))


async def test_a_viewer_sanctions_nobody(servers, transport, bob, charlie, stream, crowd):
    client = await crowd.connect(servers[0], bob, transport)
    assert (await client.call(*issue(charlie, stream))).code == "access_denied"


async def test_some_cannot_be_sanctioned(servers, alice, bob, mona, cora, stream, crowd):
    other = await in_database(make_person, "other", is_moderator=True)
    staff = await in_database(make_person, "staff", is_staff=True)
    moderator = await crowd.connect(servers[0], mona)
    channel_moderator = await crowd.connect(servers[0], cora)
    for target in (other, staff, mona, alice):
        assert (await moderator.call(*issue(target, stream))).code == "access_denied"
    for target in (alice, mona, cora):
        assert (await channel_moderator.call(*issue(target, stream))).code == "access_denied"
    host = await crowd.connect(servers[0], alice)
    done(await host.call(*issue(cora, stream)))


async def test_who_is_no_moderator_any_more_is_refused_on_the_live_socket(servers, bob, mona, crowd):
    client = await crowd.connect(servers[0], mona)
    await in_database(User.objects.filter(pk=mona.user.pk).update, is_moderator=False)
    assert (await client.call(*issue(bob))).code == "access_denied"


async def test_a_sanction_elsewhere_is_not_lifted(servers, alice, bob, mona, cora, stream, crowd):
    everywhere = await sanction(bob, Rung.TIMEOUT, by=mona)
    here = await sanction(bob, Rung.TIMEOUT, by=mona, stream=stream)
    client = await crowd.connect(servers[0], cora)
    lift = {"reason": "a misunderstanding"}
    assert (await client.call("sanction:lift", {"sanctionId": str(everywhere.pk), **lift})).code == "not_found"
    done(await client.call("sanction:lift", {"sanctionId": str(here.pk), **lift}))


async def test_every_act_is_in_the_audit_log(servers, bob, mona, stream, crowd):
    client = await crowd.connect(servers[0], mona)
    answer = done(await client.call(*issue(bob, stream)))
    done(await client.call("sanction:lift", {"sanctionId": answer["sanctionId"], "reason": "a misunderstanding"}))

    def entries():
        return list(Entry.objects.filter(target_kind="accounts.user", target_id=bob.id).order_by("id"))

    issued, lifted = await in_database(entries)
    assert (issued.action, lifted.action) == ("sanction.timeout", "sanction.lift")
    assert {entry.actor_id for entry in (issued, lifted)} == {mona.user.pk}
    assert {entry.origin for entry in (issued, lifted)} == {"api"}
    assert issued.after["sanction"] == lifted.before["sanction"] == int(answer["sanctionId"])
    assert lifted.reason == "a misunderstanding"
