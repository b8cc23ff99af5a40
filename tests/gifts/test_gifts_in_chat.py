"""A gift stands in the chat's history, one line a combo, and nobody is told of it twice."""

import asyncio
from datetime import timedelta

from django.utils import timezone

from audit.services import AUTOMATIC
from chat.models import Message
from gateway.database import in_database
from gifts.services.combos import end_combos
from gifts.services.voids import void_gift
from streams.models import Stream
from streams.services.rollups import roll_up
from tests.coins import give, send
from tests.people import all_has_arrived, done, join, rest, say


async def lines(server, stream, person=None):
    answer = await rest(server, "GET", f"streams/{stream.pk}/messages/", person)
    return [message for message in answer.body["messages"] if message["gift"]]


async def test_a_gift_is_a_line_of_the_history(servers, transport, alice, rich, stream, crowd):
    client = await crowd.connect(servers[0], rich, transport)
    combo = done(await send(client, stream, "rose"))["combo"]

    (line,) = await lines(servers[1], stream)

    assert (line["type"], line["messageType"], line["userId"]) == ("gift", "gift", rich.id)
    assert line["message"] == "sent Rose"
    assert line["gift"] == {"comboId": combo["id"], "id": "rose", "name": "Rose", "count": 1, "coins": 10}
    newcomer = await crowd.connect(servers[1], alice)
    assert (await join(newcomer, stream))["snapshot"]["messages"] == [line]


async def test_a_combo_is_one_line_that_grows(servers, rich, charlie, stream, crowd):
    await in_database(give, charlie, 100)
    client = await crowd.join(servers[0], rich, stream)
    other = await crowd.connect(servers[1], charlie)
    for quantity in (1, 2):
        done(await send(client, stream, "rose", quantity))
    done(await send(other, stream, "rose"))
    await asyncio.gather(*(send(client, stream, "rose") for _ in range(5)))

    first, second = await lines(servers[1], stream)

    assert (first["message"], first["gift"]["count"], first["gift"]["coins"]) == ("sent Rose × 8", 8, 80)
    assert (second["userId"], second["message"]) == (charlie.id, "sent Rose")
    told = [data for data in client.named("gift:sent") if data["senderId"] == rich.id]
    assert {data["messageId"] for data in told} == {first["id"]}


async def test_the_same_gift_much_later_is_another_line(servers, rich, stream, crowd):
    client = await crowd.connect(servers[0], rich)
    done(await send(client, stream, "rose"))
    await in_database(end_combos, now=timezone.now() + timedelta(seconds=10))
    done(await send(client, stream, "rose"))
    assert [line["gift"]["count"] for line in await lines(servers[0], stream)] == [1, 1]


async def test_released_apps_hear_of_a_gift_once(servers, live_transport, alice, rich, stream, crowd):
    host = await crowd.join(servers[1], alice, stream, live_transport)
    client = await crowd.connect(servers[0], rich)
    for _ in range(2):
        done(await send(client, stream, "rose"))
    await all_has_arrived(client, stream, host)
    assert [data["messageType"] for data in host.named("chat:new")] == ["text"]
    assert len(host.named("gift:sent")) == 2


async def test_a_line_is_no_comment(servers, rich, stream, crowd):
    client = await crowd.connect(servers[0], rich)
    done(await send(client, stream, "rose"))
    done(await say(client, stream, "enjoy"))

    now = timezone.now()
    await in_database(roll_up, start=now - timedelta(minutes=2), end=now)

    assert (await in_database(Stream.objects.get, pk=stream.pk)).comments == 1
    numbers = await in_database(lambda: list(stream.numbers.filter(period="minute").values_list("comments", flat=True)))
    assert sum(numbers) == 1


async def test_a_gift_that_is_refused_writes_no_line(servers, transport, bob, stream, crowd):
    client = await crowd.connect(servers[0], bob, transport)
    assert (await send(client, stream, "rose")).code == "insufficient_coins"
    assert await lines(servers[0], stream) == []


async def test_a_void_takes_the_gift_out_of_the_line_and_the_last_one_the_line(servers, alice, rich, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    client = await crowd.connect(servers[0], rich)
    sent = [int(done(await send(client, stream, "rose", quantity))["transactionId"]) for quantity in (1, 2)]
    await in_database(end_combos, now=timezone.now() + timedelta(seconds=10))

    await in_database(void_gift, transfer_id=sent[1], reason="a mistake", actor=AUTOMATIC)
    (line,) = await lines(servers[0], stream)
    assert (line["message"], line["gift"]["coins"]) == ("sent Rose", 10)
    await in_database(void_gift, transfer_id=sent[0], reason="a mistake", actor=AUTOMATIC)

    removed = await host.wait_for("chat:removed")
    assert (removed["messageId"], removed["reason"]) == (line["id"], "automatic")
    assert await lines(servers[0], stream) == []


async def test_a_line_that_was_removed_stays_so_while_its_combo_goes_on(servers, alice, rich, stream, crowd):
    host = await crowd.connect(servers[1], alice)
    client = await crowd.connect(servers[0], rich)
    done(await send(client, stream, "rose"))
    (line,) = await lines(servers[0], stream)
    done(await host.call("chat:remove", {"messageId": line["id"]}))
    done(await send(client, stream, "rose"))
    assert await lines(servers[0], stream) == []
    assert await in_database(Message.objects.filter(stream=stream).count) == 1
