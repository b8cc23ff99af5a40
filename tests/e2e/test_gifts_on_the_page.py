"""Gifts on the watch page: chosen, paid and refused in the tray, seen by everybody, calm for who wants it calm."""

import json
import re
import secrets
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from playwright.async_api import expect

from gifts.models import Category, Gift, Rarity
from tests.coins import gifts_of, give
from tests.e2e.games_page import banner, choose_gift, coins, gift, open_gifts, send_gift
from tests.e2e.test_pages import TOO_WIDE, UNCLEAR


@pytest.fixture
async def rich(bob):
    """Bob, with two thousand coins."""
    await sync_to_async(give)(bob, 2000)
    return bob


@pytest.fixture
async def in_catalog():
    """Puts gifts into the catalog that are not there for other tests."""
    made = []

    async def put(**fields):
        row = Gift(
            **{"id": f"test_{secrets.token_hex(4)}", "category": Category.FLOWER, "rarity": Rarity.COMMON, "price": 5}
            | {"animation": "unheard_of", "position": 99}
            | fields
        )
        await row.asave()
        made.append(row.pk)
        return row

    yield put
    await Gift.objects.filter(pk__in=made).aupdate(is_active=False)


async def test_a_gift_is_seen_by_the_host_with_its_combo_and_its_end(open_tab, servers, stream, alice, rich):
    at_alice, at_bob = await open_tab(alice.name), await open_tab(rich.name)
    await at_alice.watch(servers[0].url, stream.pk)
    await at_bob.watch(servers[1].url, stream.pk)
    await expect(coins(at_bob)).to_have_text("2,000")
    await open_gifts(at_bob)
    await gift(at_bob, "Flowers", "Rose")
    await expect(banner(at_alice)).to_contain_text(f"{rich.name}sent Rose")
    await send_gift(at_bob)
    await expect(banner(at_alice).locator(".gift-banner-count")).to_have_text("×2")
    await expect(banner(at_alice)).to_contain_text("Rose combo · 20 coins", timeout=15_000)
    await expect(banner(at_alice)).to_have_count(0, timeout=15_000)
    line = at_alice.page.locator('.message[data-kind="gift"]')
    await expect(line).to_have_count(1)
    await expect(line.locator(".message-text")).to_have_text("sent Rose × 2")
    await expect(coins(at_bob)).to_have_text("1,980")
    await expect(coins(at_alice)).to_have_text("14")
    await expect(at_alice.page.locator("#gifts-count")).to_have_text("2")
    await expect(at_alice.page.locator("#gifters")).to_contain_text(re.compile(f"{rich.name}.*20"))


async def test_the_rarer_the_gift_the_more_is_seen(open_tab, servers, stream, alice, rich):
    at_alice, at_bob = await open_tab(alice.name), await open_tab(rich.name)
    await at_alice.watch(servers[0].url, stream.pk)
    await at_bob.watch(servers[1].url, stream.pk)
    await open_gifts(at_bob)
    await gift(at_bob, "Flowers", "Rose")
    await expect(banner(at_alice)).to_have_attribute("data-rarity", "common")
    await expect(at_alice.page.locator(".gift-hero, .gift-spark")).to_have_count(0)
    await gift(at_bob, "Super", "Halo")
    await expect(at_alice.page.locator('.gift-hero[data-rarity="legendary"]')).to_be_visible()
    assert await at_alice.page.locator(".gift-spark").count() > 10
    await expect(at_alice.page.locator(".gift-hero, .gift-spark")).to_have_count(0, timeout=15_000)


async def test_who_wants_less_motion_sees_the_gift_stand_still(open_tab, servers, stream, alice, rich):
    at_alice, at_bob = await open_tab(alice.name, reduced_motion="reduce"), await open_tab(rich.name)
    await at_alice.watch(servers[0].url, stream.pk)
    await at_bob.watch(servers[1].url, stream.pk)
    await open_gifts(at_bob)
    await gift(at_bob, "Super", "Halo")
    await expect(banner(at_alice)).to_contain_text("sent Halo")
    await expect(banner(at_alice)).to_have_css("animation-name", "none")
    await expect(at_alice.page.locator(".gift-spark")).to_have_count(0)


async def test_what_cannot_be_sent_says_why(open_tab, servers, stream, rich, in_catalog):
    later = timezone.now().date() + timedelta(days=40)
    await in_catalog(name="Latecomer", category=Category.FESTIVAL, starts_on=later)
    await in_catalog(name="Sold", stock=0)
    await in_catalog(name="Last", stock=7)
    await in_catalog(name="Faraway", countries=["TW", "VN"])
    tab = await open_tab(rich.name)
    await tab.watch(servers[0].url, stream.pk)
    await open_gifts(tab)
    problem, hint = tab.page.locator("#gift-problem"), tab.page.locator("#gift-hint")
    for category, name, reason in (
        ("Super", "Dragon", "This gift needs OG level 2."),
        ("Festival", "Latecomer", "This gift can be sent from"),
        ("Flowers", "Sold", "This gift is sold out."),
        ("Flowers", "Faraway", "This gift is for streams from TW, VN."),
    ):
        await choose_gift(tab, category, name)
        await expect(hint).to_contain_text(reason)
        await expect(tab.page.locator("#gift-send")).to_have_attribute("aria-disabled", "true")
        await send_gift(tab)
        await expect(problem).to_contain_text(reason)
    await expect(tab.page.locator(".gift-card").filter(has_text="Last")).to_contain_text("7 left")
    await choose_gift(tab, "Flowers", "Rose")
    await expect(problem).to_be_hidden()
    await tab.page.get_by_label("Quantity").fill("101")
    await expect(hint).to_contain_text("whole number from 1 to 100")
    assert await sync_to_async(gifts_of)(stream) == []


