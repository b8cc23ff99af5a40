"""A session that ends between the look at the database and the moment its socket can hear orders is closed too."""

import pytest
from asgiref.sync import sync_to_async

from gateway.bus import RoomClose, send_control
from gateway.errors import BANNED
from gateway.rooms import user_room
from gateway.testing import LIVE_TRANSPORTS


@pytest.mark.parametrize("transport", LIVE_TRANSPORTS)
async def test_it_is_closed_with_the_reason_it_missed(servers, crowd, bob, transport):
    # The order is given before the socket comes, as it would be in between; the row is left as the socket saw it.
    order = RoomClose(room=user_room(bob.id).wire, code=int(BANNED), reason="banned", session=str(bob.session.pk))
    await sync_to_async(send_control)(order)

    client = await crowd.connect(servers[0], bob, transport)

    closing = await client.wait_for("session:closing")
    assert (closing["code"], closing["reason"], closing["retryAfterMs"]) == (4101, "banned", None)
    assert client.named("session:ready") == []
