"""Ten wrong passwords for a name from one household, and no more are looked at for a while: REST, page and admin."""

import re
import secrets

import aiohttp
import pytest

from accounts.models import User
from tests.people import PASSWORD, new_address, rest


async def signs_in(server, person, password, address):
    credentials = {"username": person.name, "password": password}
    return await rest(server, "POST", "auth/token/", json=credentials, address=address)


class Page:
    """A sign-in page in a browser at one address."""

    def __init__(self, server, path):
        self._url, self._session = server.url + path, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        await self._session.close()

    async def submit(self, person, password, address):
        """What the page says when somebody signs in from `address`."""
        headers = {"X-Forwarded-For": address, "Referer": self._url}
        async with self._session.get(self._url, headers=headers) as page:
            url, token = page.url, re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', await page.text())[1]
        form = {"username": person.name, "password": password, "csrfmiddlewaretoken": token}
        async with self._session.post(url, data=form, headers=headers) as page:
            return await page.text()


async def test_after_ten_not_even_the_right_one_is_looked_at_but_elsewhere_it_is(servers, bob):
    household = new_address()
    # The limit of an address is ten a minute, so each tries from another address of the household's.
    for _ in range(2):
        for _ in range(5):
            assert (await signs_in(servers[0], bob, "wrong", household)).code == "invalid_credentials"

    async with Page(servers[1], "/signin/") as page:
        assert "Too many wrong passwords" in await page.submit(bob, PASSWORD, household)
    assert (await signs_in(servers[1], bob, PASSWORD, new_address())).status == 200


async def test_a_right_password_begins_the_count_anew(servers, bob):
    household = new_address()
    async with Page(servers[0], "/signin/") as page:
        for _ in range(2):
            for _ in range(7):
                assert "correct username and password" in await page.submit(bob, "wrong", household)
            assert bob.name in await page.submit(bob, PASSWORD, household)
            await page.__aexit__()
            page.__init__(servers[0], "/signin/")


@pytest.fixture
def staff(mona):
    User.objects.filter(pk=mona.user.pk).update(is_staff=True, is_superuser=True)
    return mona


async def test_the_admin_is_locked_too(servers, staff):
    household = new_address()
    async with Page(servers[0], "/admin/") as page:
        for _ in range(10):
            assert "Too many" not in await page.submit(staff, f"wrong {secrets.token_hex(2)}", household)

        assert "Too many wrong passwords" in await page.submit(staff, PASSWORD, household)
        assert "Site administration" in await page.submit(staff, PASSWORD, new_address())
