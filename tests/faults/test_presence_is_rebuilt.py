"""Redis forgets who is where: every process tells it again, and who asks then is told the truth."""

import pytest

from tests.faults.burst import soon
from tests.faults.conftest import open_servers
from tests.faults.report import Report
from tests.people import done

TOLD_AGAIN_SECONDS = 30.0


@pytest.mark.parametrize("loss", ["flushed", pytest.param("restarted empty", marks=pytest.mark.faults)])
async def test_redis_forgets_who_is_where(loss, redis, stream, alice, bob, charlie, crowd, report: Report):
    async with open_servers(redis.url, redis.url) as servers:
        host = await crowd.join(servers[0], alice, stream)
        for server, person in ((servers[0], bob), (servers[0], bob), (servers[1], charlie)):
            await crowd.join(server, person, stream)
        idle = await crowd.connect(servers[1], charlie)
        done(await idle.call("presence:set", {"state": "idle"}))
        everybody = [person.id for person in (alice, bob, charlie)]

        async def is_known() -> bool:
            users = await host.call("presence:get", {"userIds": everybody})
            viewers = await host.call("stream:join", {"streamId": str(stream.pk)})
            return (
                users.ok and viewers.ok and viewers.data["viewers"] == 3
                and [user["state"] for user in users.data["users"]] == ["online"] * 3
            )  # fmt: skip

        await soon(is_known)
        if loss == "flushed":
            redis.execute("FLUSHALL")
        else:
            redis.kill()
            await redis.start()

        report.line(known_again_after=report.within(TOLD_AGAIN_SECONDS, await soon(is_known)))
