"""The admin with a second factor, in a real browser: setting it up, showing it, and doing without the phone."""

import re

import pytest
from asgiref.sync import sync_to_async
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.async_api import expect

from accounts.models import User
from gateway.testing_servers import server_process
from tests.people import PASSWORD

REQUIRED = {"DJANGO_SETTINGS_MODULE": "tests.accounts.second_factor_required"}


@pytest.fixture(scope="session")
async def admin_url(browser):
    async with server_process(env=REQUIRED) as server:
        yield f"{server.url}/backstage/"


@pytest.fixture
def staff(mona):
    User.objects.filter(pk=mona.user.pk).update(is_staff=True, is_superuser=True)
    return mona


async def sign_in(tab, url, person):
    page = tab.page
    await page.goto(url)
    await page.get_by_label("Username").fill(person.name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()


async def enter(tab, code):
    await tab.page.get_by_role("textbox", name="Code").fill(code)
    await tab.page.get_by_role("button", name="Continue").click()


async def code_of(person, *, confirmed):
    """What the authenticator app shows, good again although it was used, and at once although one was wrong."""
    device = await TOTPDevice.objects.aget(user=person.user, confirmed=confirmed)
    await TOTPDevice.objects.filter(pk=device.pk).aupdate(
        last_t=-1, throttling_failure_count=0, throttling_failure_timestamp=None
    )
    return f"{totp(device.bin_key):06}"


async def test_a_password_alone_opens_nothing_until_a_second_factor_is_set_up(open_tab, admin_url, staff):
    tab = await open_tab()
    await sign_in(tab, admin_url, staff)
    await tab.page.wait_for_url("**/backstage/second-factor/**")
    assert await tab.page.locator(".qr-code svg").is_visible()
    await tab.page.goto(f"{admin_url}accounts/user/")
    assert "/second-factor/" in tab.page.url

    await enter(tab, "000000")
    await expect(tab.page.locator(".field-errors")).to_contain_text("wrong")
    await enter(tab, await code_of(staff, confirmed=False))
    await expect(tab.page.locator(".recovery-codes code")).to_have_count(10)
    codes = await tab.page.locator(".recovery-codes code").all_inner_texts()
    await tab.page.get_by_role("link", name="I have kept them").click()
    await tab.page.wait_for_url(re.compile(r"/backstage/(accounts/user/)?$"))

    later = await open_tab()
    await sign_in(later, admin_url, staff)
    await later.page.wait_for_url("**/second-factor/**")
    assert await later.page.locator(".qr-code").count() == 0
    await enter(later, await code_of(staff, confirmed=True))
    await later.page.wait_for_url("**/backstage/")

    lost = await open_tab()
    await sign_in(lost, admin_url, staff)
    await enter(lost, codes[0])
    await lost.page.wait_for_url("**/backstage/")
    again = await open_tab()
    await sign_in(again, admin_url, staff)
    await enter(again, codes[0])
    assert "/second-factor/" in again.page.url


async def test_the_admin_is_at_its_own_path_alone(open_tab, admin_url):
    tab = await open_tab()
    response = await tab.page.goto(admin_url.replace("/backstage/", "/admin/"))
    assert response.status == 404
    tab.problems.clear()


async def test_who_has_set_one_up_needs_it_where_nobody_must(open_tab, servers, staff):
    await TOTPDevice.objects.acreate(user=staff.user, name="authenticator")
    tab = await open_tab()
    await sign_in(tab, f"{servers[0].url}/admin/", staff)
    await tab.page.wait_for_url("**/admin/second-factor/**")


async def test_a_banned_member_of_staff_is_out_at_once(open_tab, servers, staff):
    tab = await open_tab()
    await sign_in(tab, f"{servers[0].url}/admin/", staff)
    await tab.page.wait_for_url("**/admin/")
    await sync_to_async(User.objects.filter(pk=staff.user.pk).update)(is_banned=True)
    await tab.page.goto(f"{servers[0].url}/admin/accounts/user/")
    assert "/login/" in tab.page.url
