"""What OG tiers open on the watch page, as somebody in front of it uses it, and as others see it."""

import re
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from playwright.async_api import expect

from accounts import services as account_services
from chat.models import Message
from gifts.services.tiers import buy_tier
from tests.coins import give, identity_of
from tests.e2e.test_pages import TOO_WIDE, UNCLEAR

# Keeps with the stage how many pieces flew over the picture at once, at most. The page's policy allows no waiting for
# an expression.
COUNT_PIECES = """
    const stage = document.getElementById("reaction-stage");
    stage.dataset.most = 0;
    const note = () => (stage.dataset.most = Math.max(stage.dataset.most, stage.childElementCount));
    new MutationObserver(note).observe(stage, { childList: true });
"""
# Presses the button of a reaction as often, faster than a hand.
PRESS = """([name, times]) => {
    const button = document.querySelector(`[data-reaction=${name}]`);
    for (let time = 0; time < times; time += 1) button.click();
}"""


async def set_level(person, level):
    await sync_to_async(account_services.set_og_level)(user_id=person.user.pk, level=level)


async def watch_together(open_tab, servers, stream, *people, **options):
    """A tab for each person, on one server and the other in turn."""
    tabs = [await open_tab(person.name, **options) for person in people]
    for number, tab in enumerate(tabs):
        await tab.watch(servers[number % 2].url, stream.pk)
    return tabs


async def act(message, name):
    """Press one of a message's own buttons."""
    await message.hover()
    await message.get_by_role("button", name=name).click()


def reaction(tab, name):
    return tab.page.get_by_role("region", name="Reactions").get_by_role("button", name=name)


def pinned(tab):
    return tab.page.get_by_role("region", name=re.compile("^Pinned"))


async def test_reactions_fly_and_count_for_everybody_and_the_locked_ones_say_what_opens_them(
    open_tab, servers, stream, bob, charlie
):
    await set_level(charlie, 2)
    at_bob, at_charlie = await watch_together(open_tab, servers, stream, bob, charlie)
    await at_bob.page.evaluate(COUNT_PIECES)
    stage = at_bob.page.locator("#reaction-stage")

    await reaction(at_charlie, "Like").click()
    await expect(stage).to_have_attribute("data-most", "1")
    for tab in (at_bob, at_charlie):
        await expect(reaction(tab, "Like").locator(".reaction-count")).to_have_text("1")
    await reaction(at_charlie, "Fireworks").click()
    await expect(stage).to_have_attribute("data-most", re.compile(r"^3\d$"))
    await expect(reaction(at_bob, "Fireworks").locator(".reaction-count")).to_have_text("1")
    await expect(stage.locator("> *")).to_have_count(0)

    await reaction(at_bob, "Fireworks, from OG 2 on").click(force=True)
    note = at_bob.page.locator("#reaction-note")
    await expect(note).to_contain_text("Fireworks needs OG level 2.")
    await note.get_by_role("button", name="See OG tiers").click()
    await expect(at_bob.page.get_by_role("dialog", name="OG tiers")).to_be_visible()
    assert await at_bob.page.evaluate(UNCLEAR) == []


async def test_a_flood_of_reactions_is_bounded_and_none_moves_for_those_who_want_less(
    open_tab, servers, stream, bob, charlie
):
    await set_level(bob, 2)
    calm = await open_tab(charlie.name, reduced_motion="reduce")
    await calm.watch(servers[1].url, stream.pk)
    (at_bob,) = await watch_together(open_tab, servers, stream, bob)
    for tab in (at_bob, calm):
        await tab.page.evaluate(COUNT_PIECES)

    await at_bob.page.evaluate(PRESS, ["confetti", 8])
    await expect(reaction(calm, "Confetti").locator(".reaction-count")).to_have_text("8")
    await expect(at_bob.page.locator("#reaction-stage")).to_have_attribute("data-most", "120")
    await expect(calm.page.locator("#reaction-stage")).to_have_attribute("data-most", "0")
    await at_bob.page.evaluate(PRESS, ["clap", 12])
    await expect(at_bob.page.locator("#reaction-note")).to_have_text("Give it a moment.")


