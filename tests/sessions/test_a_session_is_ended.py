"""An operator ends a session by one command: its sockets close everywhere within two seconds, and it is of no use."""

import uuid

import pytest

from gateway.database import in_database
from gateway.testing import LIVE_TRANSPORTS, Refused, connected
from tests.people import closing, rest, sign_in
from tests.sessions.operators import Refusal, manage


async def test_its_sockets_close_on_every_process_and_those_of_other_devices_do_not(servers, alice, crowd):
    phone = await in_database(sign_in, alice.user)
    sockets = [
        await crowd.connect(servers[number % 2], alice, transport) for number, transport in enumerate(LIVE_TRANSPORTS)
    ]
    kept = await crowd.connect(servers[0], phone)

    said = await manage("end_session", str(alice.session.pk))

    assert said == f"ended session {alice.session.pk} of {alice.name}\n"
    for socket in sockets:
        notice = await closing(socket)
        assert (notice["code"], notice["reason"], notice["retryAfterMs"]) == (4100, "signed_out", None)
    assert not kept.named("session:closing")
    with pytest.raises(Refused, match="Invalid authentication token"):
        async with connected(servers[1], "socketio", alice.token):
            pass
    assert (await rest(servers[0], "POST", "auth/refresh/", json={"refresh": alice.refresh})).status == 401


async def test_a_session_that_has_ended_or_never_was_is_named(alice):
    await manage("end_session", str(alice.session.pk))

    with pytest.raises(Refusal, match="ended already: signed_out"):
        await manage("end_session", str(alice.session.pk))
    with pytest.raises(Refusal, match="There is no session"):
        await manage("end_session", str(uuid.uuid4()))
