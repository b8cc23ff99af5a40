"""The throne on the watch page: who sits there, what is missing for a claim, and how it changes hands."""

import re

from asgiref.sync import sync_to_async
from playwright.async_api import expect

from audit.services import AUTOMATIC
from gifts.services.voids import void_gift
from tests.coins import gifts_of, give
from tests.e2e.games_page import gift, open_gifts, throne


async def test_a_throne_changes_hands_and_falls_back(open_tab, servers, stream, alice, bob, charlie):
    for person in (bob, charlie):
        await sync_to_async(give)(person, 2000)
    at_alice, at_bob, at_charlie = [await open_tab(person.name) for person in (alice, bob, charlie)]
    for number, tab in enumerate((at_alice, at_bob, at_charlie)):
        await tab.watch(servers[number % 2].url, stream.pk)
    claim = at_bob.page.get_by_role("button", name="Claim")
    await expect(throne(at_alice)).to_contain_text("Nobody sits here")
    await expect(throne(at_bob)).to_contain_text("You have gifted 0 coins here: 1,000 more to claim it.")
    await expect(at_alice.page.get_by_role("button", name="Claim")).to_be_hidden()
    await claim.press("Enter")
    await expect(throne(at_bob).get_by_role("alert")).to_have_text("Not yet: gift 1,000 more coins here first.")

    await open_gifts(at_bob)
    await gift(at_bob, "Super", "Halo")
    await claim.click()
    await expect(throne(at_bob)).to_contain_text(f"{bob.name} (you)")
    for tab in (at_alice, at_charlie):
        await expect(throne(tab)).to_contain_text(re.compile(rf"{bob.name}.*1,000 coins · 23 h 59 min left", re.DOTALL))
    await expect(throne(at_charlie)).to_contain_text("1,100 more to claim it")
    await expect(at_alice.page.locator(".notice").filter(has_text="took the throne")).to_have_count(1)

    await open_gifts(at_charlie)
    await gift(at_charlie, "Super", "Halo")
    await gift(at_charlie, "Super", "Crown")
    await at_charlie.page.get_by_role("button", name="Claim").click()
    for tab in (at_alice, at_bob):
        await expect(throne(tab).locator("#throne-holder")).to_have_text(charlie.name)
    await expect(at_alice.page.locator(".notice").filter(has_text="took the throne")).to_have_count(2)

    # A late joiner finds it in the snapshot, and the history over REST.
    late = await open_tab()
    await late.page.goto(f"{servers[1].url}/watch/{stream.pk}")
    await expect(throne(late).locator("#throne-holder")).to_have_text(charlie.name)
    await late.page.get_by_role("button", name="History").click()
    reigns = late.page.get_by_role("dialog", name="Who sat on the throne")
    await expect(reigns.get_by_role("row").nth(1)).to_contain_text(re.compile(rf"{charlie.name}.*1,200.*sits there"))
    await expect(reigns.get_by_role("row").nth(2)).to_contain_text(re.compile(rf"{bob.name}.*1,000.*dethroned"))
    await late.page.keyboard.press("Escape")
    await expect(reigns).to_be_hidden()
    await expect(late.page.get_by_role("button", name="History")).to_be_focused()

    halo = next(sent for sent in await sync_to_async(gifts_of)(stream) if sent.sender_id == charlie.user.pk)
    await sync_to_async(void_gift)(transfer_id=halo.transfer_id, reason="for a test", actor=AUTOMATIC)
    for tab in (at_alice, at_charlie):
        await expect(throne(tab).locator("#throne-holder")).to_have_text(bob.name)
    await expect(throne(at_charlie)).to_contain_text("You have gifted 200 coins here: 900 more to claim it.")
