"""OG tiers on the watch page: bought, upgraded, renewed and worn."""

import re

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import expect

from og.models import Membership
from og.services import revoke_membership
from tests.coins import give
from tests.e2e.games_page import coins
from tests.e2e.test_pages import TOO_WIDE, UNCLEAR


async def open_tiers(tab):
    """The dialog, once it shows tiers."""
    await tab.page.locator("#tiers-open").click()
    dialog = tab.page.get_by_role("dialog", name="OG tiers")
    await expect(dialog.get_by_role("heading", name="Fresh OG")).to_be_visible()
    return dialog


async def buy(dialog, words):
    """Press a button that asks once more, and answer it."""
    await dialog.get_by_role("button", name=words).click()
    await dialog.get_by_role("button", name=re.compile(r"^Pay [\d,]+ coins now\?$")).click()


async def test_buying_a_tier_shows_its_badge_everywhere(open_tab, servers, stream, bob, charlie):
    await sync_to_async(give)(bob, 13_000)
    at_bob, at_charlie = await open_tab(bob.name), await open_tab(charlie.name)
    await at_bob.watch(servers[0].url, stream.pk)
    await at_charlie.watch(servers[1].url, stream.pk)
    await at_bob.say("Good evening everyone")
    line = await at_charlie.sees("Good evening everyone")
    await expect(line.locator(".og-badge")).to_have_count(0)

    dialog = await open_tiers(at_bob)
    await expect(dialog).to_contain_text("Towards Fresh OG: 0 of 5,000 coins gifted")
    await expect(dialog).to_contain_text("200 bonus coins a day")
    await buy(dialog, "Buy Fresh OG · 5,000 coins")
    await expect(dialog.locator("#tier-note")).to_contain_text("You paid 5,000 coins")
    await expect(coins(at_bob)).to_have_text("8,000")
    await expect(line.locator(".og-badge")).to_have_text("OG 1")
    await expect(at_charlie.page.locator(".notice").filter(has_text=f"{bob.name} is Fresh OG now")).to_have_count(1)
    await expect(dialog.get_by_role("button", name="Renew Fresh OG · 5,000 coins")).to_be_focused()

    await expect(dialog).to_contain_text("coins are credited for what is left of your tier")
    await buy(dialog, re.compile(r"^Upgrade to Skilled OG · 2,00\d coins"))
    await expect(dialog.locator(".own-tier")).to_contain_text(re.compile("OG 2.*Skilled OG until", re.DOTALL))
    await expect(dialog.locator('.tier[data-level="1"]')).to_contain_text("Your tier is higher.")
    await at_bob.page.keyboard.press("Escape")
    await expect(at_bob.page.get_by_role("button", name="Your tier: OG 2. Show all tiers")).to_be_focused()
    await at_bob.say("Thank you all")
    await expect((await at_charlie.sees("Thank you all")).locator(".og-badge")).to_have_text("OG 2")
    # What the tier opens is open at once.
    await at_bob.page.get_by_role("button", name="Gift", exact=True).click()
    await at_bob.page.get_by_role("radio", name="Super").check()
    await expect(at_bob.page.locator(".gift-card").filter(has_text="Dragon")).not_to_have_attribute("data-locked", "")

    membership = await Membership.objects.aget(user=bob.user, ended_at=None)
    await sync_to_async(revoke_membership)(membership_id=membership.pk)
    await expect(at_bob.page.locator("#purse-tier")).to_have_text("Get OG")
    await expect(line.locator(".og-badge")).to_have_count(0)
    await expect(at_bob.page.locator(".gift-card").filter(has_text="Dragon")).to_have_attribute("data-locked", "")


async def test_a_tier_that_cannot_be_paid_says_so(open_tab, servers, stream, bob):
    await sync_to_async(give)(bob, 100)
    tab = await open_tab(bob.name)
    await tab.watch(servers[0].url, stream.pk)
    dialog = await open_tiers(tab)
    await expect(dialog.locator('.tier[data-level="1"]')).to_contain_text("You are 4,900 coins short.")
    await buy(dialog, "Buy Fresh OG · 5,000 coins")
    await expect(dialog.get_by_role("alert")).to_have_text("You have too few coins.")
    await expect(coins(tab)).to_have_text("100")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_tiers_fit_a_phone_and_name_everything(open_tab, servers, stream, bob, scheme):
    tab = await open_tab(bob.name, phone=True, color_scheme=scheme)
    await tab.watch(servers[0].url, stream.pk)
    dialog = await open_tiers(tab)
    assert await tab.page.evaluate(TOO_WIDE) <= 0
    assert await tab.page.evaluate(UNCLEAR) == []
    await expect(dialog).to_be_in_viewport(ratio=1)
