"""A browser on our own origin is let in by its Django session; a page elsewhere cannot use that session."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import pytest

from accounts import services
from accounts.models import User
from gateway.database import in_database
from gateway.testing import EVENT_SECONDS
from tests.people import CLOSING_SECONDS, PASSWORD, new_address

# Where one signs in, what one sees then, and where one signs out.
ADMIN = ("/admin/login/", "/admin/", "/admin/logout/")


@asynccontextmanager
async def browser(server, person, signs_in="/signin/", shown="/") -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody signed in over the sign-in page, or the admin's."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(server.url, cookie_jar=jar, headers={"X-Forwarded-For": new_address()}) as session:
        async with session.get(signs_in) as page:
            form = {"username": person.name, "password": PASSWORD, "next": shown, **await csrf(page)}
        async with session.post(signs_in, data=form, headers={"Origin": server.url}) as page:
            assert page.status == 200
            assert urlsplit(str(page.url)).path == shown
        yield session


async def csrf(page) -> dict[str, str]:
    """What a form on the page sends along."""
    return {"csrfmiddlewaretoken": re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', await page.text())[1]}


def open_socket(session, origin):
    return session.ws_connect("/ws/", headers={"Origin": origin} if origin else {})


async def first(socket):
    return await asyncio.wait_for(socket.receive_json(), EVENT_SECONDS)


async def test_a_browser_on_our_own_origin_is_let_in_by_its_session(server, alice):
    async with browser(server, alice) as session, open_socket(session, server.url) as socket:
        frame = await first(socket)

    assert frame["event"] == "session:ready"
    assert frame["data"]["tokenExpiresAt"] is None


async def test_a_session_is_worth_nothing_without_an_origin(servers, alice):
    async with browser(servers[0], alice) as session, open_socket(session, "") as socket:
        await socket.send_json({"event": "stream:join", "data": {"streamId": "1"}, "ref": 1})
        frame = await first(socket)

    assert frame["event"] == "reply"
    assert frame["error"]["message"] == "Authentication token required"


@pytest.mark.parametrize(("signs_in", "shown", "signs_out"), [("/signin/", "/", "/signout/"), ADMIN])
async def test_signing_out_in_the_browser_closes_its_socket(servers, mona, signs_in, shown, signs_out):
    await in_database(User.objects.filter(pk=mona.user.pk).update, is_staff=True)
    async with browser(servers[0], mona, signs_in, shown) as session, open_socket(session, servers[0].url) as socket:
        assert (await first(socket))["event"] == "session:ready"
        async with session.get(shown) as page:
            form = await csrf(page)
        async with session.post(signs_out, data=form, headers={"Origin": servers[0].url}):
            pass

        notice = await asyncio.wait_for(socket.receive_json(), CLOSING_SECONDS)

    assert notice["event"] == "session:closing"
    assert notice["data"]["code"] == 4100


async def test_a_ban_ends_the_browsers_session_too(servers, alice):
    async with browser(servers[0], alice) as session:
        await in_database(services.ban, user=alice.user)
        async with open_socket(session, servers[0].url) as socket:
            await socket.send_json({"event": "stream:join", "data": {"streamId": "1"}, "ref": 1})
            frame = await first(socket)

    assert frame["error"]["message"] == "Authentication token required"
