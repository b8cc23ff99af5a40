"""A client that asked for connection state recovery and lost its connection comes back as if it had not."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from gateway.database import in_database
from gateway.redis_clients import sync_redis
from gateway.testing_servers import server_process
from gateway.wire import Wire
from streams.models import Stream
from tests.conftest import SERVER_ENVIRONMENT
from tests.gateway.raw_clients import RawClient, open_socket
from tests.people import done, make_stream, rest, say, sign_in


async def come(server, token, **payload) -> RawClient:
    """A client that asks to be recovered, and has been let in."""
    client = await open_socket(server, Wire.RECOVERABLE)
    await client.opened.wait()
    await client.authenticate(token, **payload)
    return client


def answer_of(client: RawClient) -> dict:
    """The server's answer to CONNECT."""
    return next(json.loads(message[2:]) for message in client.messages if message.startswith("40"))


def heard(client: RawClient) -> list[tuple[str, str]]:
    """The messages of chats with their offsets, in the order they came."""
    events = [json.loads(message[2:]) for message in client.messages if message.startswith('42["chat:new",')]
    return [(data["message"], offset) for _, data, offset in events]


def ticket(client: RawClient) -> dict:
    """What a stock client sends when it comes back."""
    return {"pid": answer_of(client)["pid"], "offset": heard(client)[-1][1]}


