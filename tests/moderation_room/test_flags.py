"""Flags about users wait in the one queue: hiding bans the user at once, showing lets them be, and both are undone."""

import secrets

import pytest

from accounts import services as account_services
from accounts.models import EvasionFlag
from gateway.database import in_database
from moderation.models import Item, Rung, Sanction
from moderation.services.flags import queue_fraud
from tests.people import closing, done, make_person, rest, sign_in
from tests.sanctions.conftest import sanction


@pytest.fixture
async def erik(mona):
    """A new account on a banned user's device."""
    device, banned = secrets.token_hex(8), await in_database(make_person, "zoe")
    await in_database(account_services.open_session, user=banned.user, user_agent="tests", device_id=device)
    await sanction(banned, Rung.BAN, by=mona)
    erik = await in_database(make_person, "erik")
    await in_database(account_services.open_session, user=erik.user, user_agent="tests", device_id=device)
    # Again, on the same device: this brings nothing new.
    await in_database(account_services.open_session, user=erik.user, user_agent="tests", device_id=device)
    return erik


async def waiting(moderator, user, **fields):
    return done(await moderator.call("queue:list", {"userId": user.id, **fields}))["items"]


async def act(moderator, event, item, **fields):
    seen = [{"id": item["id"], "version": item["version"]}]
    (result,) = done(await moderator.call(event, {"items": seen, **fields}))["items"]
    assert result["ok"], result
    return {**item, "version": result["version"]}


async def test_a_banned_device_comes_before_the_moderators_once(servers, erik, mona, crowd):
    moderator = await crowd.connect(servers[0], mona)
    (item,) = await waiting(moderator, erik, kind="evasion")
    assert (item["subjectKind"], item["categories"], item["priority"]) == ("user", ["shared_device"], 3)
    assert (item["isShown"], item["streamId"]) == (True, None)
    assert erik.name in item["text"]


async def test_hiding_bans_the_user_at_once_and_undoing_lets_them_in_again(servers, erik, mona, crowd):
    moderator, tab = await crowd.connect(servers[0], mona), await crowd.connect(servers[1], erik)
    (item,) = await waiting(moderator, erik)

    decided = await act(moderator, "queue:decide", item, outcome="hide", reason="The same again")
    assert (await closing(tab))["code"] == 4101
    assert not await EvasionFlag.objects.filter(user=erik.user, resolved_at__isnull=True).aexists()

    await act(moderator, "queue:undo", decided)
    again = await in_database(sign_in, await erik.user.__class__.objects.aget(pk=erik.user.pk))
    assert (await rest(servers[1], "GET", "auth/me/", again)).status == 200


async def test_showing_lets_them_be_and_lifts_no_other_ban(servers, erik, mona, crowd):
    moderator = await crowd.connect(servers[0], mona)
    other = await sanction(erik, Rung.BAN, by=mona)
    (item,) = await waiting(moderator, erik)

    await act(moderator, "queue:decide", item, outcome="show")

    assert await Sanction.objects.filter(pk=other.pk, ended_at__isnull=True).aexists()
    assert not await EvasionFlag.objects.filter(user=erik.user, resolved_at__isnull=True).aexists()


async def test_who_has_a_role_is_not_banned_from_the_queue(servers, mona, crowd):
    staff = await in_database(make_person, "staff", is_staff=True)

    def flag():
        from django.db import transaction

        with transaction.atomic():
            queue_fraud(user_id=staff.user.pk, rule="coins_in_a_circle", score=0.7)

    await in_database(flag)
    moderator = await crowd.connect(servers[0], mona)
    (item,) = await waiting(moderator, staff, kind="fraud")
    await act(moderator, "queue:decide", item, outcome="hide")
    await staff.user.arefresh_from_db()
    assert not staff.user.is_banned
    assert not (await Item.objects.aget(pk=item["id"])).changed_subject
