"""The same gift again soon is a combo; its end announces the total, whatever process is left to do it."""

from datetime import timedelta

from django.utils import timezone

from gateway.database import in_database
from gateway.testing_servers import server_process
from gifts.models import Combo
from gifts.services.combos import end_combos
from tests.coins import send
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import done


async def test_a_combo_grows_and_its_end_tells_the_total(servers, live_transport, alice, rich, stream, crowd):
    host = await crowd.join(servers[0], alice, stream, live_transport)
    client = await crowd.connect(servers[1], rich)

    combos = [done(await send(client, stream, "rose", quantity))["combo"] for quantity in (1, 2, 3)]

    assert [(combo["count"], combo["total"], combo["ended"]) for combo in combos] == [
        (1, 10, False), (3, 30, False), (6, 60, False),
    ]  # fmt: skip
    assert len({combo["id"] for combo in combos}) == 1
    end = await host.wait_for("gift:sent", lambda data: data["combo"]["ended"])
    assert end["combo"] == {"id": combos[0]["id"], "count": 6, "total": 60, "ended": True}
    # Released apps add up quantities and costs; the end must not add to them.
    assert (end["quantity"], end["coinCost"], end["senderId"], end["giftId"]) == (0, 0, rich.id, "rose")


async def test_another_gift_is_another_combo(servers, rich, stream, crowd):
    client = await crowd.connect(servers[0], rich)
    ids = {done(await send(client, stream, gift))["combo"]["id"] for gift in ("rose", "heart", "rose")}
    assert len(ids) == 2


async def test_a_combo_outlives_the_process_it_was_begun_on(servers, alice, rich, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    async with server_process(env=SERVER_ENVIRONMENT) as doomed:
        client = await crowd.connect(doomed, rich, "rest")
        for _ in range(2):
            done(await send(client, stream))
        await doomed.kill()
    end = await host.wait_for("gift:sent", lambda data: data["combo"]["ended"])
    assert end["combo"]["count"] == 2


async def test_a_combo_ends_once(servers, alice, rich, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    client = await crowd.connect(servers[1], rich)
    for _ in range(2):
        done(await send(client, stream))

    for _ in range(3):
        await in_database(end_combos, now=timezone.now() + timedelta(seconds=10))

    await host.wait_for("gift:sent", lambda data: data["combo"]["ended"])
    done(await send(client, stream, "heart"))
    await host.wait_for("gift:sent", lambda data: data["giftId"] == "heart")
    assert sum(data["combo"]["ended"] for data in host.named("gift:sent")) == 1


async def test_a_lone_gift_ends_without_a_word(servers, alice, rich, stream, crowd):
    client = await crowd.connect(servers[0], rich)
    combo = done(await send(client, stream))["combo"]
    await in_database(end_combos, now=timezone.now() + timedelta(seconds=10))
    assert (await in_database(Combo.objects.get, pk=combo["id"])).ended_at is not None
    assert done(await send(client, stream))["combo"]["id"] != combo["id"]