async def test_the_host_pins_a_message_for_everybody_and_takes_it_down_by_keyboard(
    open_tab, servers, stream, alice, bob
):
    at_alice, at_bob = await watch_together(open_tab, servers, stream, alice, bob)
    await at_bob.say("The setlist is in the description")
    message = await at_alice.sees("The setlist is in the description")
    await at_bob.message("The setlist is in the description").hover()
    await expect(at_bob.page.locator("[data-pin]:visible")).to_have_count(0)

    await message.focus()
    await at_alice.page.keyboard.press("Tab")
    await at_alice.page.keyboard.press("Tab")
    await expect(message.get_by_role("button", name=f"Pin the message of {bob.name}")).to_be_focused()
    await at_alice.page.keyboard.press("Enter")
    for tab in (at_alice, at_bob):
        await expect(pinned(tab).get_by_role("heading")).to_have_text("Pinned by the host")
        await expect(pinned(tab)).to_contain_text("The setlist is in the description")
    await expect(pinned(at_bob).get_by_role("button", name="Unpin")).to_have_count(0)

    await at_bob.page.reload()
    await at_bob.connected()
    await expect(pinned(at_bob)).to_be_visible()
    await pinned(at_alice).get_by_role("button", name="Unpin").press("Enter")
    for tab in (at_alice, at_bob):
        await expect(pinned(tab)).to_have_count(0)
    await expect(at_alice.page.locator("#messages")).to_be_focused()


async def test_a_viewer_pins_a_message_of_their_own_for_a_time_that_is_shown(open_tab, servers, stream, bob, charlie):
    await set_level(bob, 3)
    await set_level(charlie, 3)
    at_bob, at_charlie = await watch_together(open_tab, servers, stream, bob, charlie)
    await at_bob.say("My first concert")
    await at_charlie.say("Mine too")
    await at_charlie.sees("My first concert")
    await act(await at_bob.sees("My first concert"), "Pin your message")
    await expect(pinned(at_charlie)).to_contain_text(re.compile(r"by its author.*(5:00|4:\d\d)", re.DOTALL))
    await expect(at_bob.message("My first concert").get_by_role("button", name="Pin your message")).to_have_attribute(
        "aria-pressed", "true"
    )

    await act(at_charlie.message("Mine too"), "Pin your message")
    await expect(at_charlie.message("Mine too").get_by_role("alert")).to_have_text(
        "Not pinned. Another message is pinned"
    )
    await act(at_bob.message("My first concert"), "Remove your message")
    for tab in (at_bob, at_charlie):
        await expect(pinned(tab)).to_have_count(0)


async def test_a_message_in_the_spotlight_stands_out_once_a_minute(open_tab, servers, stream, bob, charlie):
    await set_level(bob, 5)
    at_bob, at_charlie = await watch_together(open_tab, servers, stream, bob, charlie)
    await expect(at_charlie.page.locator("#spotlight")).to_be_hidden()
    switch = at_bob.page.locator("#spotlight")
    await switch.click()
    await expect(at_bob.page.locator("#composer-hint")).to_contain_text("Once every 60 seconds")
    await at_bob.say("Happy birthday, Alice")

    shown = await at_charlie.sees("Happy birthday, Alice")
    await expect(shown).to_have_class(re.compile("message-spotlight"))
    await expect(shown).to_contain_text("Spotlight")
    await expect(switch).to_have_text(re.compile(r"^\d\d s$"))
    await switch.click(force=True)
    await expect(switch).to_have_attribute("aria-pressed", "false")
    await expect(at_bob.page.locator("#composer-hint")).to_contain_text("The spotlight is yours again in")
    await at_bob.say("and many more")
    await expect(await at_charlie.sees("and many more")).not_to_have_class(re.compile("message-spotlight"))


