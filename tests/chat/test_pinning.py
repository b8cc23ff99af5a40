"""One message is pinned above the chat: by those who moderate, or by a viewer with the tier for it."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import services as account_services
from chat.models import Pin
from gateway.database import in_database
from tests.people import all_has_arrived, done, join, say


async def pin(client, message_id, pinned=True):
    return await client.call("chat:pin", {"messageId": message_id, "pinned": pinned})


async def pinned_for(server, crowd, person, stream):
    """What a newcomer is shown as pinned."""
    client = await crowd.connect(server, person)
    return (await join(client, stream))["snapshot"]["pinned"]


async def message_of(client, stream, text="Be kind", **fields):
    return done(await say(client, stream, text, **fields))["id"]


async def test_the_host_pins_a_message_and_takes_it_down(servers, transport, alice, bob, charlie, stream, crowd):
    viewer = await crowd.join(servers[1], bob, stream)
    message = await message_of(viewer, stream, "What a set")
    host = await crowd.connect(servers[0], alice, transport)

    for _ in range(2):
        done(await pin(host, message))

    told = (await viewer.wait_for("chat:pinned"))["pinned"]
    assert (told["message"]["id"], told["message"]["message"]) == (message, "What a set")
    assert (told["pinnedBy"], told["expiresAt"]) == (alice.id, None)
    assert await pinned_for(servers[1], crowd, charlie, stream) == told
    for _ in range(2):
        done(await pin(host, message, False))
    await viewer.wait_for("chat:pinned", lambda data: data["pinned"] is None)
    assert await pinned_for(servers[1], crowd, charlie, stream) is None
    await all_has_arrived(viewer, stream, viewer)
    assert len(viewer.named("chat:pinned")) == 2


async def test_from_og_3_on_a_viewer_pins_a_message_of_their_own_for_a_time(
    servers, transport, bob, charlie, stream, crowd
):
    viewer = await crowd.connect(servers[0], bob, transport)
    message = await message_of(viewer, stream)
    await in_database(account_services.set_og_level, user_id=bob.user.pk, level=2)
    assert (await pin(viewer, message)).code == "access_denied"
    await in_database(account_services.set_og_level, user_id=bob.user.pk, level=3)

    done(await pin(viewer, message))

    shown = await pinned_for(servers[1], crowd, charlie, stream)
    assert (shown["message"]["id"], shown["pinnedBy"]) == (message, bob.id)
    assert shown["expiresAt"] is not None
    await in_database(Pin.objects.filter(stream=stream).update, expires_at=timezone.now() - timedelta(seconds=1))
    assert await pinned_for(servers[1], crowd, charlie, stream) is None


async def test_a_viewer_pins_nothing_of_others_and_displaces_no_pin(servers, alice, bob, charlie, stream, crowd):
    for person in (bob, charlie):
        await in_database(account_services.set_og_level, user_id=person.user.pk, level=3)
    host, one, other = [await crowd.connect(servers[0], person) for person in (alice, bob, charlie)]
    first, second = await message_of(one, stream, "mine"), await message_of(other, stream, "theirs")
    assert (await pin(one, second)).code == "access_denied"
    done(await pin(one, first))
    assert (await pin(other, second)).code == "invalid_state"
    assert (await pin(other, first, False)).code == "access_denied"

    again = await message_of(one, stream, "mine again")
    done(await pin(one, again))
    done(await pin(host, second))

    assert (await pin(one, first)).code == "invalid_state"
    assert (await pinned_for(servers[1], crowd, bob, stream))["message"]["id"] == second


async def test_of_many_who_pin_at_once_one_message_is_pinned(servers, stream, bob, charlie, crowd):
    clients = [await crowd.connect(servers[number % 2], person) for number, person in enumerate((bob, charlie))]
    for person in (bob, charlie):
        await in_database(account_services.set_og_level, user_id=person.user.pk, level=3)
    messages = [await message_of(client, stream) for client in clients]

    replies = await asyncio.gather(*(pin(*pair) for pair in zip(clients, messages, strict=True)))

    assert sorted(reply.code for reply in replies) == ["", "invalid_state"]


async def test_a_removed_message_is_pinned_no_more(servers, alice, bob, stream, crowd):
    host = await crowd.connect(servers[0], alice)
    message = await message_of(host, stream)
    done(await pin(host, message))
    done(await host.call("chat:remove", {"messageId": message}))
    assert await pinned_for(servers[1], crowd, bob, stream) is None
    assert (await pin(host, message)).code == "invalid_state"


@pytest.mark.parametrize("message_id", ["999999999999", "x", 7, None], ids=repr)
async def test_what_is_no_message_is_not_pinned(servers, transport, alice, crowd, message_id):
    refused = await pin(await crowd.connect(servers[0], alice, transport), message_id)
    assert refused.code == ("not_found" if message_id == "999999999999" else "invalid_payload")


async def test_a_whisper_is_not_pinned(servers, alice, bob, stream, crowd):
    host = await crowd.connect(servers[0], alice)
    whisper = await message_of(await crowd.connect(servers[0], bob), stream, "between us", type="private")
    assert (await pin(host, whisper)).code == "invalid_state"
