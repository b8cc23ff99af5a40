"""How released apps connect, and the words they compare when they may not."""

from datetime import timedelta
from typing import Any

import aiohttp
import jwt
import pytest
import socketio

from accounts import services
from gateway.testing import LIVE_TRANSPORTS, Refused, Transport, connected
from gateway.testing_servers import ServerProcess
from streams.models import Stream
from tests.contract.shapes import assert_shape
from tests.people import Crowd, Person

REFUSED_TOKENS = {
    "none": (None, "authentication_required", "Authentication token required"),
    "empty": ("", "authentication_required", "Authentication token required"),
    "garbage": ("not a token", "invalid_token", "Invalid authentication token"),
    "number": (7, "invalid_token", "Invalid authentication token"),
}


@pytest.mark.parametrize("kind", REFUSED_TOKENS)
async def test_a_client_without_a_good_token_is_told_why(
    server: ServerProcess, live_transport: Transport, kind: str
) -> None:
    token, code, message = REFUSED_TOKENS[kind]
    with pytest.raises(Refused) as refused:
        async with connected(server, live_transport, token):  # type: ignore[arg-type]
            pass
    assert_refused(refused.value.error, code, message, live_transport)


async def test_an_expired_token_is_invalid(server: ServerProcess, transport: Transport, bob: Person) -> None:
    token = services.access_token(bob.session)
    token.set_exp(lifetime=timedelta(seconds=-1))
    with pytest.raises(Refused) as refused:
        async with connected(server, transport, str(token)):
            pass
    assert_refused(refused.value.error, "invalid_token", "Invalid authentication token", transport)


async def test_a_token_signed_by_somebody_else_is_invalid(
    server: ServerProcess, transport: Transport, bob: Person
) -> None:
    claims = jwt.decode(bob.token, options={"verify_signature": False})
    forged = jwt.encode(claims, "a key of somebody else, long enough to be one", algorithm="HS256")
    with pytest.raises(Refused) as refused:
        async with connected(server, transport, forged):
            pass
    assert_refused(refused.value.error, "invalid_token", "Invalid authentication token", transport)


async def test_one_connection_too_many_is_refused_in_the_legacy_words(
    servers: tuple[ServerProcess, ServerProcess], live_transport: Transport, bob: Person, crowd: Crowd
) -> None:
    for number in range(5):
        await crowd.connect(servers[number % 2], bob, live_transport)
    with pytest.raises(Refused) as refused:
        await crowd.connect(servers[0], bob, live_transport)
    assert_refused(refused.value.error, "connection_limit", "Maximum concurrent connections exceeded", live_transport)
    if live_transport != "websocket":
        assert "connection limit" in refused.value.error["data"]["detail"]


def test_the_token_names_the_user_by_the_legacy_claim(bob: Person) -> None:
    claims = jwt.decode(bob.token, options={"verify_signature": False})
    assert claims["userId"] == bob.id


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
@pytest.mark.parametrize("sio_transport", ["websocket", "polling"])
async def test_the_token_may_come_in_the_authorization_header(
    server: ServerProcess, bob: Person, prefix: str, sio_transport: str
) -> None:
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(
        server.url, headers={"Authorization": prefix + bob.token}, transports=[sio_transport], wait_timeout=10
    )
    await client.disconnect()


@pytest.mark.parametrize("place", ["query", "cookie"])
async def test_a_token_elsewhere_counts_for_nothing(server: ServerProcess, bob: Person, place: str) -> None:
    client = socketio.AsyncClient(reconnection=False)
    errors: list[Any] = []
    client.on("connect_error", errors.append)
    url = f"{server.url}?token={bob.token}" if place == "query" else server.url
    headers = {"Cookie": f"token={bob.token}"} if place == "cookie" else {}
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(url, headers=headers, transports=["websocket"], wait_timeout=10)
    await client.disconnect()
    assert [error["message"] for error in errors] == ["Authentication token required"]


async def test_who_a_client_says_it_is_counts_for_nothing(
    server: ServerProcess, alice: Person, bob: Person, stream: Stream
) -> None:
    client = socketio.AsyncClient(reconnection=False)
    auth = {"token": bob.token, "userId": alice.id, "version": "3.2.1"}
    await client.connect(server.url, auth=auth, transports=["websocket"], wait_timeout=10)
    answer = await client.call("metrics:update", {"streamId": str(stream.pk), "metrics": {"bitrate": 1}})
    await client.disconnect()
    assert answer["error"]["code"] == "access_denied"


@pytest.mark.parametrize("sio_transport", ["websocket", "polling"])
async def test_an_acknowledgement_has_exactly_these_fields(
    server: ServerProcess, bob: Person, stream: Stream, sio_transport: str
) -> None:
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(server.url, auth={"token": bob.token}, transports=[sio_transport], wait_timeout=10)
    payload = {"streamId": str(stream.pk), "message": "hello", "type": "public"}
    taken = await client.call("chat:new", payload)
    refused = await client.call("chat:new", {**payload, "message": ""})
    await client.disconnect()
    assert_shape(taken, {"ok": [True], "data": {"id": "id"}}, "acknowledgement")
    assert set(taken) == {"ok", "data"}
    error = {"message": "Invalid content", "code": "invalid_content", "event": "chat:new"}
    assert refused == {"ok": False, "error": error}


async def test_a_plain_websocket_closes_with_the_code_that_says_why(server: ServerProcess) -> None:
    url = server.url.replace("http", "ws", 1) + "/ws/"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as websocket:
        await websocket.send_json({"event": "auth", "data": {"token": "not a token"}, "ref": "a"})
        frames = [message.json() async for message in websocket]
    error = {"message": "Invalid authentication token", "code": "invalid_token", "event": "auth"}
    assert frames[0] == {"event": "reply", "ref": "a", "ok": False, "error": error}
    closing = {"code": 4100, "reason": "invalid_token", "retryAfterMs": None}
    assert [frame["event"] for frame in frames[1:]] == ["session:closing"]
    assert frames[1]["data"] == closing | {"eventId": frames[1]["data"]["eventId"]}
    assert websocket.close_code == 4100


def test_every_live_transport_is_held_to_the_contract() -> None:
    assert set(LIVE_TRANSPORTS) == {"socketio", "polling", "websocket"}


def assert_refused(error: dict[str, Any], code: str, message: str, transport: Transport) -> None:
    """The refusal has these words, and over Socket.IO the whole CONNECT_ERROR of the wire contract."""
    assert error["message"] == message
    assert error["data"]["code"] == code
    if transport in ("socketio", "polling"):
        assert_shape(error, {"message": "string", "data": {"code": "string", "retry": "boolean"}}, "CONNECT_ERROR")