async def test_the_lounge_is_a_room_of_its_own_and_says_what_opens_it(open_tab, servers, stream, alice, bob, charlie):
    await set_level(bob, 4)
    at_alice, at_bob, at_charlie = await watch_together(open_tab, servers, stream, alice, bob, charlie)
    await at_bob.composer.fill("begun for all")
    await at_bob.page.get_by_role("tab", name="Chat").press("ArrowRight")
    await expect(at_bob.page.get_by_role("tab", name="Lounge")).to_be_focused()
    await expect(at_bob.composer).to_have_value("")
    await expect(at_bob.page.locator("#lounge-empty")).to_be_visible()
    await at_bob.say("Just us in here")
    lounge = at_bob.page.locator("#panel-lounge")
    await expect(lounge.locator(".message-text")).to_have_text(["Just us in here"])

    await expect(at_alice.page.get_by_role("tab", name="Lounge, 1 unread")).to_be_visible()
    await at_alice.page.get_by_role("tab", name="Lounge").click()
    await at_alice.say("Welcome")
    await expect(lounge.locator(".message-text")).to_have_text(["Just us in here", "Welcome"])
    await at_bob.page.get_by_role("tab", name="Chat").click()
    await expect(at_bob.composer).to_have_value("begun for all")
    await at_bob.composer.press("Enter")
    await at_charlie.sees("begun for all")

    await at_charlie.page.get_by_role("tab", name="Lounge, locked, opens at OG 4").click()
    await expect(at_charlie.page.locator("#panel-lounge")).to_contain_text("The lounge opens at OG 4.")
    await expect(at_charlie.composer).to_be_disabled()
    assert "Just us in here" not in await at_charlie.page.inner_text("body")
    for tab in (at_bob, at_charlie):
        assert await tab.page.evaluate(UNCLEAR) == []
    # What was said there is found there again, and never in the chat.
    await at_bob.page.reload()
    await at_bob.connected()
    await expect(lounge.locator(".message-text")).to_have_text(["Just us in here", "Welcome"])
    await expect(at_bob.page.locator("#panel-chat .message-text")).to_have_text(["begun for all"])


async def test_a_message_is_taken_back_while_there_is_time_or_the_page_says_why_not(
    open_tab, servers, stream, bob, charlie
):
    at_bob, at_charlie = await watch_together(open_tab, servers, stream, bob, charlie)
    await at_bob.say("an old thought")
    message = await at_bob.sees("an old thought")
    await at_charlie.sees("an old thought")
    long_ago = timezone.now() - timedelta(seconds=61)
    await Message.objects.filter(stream=stream).aupdate(created_at=long_ago)
    await act(message, "Remove your message")
    await expect(message.get_by_role("alert")).to_contain_text("from OG level 4 on, at any time")

    await set_level(bob, 4)
    await act(message, "Remove your message")
    for tab in (at_bob, at_charlie):
        await expect(tab.message("an old thought")).to_have_count(0)


async def test_a_ghost_comes_in_uncounted_from_the_next_time_on(open_tab, servers, stream, bob, charlie):
    await sync_to_async(give)(bob, 45_000)
    await sync_to_async(buy_tier)(buyer=await sync_to_async(identity_of)(bob), level=5)
    at_charlie, at_bob = await watch_together(open_tab, servers, stream, charlie, bob)
    viewers = at_charlie.page.locator("#viewer-count")
    await expect(viewers).to_have_text("2")
    await at_bob.page.locator("#tiers-open").click()
    await expect(at_bob.page.locator("#own-tier")).to_contain_text("Immortal OG")
    await at_bob.page.get_by_role("radio", name="As a ghost").check()
    await expect(viewers).to_have_text("1")
    await at_bob.page.reload()
    await at_bob.connected()
    await at_bob.say("Boo")
    await at_charlie.sees("Boo")
    await expect(viewers).to_have_text("1")
    await expect(at_charlie.page.locator(".notice").filter(has_text=f"{bob.name} joined")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_perks_fit_a_phone_and_name_everything(open_tab, servers, stream, bob, scheme):
    await set_level(bob, 5)
    (at_bob,) = await watch_together(open_tab, servers, stream, bob, phone=True, color_scheme=scheme)
    await at_bob.page.locator("#spotlight").click()
    await at_bob.say("A message long enough for two lines of a phone, and then some more to be cut off at its end")
    shown = at_bob.page.locator(".message-spotlight")
    await shown.tap()
    await shown.get_by_role("button", name="Pin your message").click()
    await expect(pinned(at_bob)).to_be_visible()
    assert await at_bob.page.evaluate(TOO_WIDE) <= 0
    assert await at_bob.page.evaluate(UNCLEAR) == []
