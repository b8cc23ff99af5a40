"""Coins under fire: parallel senders, cut connections, a killed server; nothing is doubled, nothing acked is lost."""

import asyncio
import random
from collections import Counter
from contextlib import suppress

from django.conf import settings
from django.db import connection

from gateway.database import in_database
from gateway.errors import CommandError
from gateway.testing import make_client
from gateway.testing_servers import server_process
from gifts.models import SentGift
from streams.models import StreamTotal
from tests.coins import assert_ledger_holds, gifts_of, give, send, wallet
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import done, make_people, make_stream

CLIENTS = 20
GIFTS_EACH = 10


async def test_of_fifty_parallel_gifts_with_coins_for_ten_exactly_ten_succeed(servers, alice, bob, stream, crowd):
    await in_database(give, bob, 100)
    clients = [await crowd.connect(servers[number % 2], bob, "rest") for number in range(50)]

    replies = await asyncio.gather(*(send(client, stream, "rose") for client in clients))

    assert Counter(reply.code for reply in replies) == {"": 10, "insufficient_coins": 40}
    assert await in_database(wallet, bob) == (0, 0)
    assert await in_database(wallet, alice) == (70, 0)
    assert len(await in_database(gifts_of, stream)) == 10
    await in_database(assert_ledger_holds)


async def test_nothing_is_lost_or_doubled_when_connections_are_cut_and_a_server_is_killed(servers, alice, stream):
    """Two hundred gifts of twenty clients to two hosts; each is repeated with its `cid` until it is answered."""
    other_host, *people = await in_database(make_people, CLIENTS + 1)
    streams = [stream, await in_database(make_stream, other_host)]
    for person in people:
        await in_database(give, person, 1000, 15)
    acked: dict[str, str] = {}
    half_way, over = asyncio.Event(), asyncio.Event()

    async with server_process(env=SERVER_ENVIRONMENT) as victim:

        async def play(person, number):
            for gift in range(GIFTS_EACH):
                # The first to be asked is the server that will be killed; a retry goes to whoever is left.
                home = victim if number % 2 and not half_way.is_set() else servers[number % 2]
                cid = f"{person.id}-{gift}"
                acked[cid] = await insist(home, servers, person, streams[gift % 2], cid)
                if len(acked) >= CLIENTS * GIFTS_EACH // 4:
                    half_way.set()

        async def kill():
            await half_way.wait()
            await victim.kill()

        cutting = asyncio.ensure_future(cut_connections(over))
        await asyncio.gather(kill(), *(play(person, number) for number, person in enumerate(people)))
        over.set()
        await cutting

    def look():
        sent = SentGift.objects.filter(stream__in=streams)
        assert Counter(str(gift.transfer_id) for gift in sent) == Counter(acked.values())
        assert len(set(acked.values())) == CLIENTS * GIFTS_EACH
        for person in people:
            # Ten roses: fifteen bonus, then coins.
            assert wallet(person) == (915, 0)
        assert sum(total.coins for total in StreamTotal.objects.filter(stream__in=streams)) == 2000
        assert_ledger_holds()

    await in_database(look)


async def insist(home, servers, person, stream, cid):
    """Send a rose until there is an answer; returns its transaction."""
    server = home
    while True:
        client = make_client("rest")
        try:
            await client.connect(server.url, person.token)
            reply = await send(client, stream, "rose", 1, cid=cid)
        except Exception:
            # Whatever became of the connection, the same cid is safe to send again.
            server = random.choice(servers)
            continue
        finally:
            if hasattr(client, "_session"):
                await client.close()
        if reply.code in ("unavailable", "internal"):
            continue
        return done(reply)["transactionId"]


async def cut_connections(over):
    """Have PostgreSQL end the servers' connections again and again."""
    url = settings.DATABASES["default"]

    def cut():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            mine = cursor.fetchone()[0]
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"
                " AND state IN ('active', 'idle in transaction')",
                [url["NAME"], mine],
            )

    while not over.is_set():
        with suppress(CommandError):
            await in_database(cut)
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), 0.2)
