"""Those who moderate a stream act in it, moderators act everywhere; whether one still may is read at each act."""

import io

import pytest
from django.core.management import CommandError as CommandFailed
from django.core.management import call_command

from accounts.models import User
from audit.models import Entry
from audit.services import Actor
from gateway.database import in_database
from gateway.errors import CommandError
from moderation.models import Rung, Sanction
from moderation.services import sanctions
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


ROLES = {
    "viewer": {},
    "moderator": {"is_moderator": True},
    "staff": {"is_staff": True},
    "admin": {"is_staff": True, "is_superuser": True},
}


def admin_bans(acting, target):
    actor = Actor.admin(acting.user.pk, "192.0.2.1")
    return sanctions.sanction_user(actor=actor, user_id=target.user.pk, rung=Rung.BAN, reason="Spoilers.")


@pytest.mark.parametrize("acting", ROLES)
@pytest.mark.parametrize("target", ROLES)
def test_in_the_admin_nobody_sanctions_a_role_as_high_as_their_own_but_an_admin(acting, target):
    people = make_person("acting", **ROLES[acting]), make_person("target", **ROLES[target])
    if acting == "admin" or list(ROLES).index(acting) > list(ROLES).index(target):
        assert admin_bans(*people).rung == Rung.BAN
    else:
        with pytest.raises(CommandError, match="as high as yours"):
            admin_bans(*people)


@pytest.mark.parametrize("command", ["ban", "timeout_user", "revoke_tokens", "purge_messages"])
def test_a_command_acts_on_moderators_and_on_no_staff(command):
    call_command(command, make_person("mod", is_moderator=True).name, stdout=io.StringIO())
    staff = make_person("staff", is_staff=True)
    with pytest.raises(CommandFailed, match="as high as yours"):
        call_command(command, staff.name, stdout=io.StringIO())
    assert not Sanction.objects.filter(user=staff.user).exists()


def test_who_decides_an_appeal_has_a_role_now(bob, mona):
    issued = sanctions.sanction_user(
        actor=Actor.api(mona.user.pk), user_id=bob.user.pk, rung=Rung.TIMEOUT, reason="Spoilers."
    )
    appeal = sanctions.appeal(sanction=issued, text="That was a quote.")
    User.objects.filter(pk=mona.user.pk).update(is_moderator=False)
    decision = {"appeal_id": appeal.pk, "outcome": "lifted", "reason": "It was."}
    with pytest.raises(CommandError, match="as high as yours"):
        sanctions.decide_appeal(actor=Actor.admin(mona.user.pk, ""), **decision)
    User.objects.filter(pk=mona.user.pk).update(is_moderator=True)
    sanctions.decide_appeal(actor=Actor.admin(mona.user.pk, ""), **decision)
