"""The commands of one connection are handled strictly in the order they were sent, however fast they come."""

import pytest

from gateway.wire import TALKING
from tests.gateway.raw_clients import open_client


@pytest.mark.parametrize("wire", list(TALKING))
async def test_commands_sent_without_waiting_are_answered_in_order_and_none_is_lost(server, wire, mona, stream):
    client = await open_client(server, mona, wire)
    stream_id = {"streamId": str(stream.pk)}
    # Slow and quick commands in turn, and more of them than the queue of a connection holds.
    commands = [("stream:join", stream_id)]
    for number in range(80):
        commands.append(("chat:new", {**stream_id, "message": f"line {number}", "type": "public"}))
        commands.append(("no:such:event", {}))
    for reference, (name, data) in enumerate(commands, 10):
        client.command(reference, name, data)

    await client.until(lambda client: 9 + len(commands) in client.answers())

    answers = {reference: answer for reference, answer in client.answers().items() if reference >= 10}
    assert list(answers) == list(range(10, 10 + len(commands)))
    assert answers[10]["ok"]
    assert [answer for answer in list(answers.values())[1::2] if not answer["ok"]] == []
    assert {answer["error"]["code"] for answer in list(answers.values())[2::2]} == {"unauthorized_event"}
    await client.until(lambda client: len(client.events("chat:new")) == 80)
    assert [data["message"] for data in client.events("chat:new")] == [f"line {number}" for number in range(80)]
    client.vanish()


@pytest.mark.parametrize("wire", list(TALKING))
async def test_a_join_and_a_leave_sent_together_end_outside_the_room(servers, wire, bob, stream):
    client = await open_client(servers[0], bob, wire)
    stream_id = {"streamId": str(stream.pk)}
    for reference, name in enumerate(["stream:join", "stream:leave", "stream:leave"], 10):
        client.command(reference, name, stream_id)

    await client.until(lambda client: 12 in client.answers())

    assert [client.answers()[reference]["ok"] for reference in (10, 11, 12)] == [True, True, False]
    assert client.answers()[12]["error"]["code"] == "not_joined"
    client.vanish()
