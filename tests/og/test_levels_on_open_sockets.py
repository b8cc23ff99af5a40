"""A tier that changes is in force at once on every socket its user has open, on every process."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import services as account_services
from gateway.bus import LevelChange, send_level
from gateway.database import in_database
from gateway.rooms import user_room
from og.models import Membership
from og.services import expire_memberships, revoke_membership
from tests.coins import give
from tests.people import done, hear, say


async def shown(speaker, listener, stream, text):
    """The level and badges a message sent now shows to somebody else."""
    done(await say(speaker, stream, text))
    heard = await hear(listener, text)
    return heard["ogLevel"], heard["badges"]


async def test_messages_after_the_change_carry_the_new_level(servers, live_transport, alice, bob, stream, crowd):
    await in_database(give, bob, 20_000)
    host = await crowd.join(servers[1], alice, stream)
    buyer = await crowd.join(servers[0], bob, stream, live_transport)
    others = [await crowd.join(servers[1], bob, stream, live_transport), await crowd.join(servers[0], bob, stream)]

    done(await buyer.call("og:buy", {"level": 1}))

    for number, socket in enumerate((buyer, *others)):
        await socket.wait_for("og:changed", lambda data: data["newLevel"] == 1)
        assert await shown(socket, host, stream, f"after {number}") == (1, ["og"])


@pytest.mark.parametrize("end", ["expired", "revoked"])
async def test_a_tier_that_ends_is_lost_on_open_sockets(servers, alice, bob, stream, crowd, end):
    await in_database(give, bob, 5000)
    host = await crowd.join(servers[1], alice, stream)
    viewer = await crowd.join(servers[0], bob, stream)
    done(await viewer.call("og:buy", {"level": 1}))
    assert await shown(viewer, host, stream, "member") == (1, ["og"])

    await in_database({"expired": expire, "revoked": revoke}[end], bob)

    await viewer.wait_for("og:changed", lambda data: data["reason"] == end)
    assert await shown(viewer, host, stream, "no member") == (0, [])


async def test_a_socket_that_comes_in_meanwhile_knows_it_too(servers, alice, bob, stream, crowd):
    # Its user was read before the change, and the word of it was said before it could listen.
    await in_database(send_level, LevelChange(room=user_room(bob.id).wire, level=3))
    host = await crowd.join(servers[1], alice, stream)
    late = await crowd.join(servers[0], bob, stream)
    assert await shown(late, host, stream, "hello") == (3, ["og"])


async def test_a_change_that_is_undone_changes_no_socket(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    viewer = await crowd.join(servers[0], bob, stream)
    await asyncio.gather(*(viewer.call("og:buy", {"level": 1}) for _ in range(3)))
    assert await shown(viewer, host, stream, "still poor") == (0, [])
    await in_database(account_services.set_og_level, user_id=bob.user.pk, level=2)
    await in_database(account_services.set_og_level, user_id=bob.user.pk, level=0)
    assert await shown(viewer, host, stream, "no tier") == (0, [])


def expire(person):
    memberships = Membership.objects.filter(user=person.user, ended_at=None)
    now = timezone.now()
    memberships.update(starts_at=now - timedelta(days=15), expires_at=now)
    expire_memberships()


def revoke(person):
    revoke_membership(membership_id=Membership.objects.get(user=person.user, ended_at=None).pk)
