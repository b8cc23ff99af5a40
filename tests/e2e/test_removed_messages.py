"""A removed message leaves every page that shows it, and the replies that quote it."""

from playwright.async_api import expect


async def watch_together(open_tab, servers, stream, *people):
    """A tab for each person, on one server and the other in turn."""
    tabs = [await open_tab(person.name) for person in people]
    for number, tab in enumerate(tabs):
        await tab.watch(servers[number % 2].url, stream.pk)
    return tabs


async def test_an_author_removes_a_message_everywhere(open_tab, servers, stream, bob, charlie):
    at_bob, at_charlie = await watch_together(open_tab, servers, stream, bob, charlie)
    await at_bob.say("Wrong window")
    await at_bob.say("Good evening")
    question = await at_charlie.sees("Wrong window")
    await question.hover()
    await expect(question.get_by_role("button", name="Remove")).to_have_count(0)
    await question.get_by_role("button", name="Reply").click()
    await at_charlie.say("What was that?")
    await at_bob.sees("What was that?")

    own = at_bob.message("Wrong window")
    await own.hover()
    await own.get_by_role("button", name="Remove your message").click()

    for tab in (at_bob, at_charlie):
        await expect(tab.message("Wrong window")).to_have_count(0)
        await expect(tab.message("What was that?")).to_contain_text("In reply to a message that was removed")
        await expect(tab.message("Good evening").locator(".message-author")).to_be_visible()
        assert "Wrong window" not in await tab.page.inner_text("#message-list")


async def test_the_host_removes_a_message_by_keyboard(open_tab, servers, stream, alice, bob):
    at_alice, at_bob = await watch_together(open_tab, servers, stream, alice, bob)
    await at_bob.say("buy followers")
    message = await at_alice.sees("buy followers")

    await message.focus()
    for _ in ("reply", "pin", "remove"):
        await at_alice.page.keyboard.press("Tab")
    await expect(message.get_by_role("button", name=f"Remove the message of {bob.name}")).to_be_focused()
    await at_alice.page.keyboard.press("Enter")

    for tab in (at_alice, at_bob):
        await expect(tab.message("buy followers")).to_have_count(0)
    await expect(at_alice.page.locator("#messages")).to_be_focused()


async def test_a_guest_sees_a_message_go(open_tab, servers, stream, bob):
    at_bob = await open_tab(bob.name)
    await at_bob.watch(servers[0].url, stream.pk)
    await at_bob.say("Wrong window")
    await at_bob.say("Good evening")
    await at_bob.sees("Good evening")
    guest = await open_tab()
    await guest.page.goto(f"{servers[1].url}/watch/{stream.pk}")
    await guest.sees("Wrong window")

    await at_bob.message("Wrong window").hover()
    await at_bob.message("Wrong window").get_by_role("button", name="Remove your message").click()
    await expect(at_bob.message("Wrong window")).to_have_count(0)

    await expect(guest.message("Wrong window")).to_have_count(0, timeout=15_000)
    await guest.sees("Good evening")