async def test_too_few_coins_are_said_and_coins_that_come_are_seen(open_tab, servers, stream, bob):
    await sync_to_async(give)(bob, 20)
    tab = await open_tab(bob.name)
    await tab.watch(servers[0].url, stream.pk)
    await open_gifts(tab)
    await choose_gift(tab, "Flowers", "Tulip")
    await expect(tab.page.locator("#gift-hint")).to_have_text("You are 10 coins short.")
    await send_gift(tab)
    await expect(tab.page.get_by_role("alert").filter(has_text="You are 10 coins short.")).to_be_visible()
    await sync_to_async(give)(bob, 30, 5)
    await expect(coins(tab)).to_have_text("50")
    await expect(tab.page.locator("#purse-bonus")).to_have_text("+ 5 bonus coins")
    await send_gift(tab)
    await expect(tab.page.locator("#gift-note")).to_have_text("Sent Tulip")
    # Bonus is spent first.
    await expect(coins(tab)).to_have_text("25")
    await expect(tab.page.locator("#purse-bonus")).to_be_hidden()


async def test_the_servers_refusal_is_said_in_the_tray(open_tab, servers, stream, rich, in_catalog):
    row = await in_catalog(name="Fleeting")
    tab = await open_tab(rich.name)
    await tab.watch(servers[0].url, stream.pk)
    await open_gifts(tab)
    await choose_gift(tab, "Flowers", "Fleeting")
    await Gift.objects.filter(pk=row.pk).aupdate(is_active=False)
    # A server acts on what it knew of the catalog for up to a second.
    await tab.page.wait_for_timeout(1100)
    await send_gift(tab)
    await expect(tab.page.get_by_role("alert").filter(has_text="This gift cannot be sent now")).to_be_visible()
    await expect(coins(tab)).to_have_text("2,000")


async def test_the_keyboard_is_enough_to_send_gifts(open_tab, servers, stream, rich):
    tab = await open_tab(rich.name)
    await tab.watch(servers[0].url, stream.pk)
    keyboard = tab.page.keyboard
    await tab.page.get_by_role("button", name="Gift", exact=True).focus()
    await keyboard.press("Enter")
    await expect(tab.page.get_by_role("radio", name="Flowers")).to_be_focused()
    await keyboard.press("Tab")
    await expect(tab.page.get_by_role("radio", name=re.compile("^Rose"))).to_be_focused()
    await keyboard.press("ArrowRight")
    await keyboard.press("Tab")
    await keyboard.type("3")
    await keyboard.press("Enter")
    await expect(tab.page.locator("#gift-note")).to_have_text("Sent Tulip × 3")
    await keyboard.press("Escape")
    await expect(tab.page.locator("#gift-tray")).to_be_hidden()
    await expect(tab.page.get_by_role("button", name="Gift", exact=True)).to_be_focused()


async def test_a_gift_whose_answer_is_lost_is_paid_once(open_tab, servers, stream, rich):
    tab = await open_tab(rich.name)
    connections = 0

    async def lose_the_receipt(socket):
        """The first connection ends in the moment the gift is answered."""
        nonlocal connections
        connections += 1
        server, is_first = socket.connect_to_server(), connections == 1

        async def pass_on(text):
            frame = json.loads(text)
            if is_first and frame["event"] == "reply" and "transactionId" in frame.get("data", {}):
                await server.close()
                await socket.close(code=1011)
            else:
                socket.send(text)

        server.on_message(pass_on)

    await tab.page.route_web_socket("**/ws/", lose_the_receipt)
    await tab.watch(servers[0].url, stream.pk)
    await open_gifts(tab)
    await choose_gift(tab, "Emoji", "Heart")
    await send_gift(tab)
    await expect(tab.page.locator("#gift-note")).to_have_text("Sent Heart", timeout=30_000)
    await expect(coins(tab)).to_have_text("1,950")
    assert connections == 2
    assert [sent.quantity for sent in await sync_to_async(gifts_of)(stream)] == [1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_tray_fits_a_phone_and_names_everything(open_tab, servers, stream, rich, scheme):
    tab = await open_tab(rich.name, phone=True, color_scheme=scheme)
    await tab.watch(servers[0].url, stream.pk)
    await open_gifts(tab)
    await gift(tab, "Super", "Halo")
    assert await tab.page.evaluate(TOO_WIDE) <= 0
    assert await tab.page.evaluate(UNCLEAR) == []
    await expect(tab.page.locator("#gift-send")).to_be_in_viewport(ratio=1)
    await expect(tab.composer).to_be_in_viewport(ratio=1)
