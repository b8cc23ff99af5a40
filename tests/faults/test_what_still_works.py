"""While Redis is away: talk goes on within the process's own limits, money and joins wait, and everybody is told so."""

import pytest

from gateway.testing_servers import server_process
from tests.faults.burst import readiness, soon
from tests.faults.report import Report
from tests.faults.test_floods import STRICT
from tests.people import closing, done, hear, make_person, make_stream, say
from tests.people import join as join_room


@pytest.fixture
def other_stream():
    """A stream nobody has joined yet."""
    return make_stream(make_person("other"))


async def test_talk_goes_on_and_money_and_joins_wait_while_redis_is_away(
    redis, alice, bob, charlie, stream, other_stream, crowd, report: Report
):
    async with server_process("gateway", env={**STRICT, "REDIS_URL": redis.url}) as server:
        host, viewer = await crowd.join(server, alice, stream), await crowd.join(server, bob, stream)
        redis.kill()

        async def says_so() -> bool:
            checks = await readiness(server)
            return not checks["bus"] and not checks["redis"]

        talk = [await say(viewer, stream, f"message {number}") for number in range(12)]
        await soon(says_so)
        join = await viewer.call("stream:join", {"streamId": str(other_stream.pk)})
        money = await viewer.call("gift:sent", {"streamId": str(stream.pk), "giftId": "1", "quantity": 1})
        newcomer = await closing(await crowd.connect(server, charlie))
        await redis.start()
        await soon(lambda: _is_ready(server))
        await viewer.wait_for("room:reset", lambda data: data["room"] == f"stream:{stream.pk}")
        told = [message["message"] for message in (await join_room(viewer, stream))["snapshot"]["messages"]]

        outcomes = [answer.code or "ok" for answer in talk]
        kept = [f"message {number}" for number, outcome in enumerate(outcomes) if outcome == "ok"]
        report.line(chat=outcomes, join=join.code, gift=money.code, newcomer=newcomer["code"], told_later=told)
        assert outcomes[:3] == ["ok", "ok", "ok"]
        assert set(outcomes) == {"ok", "rate_limited"}
        assert (join.code, money.code) == ("unavailable", "unavailable")
        assert (newcomer["code"], newcomer["retryAfterMs"]) == (4003, 1000)
        assert join.error["retryAfter"]
        assert money.error["retryAfter"]
        assert told == kept
        done(await say(host, stream, "all is well"))
        await hear(viewer, "all is well")
        log = server.log.read_text()
        assert log.count("Redis is away") == 1
        assert log.count("Redis answers again") == 1
        assert "Traceback" not in log


async def _is_ready(server) -> bool:
    return all((await readiness(server)).values())
