"""The server asks, the client answers; a client that does not is gone."""

from .client import PING, PONG, Client, PollingClient
from .conftest import Connect


async def assert_echo(client: Client) -> None:
    await client.send("4hello")
    assert await client.receive() == "4hello"


async def test_a_client_that_answers_heartbeats_stays(connect_engine: Connect) -> None:
    client = await connect_engine(answers_heartbeats=False)
    for _ in range(3):
        assert await client.receive() == PING
        await client.send(PONG)
    await assert_echo(client)


async def test_a_client_that_answers_no_heartbeat_is_closed(connect_engine: Connect) -> None:
    answering = await connect_engine()
    silent = await connect_engine(answers_heartbeats=False)
    assert await silent.until_closed() == [PING]
    await assert_echo(answering)


async def test_a_message_is_no_answer_to_a_heartbeat(connect_engine: Connect) -> None:
    client = await connect_engine(answers_heartbeats=False)
    assert await client.receive() == PING
    await client.send("4hello")
    assert await client.until_closed() == ["4hello"]


async def test_a_session_closed_for_silence_is_unknown_to_later_polls(poller: PollingClient) -> None:
    poller.answers_heartbeats = False
    assert (await poller.poll()).packets == [PING]
    while (poll := await poller.poll()).status == 200:
        assert poll.packets == ["1"]
    assert poll.status == 400
    assert (await poller.post(PONG)).status == 400
