"""Five connections a user over all processes and transports; the sixth is told so."""

import pytest

from gateway.presence import total
from gateway.testing import LIVE_TRANSPORTS, Refused, connected
from tests.people import eventually


async def test_a_sixth_connection_of_a_user_is_refused_until_one_leaves(servers, alice, crowd):
    sockets = [await crowd.connect(servers[number % 2], alice, LIVE_TRANSPORTS[number % 3]) for number in range(5)]

    for server in servers:
        for transport in LIVE_TRANSPORTS:
            with pytest.raises(Refused) as refusal:
                async with connected(server, transport, alice.token):
                    pass
            assert refusal.value.error["message"] == "Maximum concurrent connections exceeded"
            assert refusal.value.error["data"]["code"] == "connection_limit"
            if transport != "websocket":
                assert "connection limit" in refusal.value.error["data"]["detail"]

    await sockets[0].close()

    async def there_is_room_again() -> bool:
        return total(f"connections:{alice.id}") == 4

    await eventually(there_is_room_again)
    await crowd.connect(servers[1], alice)
    assert not any(socket.named("session:closing") for socket in sockets[1:])


async def test_one_users_connections_do_not_count_for_another(servers, alice, bob, crowd):
    for number in range(5):
        await crowd.connect(servers[number % 2], alice)

    client = await crowd.connect(servers[0], bob)

    assert await client.wait_for("session:ready")
