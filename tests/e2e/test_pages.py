"""The other pages in a real browser, and what all promise: they fit a phone, and all in them has a name."""

import secrets
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import expect

from streams import services as stream_services
from tests.people import PASSWORD, make_stream

# What of a page a screen reader cannot make sense of.
UNCLEAR = Path(__file__).with_name("unclear.js").read_text()
TOO_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"


async def test_somebody_registers_signs_out_and_in_again(open_tab, servers, stream):
    tab = await open_tab()
    page, name = tab.page, f"dora_{secrets.token_hex(3)}"
    await page.goto(f"{servers[0].url}/watch/{stream.pk}")
    await page.get_by_role("navigation").get_by_role("link", name="Register").click()
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await page.wait_for_url(f"**/watch/{stream.pk}")
    await tab.connected()
    await expect(page.get_by_role("navigation")).to_contain_text(name)
    await page.get_by_role("button", name="Sign out").click()
    tab.username = name
    await tab.watch(servers[1].url, stream.pk)


async def test_a_wrong_password_is_said_in_an_alert(open_tab, servers, bob):
    tab = await open_tab()
    await tab.page.goto(f"{servers[0].url}/signin/")
    await tab.page.get_by_label("Username").fill(bob.name)
    await tab.page.get_by_label("Password").fill("wrong")
    await tab.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    await expect(tab.page.get_by_role("alert")).to_contain_text("correct username and password")
    await expect(tab.page.get_by_label("Username")).to_have_value(bob.name)


async def test_a_missing_field_is_marked_and_described(open_tab, servers):
    tab = await open_tab()
    await tab.page.goto(f"{servers[0].url}/register/")
    await tab.page.get_by_role("button", name="Create account").click()
    field = tab.page.get_by_label("Username")
    await expect(field).to_have_attribute("aria-invalid", "true")
    described = (await field.get_attribute("aria-describedby") or "").split()
    await expect(tab.page.locator(f"#{described[0]}")).to_have_text("This field is required.")


async def test_the_list_shows_live_streams_and_follows_them(open_tab, servers, alice, bob):
    title = f"Set {secrets.token_hex(3)}"
    stream = await sync_to_async(make_stream)(alice, title=title)
    watcher = await open_tab(bob.name)
    await watcher.watch(servers[0].url, stream.pk)
    tab = await open_tab()
    await tab.page.goto(servers[1].url)
    card = tab.page.locator(".stream-card").filter(has_text=title)
    await expect(card).to_contain_text(alice.name)
    await expect(card.locator(".count")).to_have_text("1")
    await sync_to_async(stream_services.end_stream)(stream=stream)
    await expect(card).to_have_count(0, timeout=15_000)


async def test_a_page_that_is_not_there_says_so(open_tab, servers):
    tab = await open_tab()
    response = await tab.page.goto(f"{servers[0].url}/watch/999999999")
    assert response is not None
    assert response.status == 404
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Nothing on this channel")
    await expect(tab.page.get_by_role("link", name="See who is live")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/watch/{stream}", "/signin/", "/register/", "/watch/999999999"])
async def test_a_guest_s_pages_fit_a_phone_and_name_everything(open_tab, servers, stream, path, scheme):
    tab = await open_tab(phone=True, color_scheme=scheme)
    await tab.page.goto(servers[0].url + path.format(stream=stream.pk))
    assert await tab.page.evaluate(TOO_WIDE) <= 0
    assert await tab.page.evaluate(UNCLEAR) == []


async def test_the_watch_page_fits_a_phone_and_names_everything(open_tab, servers, alice, bob):
    stream = await sync_to_async(make_stream)(alice, title="A title much too long for a phone, " * 3)
    tab = await open_tab(bob.name, phone=True)
    await tab.watch(servers[0].url, stream.pk)
    word = "Donaudampfschifffahrtsgesellschaft" * 4
    await tab.say(word)
    await tab.sees(word)
    await tab.say("kill yourself")
    await expect(tab.alert).to_be_visible()
    assert await tab.page.evaluate(TOO_WIDE) <= 0
    assert await tab.page.evaluate(UNCLEAR) == []
    log = tab.page.get_by_role("log")
    await expect(log).to_have_attribute("aria-live", "polite")
    await expect(tab.page.locator("#connection").get_by_role("status")).to_have_text("Connected")
    box, field = await log.bounding_box(), await tab.composer.bounding_box()
    assert box is not None
    assert field is not None
    assert box["height"] > 150
    assert field["y"] + field["height"] <= 844


async def test_the_composer_stays_above_an_open_keyboard(open_tab, servers, stream, bob):
    tab = await open_tab(bob.name, phone=True)
    await tab.watch(servers[0].url, stream.pk)
    await tab.page.set_viewport_size({"width": 390, "height": 460})
    await expect(tab.composer).to_be_in_viewport(ratio=1)
    box = await tab.page.get_by_role("log").bounding_box()
    assert box is not None
    assert box["height"] > 100
