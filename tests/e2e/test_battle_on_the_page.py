"""A battle on the pages of both hosts and their viewers, from the challenge to the result."""

import re

from asgiref.sync import sync_to_async
from playwright.async_api import expect

from streams import services as stream_services
from streams.models import Battle
from tests.coins import give
from tests.e2e.games_page import battle, coins
from tests.e2e.test_pages import TOO_WIDE, UNCLEAR
from tests.people import make_stream


async def challenge(tab, opponent):
    """Challenge another host on one's own page."""
    await battle(tab).get_by_label("Battle", exact=True).focus()
    option = battle(tab).get_by_role("option", name=re.compile(f"^{opponent.name}"))
    await expect(option).to_be_attached()
    await battle(tab).get_by_label("Battle", exact=True).select_option(await option.get_attribute("value"))
    await battle(tab).get_by_role("button", name="Challenge").click()
    await expect(battle(tab)).to_contain_text("Challenge sent")


async def test_a_battle_runs_to_its_result(open_tab, servers, stream, alice, bob, charlie):
    other = await sync_to_async(make_stream)(charlie, title="The other side")
    await sync_to_async(give)(bob, 500)
    at_alice, at_charlie, at_bob = [await open_tab(person.name) for person in (alice, charlie, bob)]
    await at_alice.watch(servers[0].url, stream.pk)
    await at_charlie.watch(servers[1].url, other.pk)
    await at_bob.watch(servers[1].url, stream.pk)
    late = await open_tab(phone=True)
    await expect(battle(at_bob)).to_be_hidden()

    await challenge(at_alice, charlie)
    await expect(battle(at_charlie)).to_contain_text(f"{alice.name} challenges you to a battle")
    await battle(at_charlie).get_by_role("button", name="Accept").click()
    for tab in (at_alice, at_bob, at_charlie):
        await expect(battle(tab).get_by_role("timer")).to_have_text(re.compile(r"0:(1[0-2]|\d\d?)"))
    await battle(at_bob).get_by_label("Coins").fill("70")
    await battle(at_bob).get_by_role("button", name="Special").click()
    await expect(battle(at_bob).get_by_role("list", name="Boosts of this side")).to_contain_text("×2")
    await battle(at_bob).get_by_role("button", name="Attack").click()
    await expect(coins(at_bob)).to_have_text("360")
    await expect(at_bob.page.locator("#battle-our-score")).to_have_text("140")
    await expect(at_charlie.page.locator("#battle-their-score")).to_have_text("140")
    await expect(at_charlie.page.locator("#battle-their-name")).to_have_text(alice.name)
    await expect(battle(at_charlie).get_by_role("list", name="Boosts of the other side")).to_contain_text("×2")
    await late.page.goto(f"{servers[0].url}/watch/{other.pk}")
    await expect(late.page.locator("#battle-their-score")).to_have_text("140")
    assert await late.page.evaluate(TOO_WIDE) <= 0
    assert await late.page.evaluate(UNCLEAR) == []

    for tab, score in ((at_alice, f"{alice.name} 140 : 0 {charlie.name}"), (at_charlie, f"{charlie.name} 0 : 140")):
        await expect(tab.page.locator("#battle-result")).to_contain_text(f"{alice.name} wins", timeout=30_000)
        await expect(tab.page.locator("#battle-result")).to_contain_text(score)
    await expect(battle(at_bob).get_by_role("timer")).to_be_hidden()
    await expect(at_bob.page.locator(".notice").filter(has_text=f"{alice.name} won the battle")).to_have_count(1)
    rematch = battle(at_alice).get_by_role("button", name=re.compile("Rematch in"))
    await expect(rematch).to_be_visible()
    await rematch.click()
    await expect(battle(at_alice).get_by_role("alert")).to_contain_text("You have just fought each other")


async def test_a_challenge_waits_for_a_host_who_comes_back_to_decline(open_tab, servers, stream, alice, charlie):
    other = await sync_to_async(make_stream)(charlie, title="The other side")
    at_alice, at_charlie = await open_tab(alice.name), await open_tab(charlie.name)
    await at_alice.watch(servers[0].url, stream.pk)
    await challenge(at_alice, charlie)
    await at_charlie.watch(servers[1].url, other.pk)
    await expect(battle(at_charlie).get_by_role("group")).to_contain_text(f"{alice.name} challenges you")
    await battle(at_charlie).get_by_role("button", name="Decline").click()
    await expect(battle(at_alice)).to_contain_text("Your challenge was declined.")
    await expect(battle(at_charlie).get_by_role("group")).to_be_hidden()


async def test_what_is_wrong_with_a_boost_or_a_challenge_is_said(open_tab, servers, stream, alice, bob, charlie):
    other = await sync_to_async(make_stream)(charlie, title="The other side")
    at_alice, at_charlie, at_bob = [await open_tab(person.name) for person in (alice, charlie, bob)]
    await at_alice.watch(servers[0].url, stream.pk)
    await at_charlie.watch(servers[0].url, other.pk)
    await at_bob.watch(servers[1].url, stream.pk)
    await battle(at_alice).get_by_role("button", name="Challenge").click()
    await expect(battle(at_alice).get_by_role("alert")).to_have_text("Choose whom to challenge.")
    await challenge(at_alice, charlie)
    await battle(at_charlie).get_by_role("button", name="Accept").click()
    amount = battle(at_bob).get_by_label("Coins")
    await amount.fill("1001")
    await battle(at_bob).get_by_role("button", name="Attack").click()
    await expect(battle(at_bob).get_by_role("alert")).to_contain_text("from 1 to 1000")
    await expect(amount).to_have_attribute("aria-invalid", "true")
    await amount.fill("40")
    await battle(at_bob).get_by_role("button", name="Attack").click()
    await expect(battle(at_bob).get_by_role("alert")).to_have_text("You have too few coins.")
    await sync_to_async(stream_services.end_stream)(stream=other)
    await expect(battle(at_bob)).to_contain_text("Nobody wins")
    assert await Battle.objects.filter(sides__stream=stream, status="ended").acount() == 1
