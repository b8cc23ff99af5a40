"""A stream is shown in the countries its host allows, and not in those denied, over every transport and on pages."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from accounts import services as account_services
from gateway.database import in_database
from gateway.testing import LIVE_TRANSPORTS, Transport, make_client
from gateway.testing_servers import ServerProcess, server_process
from streams.models import Stream
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import Person, done, join, make_stream, rest

GERMAN, FRENCH, UNKNOWN = "198.51.100.7", "203.0.113.9", "192.0.2.1"
NETWORKS = {"198.51.100.0/24": "DE", "203.0.113.0/24": "FR"}


@pytest.fixture(scope="module")
def geoip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GeoIP database of two networks."""
    path = tmp_path_factory.mktemp("geoip") / "countries.mmdb"
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-Country")
    for network, code in NETWORKS.items():
        writer.insert_network(IPSet([network]), {"country": {"iso_code": code}})
    writer.to_db_file(str(path))
    return path


@pytest.fixture(scope="module")
async def knowing(geoip: Path) -> AsyncIterator[ServerProcess]:
    """A server that knows countries."""
    async with server_process("gateway", env={**SERVER_ENVIRONMENT, "GEOIP_DATABASE": str(geoip)}) as server:
        yield server


class At:
    """Clients of one person from one address."""

    def __init__(self, server: ServerProcess, person: Person, address: str) -> None:
        self._server, self._person, self._address = server, person, address

    async def joins(self, stream: Stream, transport: Transport) -> str:
        """What `stream:join` says: `ok`, or why not."""
        client = make_client(transport, {"X-Forwarded-For": self._address})
        await client.connect(self._server.url, self._person.token)
        try:
            reply = await client.call("stream:join", {"streamId": str(stream.pk)})
        finally:
            await client.close()
        return "ok" if reply.ok else reply.error["message"]

    async def reads(self, path: str) -> int:
        """The status of a REST request."""
        return (await rest(self._server, "GET", path, self._person, address=self._address)).status


@pytest.fixture
def german_only(alice: Person) -> Stream:
    return make_stream(alice, allowed_countries=["DE", "AT"])


@pytest.fixture
def not_in_germany(alice: Person) -> Stream:
    return make_stream(alice, denied_countries=["DE"])


@pytest.mark.parametrize("live_transport", LIVE_TRANSPORTS)
async def test_joining(knowing, bob, german_only, not_in_germany, live_transport):
    german, french, unknown = (At(knowing, bob, address) for address in (GERMAN, FRENCH, UNKNOWN))

    assert await german.joins(german_only, live_transport) == "ok"
    assert await french.joins(german_only, live_transport) == "Access denied"
    assert await unknown.joins(german_only, live_transport) == "Access denied"
    assert await german.joins(not_in_germany, live_transport) == "Access denied"
    assert await french.joins(not_in_germany, live_transport) == "ok"
    assert await unknown.joins(not_in_germany, live_transport) == "ok"


@pytest.mark.parametrize("path", ["streams/{}/", "streams/{}/messages/", "streams/{}/throne/", "streams/{}/gifts/"])
async def test_reading_over_rest(knowing, bob, german_only, path):
    path = path.format(german_only.pk)

    assert await At(knowing, bob, GERMAN).reads(path) == 200
    assert await At(knowing, bob, FRENCH).reads(path) == 404


async def test_writing_over_rest(knowing, bob, german_only):
    message = {"streamId": str(german_only.pk), "message": "hello", "type": "public"}

    refused = await rest(knowing, "POST", "events/chat:new/", bob, json=message, address=FRENCH)

    assert refused.message == "Access denied"
    assert (await rest(knowing, "POST", "events/chat:new/", bob, json=message, address=GERMAN)).status == 200


async def test_lists_and_pages_leave_out_what_is_not_shown_here(knowing, bob, german_only):
    def listed(answer) -> bool:
        return str(german_only.pk) in [stream["id"] for stream in answer.body["streams"]]

    assert listed(await rest(knowing, "GET", "streams/", bob, address=GERMAN))
    assert not listed(await rest(knowing, "GET", "streams/", bob, address=FRENCH))
    async with aiohttp.ClientSession(knowing.url) as session:
        for address, status in ((GERMAN, 200), (FRENCH, 404)):
            async with session.get(f"/watch/{german_only.pk}", headers={"X-Forwarded-For": address}) as page:
                assert page.status == status


async def test_the_host_and_moderators_see_it_from_everywhere(knowing, alice, mona, german_only):
    for person in (alice, mona):
        assert await At(knowing, person, FRENCH).joins(german_only, "websocket") == "ok"
        assert await At(knowing, person, FRENCH).reads(f"streams/{german_only.pk}/") == 200


async def test_a_renewed_token_does_not_move_its_client(knowing, bob, german_only):
    client = make_client("websocket", {"X-Forwarded-For": FRENCH})
    await client.connect(knowing.url, bob.token)
    try:
        token = str(await in_database(account_services.access_token, bob.session))
        done(await client.call("auth:refresh", {"token": token}))
        assert (await client.call("stream:join", {"streamId": str(german_only.pk)})).code == "access_denied"
    finally:
        await client.close()


async def test_without_a_database_allowed_countries_shut_everybody_out_and_denied_ones_nobody(
    servers, bob, alice, german_only, not_in_germany, crowd
):
    assert "GEOIP_DATABASE" not in os.environ
    client = await crowd.connect(servers[0], bob)

    assert (await client.call("stream:join", {"streamId": str(german_only.pk)})).code == "access_denied"
    await join(client, not_in_germany)


async def test_a_host_sets_them_over_rest(servers, alice):
    fields = {"title": "Sunday set", "allowedCountries": ["DE"], "deniedCountries": ["FR", "GB"]}
    made = await rest(servers[0], "POST", "streams/", alice, json=fields)
    assert (made.body["allowedCountries"], made.body["deniedCountries"]) == (["DE"], ["FR", "GB"])

    wrong = await rest(servers[0], "POST", "streams/", alice, json={**fields, "deniedCountries": ["germany"]})
    assert wrong.status == 400
    lower = await rest(servers[0], "PATCH", f"streams/{made.body['id']}/", alice, json={"allowedCountries": ["de"]})
    assert lower.status == 400
