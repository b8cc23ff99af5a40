"""Who may come in: what a connection with a good, wrong, expired or missing token is told, on every transport."""

from datetime import timedelta

import jwt
import pytest
import socketio
from django.conf import settings

from accounts import services
from gateway.database import in_database
from gateway.testing import Refused, connected
from tests.people import Person


def expired(person: Person) -> str:
    token = services.access_token(person.session)
    token.set_exp(lifetime=timedelta(seconds=-1))
    return str(token)


def signed_with_another_key(person: Person) -> str:
    claims = jwt.decode(person.token, options={"verify_signature": False})
    return jwt.encode(claims, "somebody else's key, long enough for HS256 it is", algorithm="HS256")


def unsigned(person: Person) -> str:
    claims = jwt.decode(person.token, options={"verify_signature": False})
    return jwt.encode(claims, None, algorithm="none")


def for_another_user(person: Person) -> str:
    claims = jwt.decode(person.token, options={"verify_signature": False}) | {"userId": str(person.user.pk - 1)}
    return jwt.encode(claims, settings.SIMPLE_JWT["SIGNING_KEY"], algorithm="HS256")


def without_a_session(person: Person) -> str:
    claims = jwt.decode(person.token, options={"verify_signature": False})
    del claims["sessionId"]
    return jwt.encode(claims, settings.SIMPLE_JWT["SIGNING_KEY"], algorithm="HS256")


def the_refresh_token(person: Person) -> str:
    return person.refresh


def nonsense(person: Person) -> str:
    return "nonsense"


WRONG = [
    expired, signed_with_another_key, unsigned, for_another_user, without_a_session, the_refresh_token, nonsense,
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_token_is_refused(servers, transport, alice, wrong):
    with pytest.raises(Refused) as refusal:
        async with connected(servers[0], transport, wrong(alice)):
            pass

    assert refusal.value.error["message"] == "Invalid authentication token"
    assert refusal.value.error["data"]["code"] == "invalid_token"


async def test_a_missing_token_is_refused_by_every_server(server, transport):
    with pytest.raises(Refused) as refusal:
        async with connected(server, transport, None):
            pass

    assert refusal.value.error["message"] == "Authentication token required"
    assert refusal.value.error["data"]["code"] == "authentication_required"


async def test_a_token_lets_its_user_in_on_every_server(server, live_transport, alice, crowd):
    client = await crowd.connect(server, alice, live_transport)

    ready = await client.wait_for("session:ready")

    assert ready["sessionId"] == str(alice.session.pk)
    assert ready["protocol"] == 1
    assert ready["serverTime"].endswith("Z")
    assert ready["tokenExpiresAt"].endswith("Z")
    assert ready["limits"]["maxFrameBytes"] == 64 * 1024


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", ""])
@pytest.mark.parametrize("way", ["websocket", "polling"])
async def test_socketio_takes_the_token_from_the_authorization_header(servers, alice, way, scheme):
    client = socketio.AsyncClient(reconnection=False)
    try:
        await client.connect(servers[0].url, headers={"Authorization": f"{scheme}{alice.token}"}, transports=[way])
        answer = await client.call("stream:leave", {"streamId": "1"})
    finally:
        await client.disconnect()

    assert answer["error"]["code"] == "not_joined"


@pytest.mark.parametrize("place", ["query", "cookie"])
async def test_socketio_takes_no_token_from_the_query_or_a_cookie(servers, alice, place):
    client = socketio.AsyncClient(reconnection=False)
    query = f"?token={alice.token}" if place == "query" else ""
    headers = {"Cookie": f"token={alice.token}"} if place == "cookie" else {}
    try:
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(servers[0].url + query, headers=headers, transports=["websocket"])
    finally:
        await client.disconnect()


async def test_what_a_client_says_of_itself_does_not_count(servers, alice, bob):
    client = socketio.AsyncClient(reconnection=False)
    try:
        await client.connect(servers[0].url, auth={"token": bob.token, "userId": alice.id}, transports=["websocket"])
        answer = await client.call("auth:refresh", {"token": alice.token})
    finally:
        await client.disconnect()

    assert answer["error"]["code"] == "invalid_token"


async def test_a_user_who_is_no_longer_active_is_refused(servers, transport, alice):
    alice.user.is_active = False
    await in_database(alice.user.save)

    with pytest.raises(Refused, match="Invalid authentication token"):
        async with connected(servers[0], transport, alice.token):
            pass