async def lost(client: RawClient) -> None:
    """The client is gone without a word, and the server knows and has kept its state."""
    client.vanish()
    pid = answer_of(client)["pid"]
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(sync_redis().exists, f"recovery:{pid}"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.fixture
async def speaker(servers, mona, stream, crowd):
    """Somebody who may write fast."""
    return await crowd.join(servers[0], mona, stream)


@asynccontextmanager
async def member_of(server, person, stream, speaker):
    """A member that has heard one message."""
    client = await come(server, person.token)
    await client.join(stream.pk)
    done(await say(speaker, stream, "first"))
    await client.until(heard)
    yield client
    client.vanish()


async def test_who_does_not_ask_is_spoken_to_as_ever(servers, bob, stream, speaker):
    client = await open_socket(servers[0], Wire.SOCKETIO)
    await client.opened.wait()
    await client.authenticate(bob.token, pid="stolen", offset="x")
    await client.join(stream.pk)
    done(await say(speaker, stream, "hello"))
    await client.until(lambda client: client.events("chat:new"))

    assert list(answer_of(client)) == ["sid"]
    assert all(len(json.loads(message[2:])) == 2 for message in client.messages if message.startswith("42["))


async def test_only_events_with_a_place_in_a_history_carry_an_offset(servers, bob, alice, stream, speaker, crowd):
    async with member_of(servers[0], bob, stream, speaker) as client:
        await crowd.join(servers[0], alice, stream)
        await client.until(lambda client: client.events("stream:join")[1:])

        events = [json.loads(message[2:]) for message in client.messages if message.startswith("42[")]
        for name, data, *offset in events:
            assert offset == ([f"{data['epoch']}.{data['seq']}"] if name == "chat:new" else [])


@pytest.mark.parametrize("place", [0, 1], ids=["the same process", "another process"])
async def test_it_has_its_id_its_rooms_and_what_it_missed_in_order(servers, bob, stream, speaker, mona, crowd, place):
    other = await in_database(make_stream, mona)
    async with member_of(servers[0], bob, stream, speaker) as client:
        await client.join(other.pk)
        host = await crowd.join(servers[1], mona, other)
        await lost(client)
        for number in range(3):
            done(await say(speaker, stream, f"here {number}"))
            done(await say(host, other, f"there {number}"))

        back = await come(servers[place], bob.token, **ticket(client))
        assert answer_of(back) == answer_of(client)
        done(await say(speaker, stream, "now"))
        done(await say(host, other, "now there"))
        await back.until(lambda back: {"now", "now there"} <= {text for text, _ in heard(back)})

        texts = [text for text, _ in heard(back)]
        assert texts[:6] == [f"{where} {number}" for number in range(3) for where in ("here", "there")]
        assert sorted(texts[6:]) == ["now", "now there"]
        assert not back.events("stream:join")
        # And once more, from the last of what it had missed.
        await lost(back)
        done(await say(speaker, stream, "later"))
        again = await come(servers[0], bob.token, **ticket(back))
        await again.until(heard)
        assert [text for text, _ in heard(again)] == ["later"]
        again.vanish()


async def test_what_was_sent_and_did_not_arrive_is_sent_again(servers, bob, stream, speaker):
    async with member_of(servers[0], bob, stream, speaker) as client:
        before = ticket(client)
        for number in range(5):
            done(await say(speaker, stream, f"on the way {number}"))
        await client.until(lambda client: len(heard(client)) == 6)
        await lost(client)

        # The client knows nothing of these five.
        back = await come(servers[1], bob.token, **before)

        await back.until(lambda back: len(heard(back)) == 5)
        assert [text for text, _ in heard(back)] == [f"on the way {number}" for number in range(5)]
        # What it is sent now may get lost as well.
        await lost(back)
        again = await come(servers[1], bob.token, pid=before["pid"], offset=heard(back)[1][1])
        await again.until(lambda again: len(heard(again)) == 3)
        assert [text for text, _ in heard(again)] == [f"on the way {number}" for number in range(2, 5)]
        again.vanish()


async def begins_anew(server, token, client, stream, speaker, **ticket_) -> RawClient:
    """The client that comes back with this is a new one in no room."""
    back = await come(server, token, **ticket_)
    assert answer_of(back)["pid"] != answer_of(client)["pid"]
    assert answer_of(back)["sid"] != answer_of(client)["sid"]
    done(await say(speaker, stream, "not for everybody"))
    back.command(7, "stream:leave", {"streamId": str(stream.pk)})
    reply = await back.until(lambda back: back.answers().get(7))
    assert reply["error"]["code"] == "not_joined"
    assert heard(back) == []
    back.vanish()
    return back


async def test_nobody_else_and_no_other_session_may_take_its_place(servers, bob, charlie, stream, speaker):
    async with member_of(servers[0], bob, stream, speaker) as client:
        await lost(client)
        phone = await in_database(sign_in, bob.user)

        for token in (charlie.token, phone.token):
            await begins_anew(servers[1], token, client, stream, speaker, **ticket(client))
        assert answer_of(await come(servers[1], bob.token, **ticket(client))) == answer_of(client)


async def test_a_state_is_good_once(servers, bob, stream, speaker):
    async with member_of(servers[0], bob, stream, speaker) as client:
        await lost(client)
        back = await come(servers[1], bob.token, **ticket(client))
        assert answer_of(back) == answer_of(client)

        await begins_anew(servers[0], bob.token, client, stream, speaker, **ticket(client))
        back.vanish()


@pytest.mark.parametrize("offset", ["nonsense", "", 7, ["x"]], ids=repr)
async def test_an_offset_nobody_was_sent_begins_anew(servers, bob, stream, speaker, offset):
    async with member_of(servers[0], bob, stream, speaker) as client:
        await lost(client)

        await begins_anew(servers[1], bob.token, client, stream, speaker, **{**ticket(client), "offset": offset})


async def test_who_may_not_be_in_a_room_any_more_begins_anew(servers, bob, stream, speaker):
    async with member_of(servers[0], bob, stream, speaker) as client:
        await lost(client)
        await in_database(Stream.objects.filter(pk=stream.pk).update, is_private=True)

        await begins_anew(servers[1], bob.token, client, stream, speaker, **ticket(client))


async def test_who_missed_what_is_no_longer_kept_begins_anew(servers, bob, stream, speaker):
    async with member_of(servers[0], bob, stream, speaker) as client:
        await lost(client)
        done(await say(speaker, stream, "forgotten"))
        await asyncio.to_thread(sync_redis().delete, f"room:{{stream.{stream.pk}}}:history")

        await begins_anew(servers[1], bob.token, client, stream, speaker, **ticket(client))


async def test_who_was_signed_out_is_not_kept(servers, bob, stream, speaker):
    async with member_of(servers[0], bob, stream, speaker) as client:
        assert (await rest(servers[1], "POST", "auth/logout/", bob)).status == 204
        await asyncio.wait_for(client.lost.wait(), 10)

        assert not await asyncio.to_thread(sync_redis().exists, f"recovery:{answer_of(client)['pid']}")


async def test_who_was_sent_away_by_a_process_that_stops_comes_back_elsewhere(servers, bob, stream, speaker):
    async with (
        server_process("gateway", env=SERVER_ENVIRONMENT) as server,
        member_of(server, bob, stream, speaker) as client,
    ):
        await asyncio.wait_for(server.stop(), 30)
        assert client.events("session:closing")
        done(await say(speaker, stream, "meanwhile"))

        back = await come(servers[0], bob.token, **ticket(client))

        await back.until(heard)
        assert answer_of(back) == answer_of(client)
        assert [text for text, _ in heard(back)] == ["meanwhile"]
        back.vanish()
