"""The watch page in a real browser, against real server processes."""

import json
import re

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import expect

from chat.models import Kind, Visibility
from chat.services import Draft, send_messages
from gateway.identity import Identity
from gateway.testing_servers import free_port, server_process
from streams import services as stream_services
from streams.selectors import access_card
from tests.e2e.conftest import SERVER_ENV
from tests.people import done, make_stream

# Stopped, and not bad enough for a mute.
RUDE = "that dickhead at the door would not let us in, so we walked home in the rain"


async def watch_together(open_tab, servers, stream, *people):
    """A tab for each person, on one server and the other in turn."""
    tabs = []
    for number, person in enumerate(people):
        tab = await open_tab(person.name)
        await tab.watch(servers[number % 2].url, stream.pk)
        tabs.append(tab)
    return tabs


async def write_many(stream, author, texts):
    """Messages written past the limits of a single user, announced like any other."""

    def write():
        identity = Identity(author.id, author.name, "", 0, "")
        card = access_card(identity, str(stream.pk))
        send_messages(drafts=[Draft(identity, card, text, Visibility.PUBLIC, Kind.TEXT) for text in texts])

    await sync_to_async(write)()


async def test_two_viewers_on_two_servers_chat(open_tab, servers, stream, bob, charlie):
    at_bob, at_charlie = await watch_together(open_tab, servers, stream, bob, charlie)
    await at_bob.say('Good evening 👋 1 < 2 & "three"')
    await at_charlie.sees('Good evening 👋 1 < 2 & "three"')
    await at_charlie.say("Hello to you")
    await at_bob.sees("Hello to you")
    await expect(at_bob.page.locator("#viewer-count")).to_have_text("2")
    await expect(at_bob.page.locator("#comments-count")).to_have_text("2")
    await expect(at_bob.page.locator(".notice")).to_contain_text([f"{charlie.name} joined"])


async def test_a_mention_stands_out_even_after_emoji(open_tab, servers, stream, bob, charlie):
    at_bob, at_charlie = await watch_together(open_tab, servers, stream, bob, charlie)
    text = f"😀😀 @{charlie.name} look"
    await at_bob.say(text)
    message = await at_charlie.sees(text)
    await expect(message.locator(".mention-me")).to_have_text(f"@{charlie.name}")
    await expect(message).to_have_class(re.compile("message-mentions-me"))
    await expect(at_bob.message(text).locator(".mention-me")).to_have_count(0)


async def test_names_are_offered_after_an_at_sign(open_tab, servers, stream, bob, charlie):
    at_bob, at_charlie = await watch_together(open_tab, servers, stream, bob, charlie)
    await at_charlie.say("here I am")
    await at_bob.sees("here I am")
    await at_bob.composer.press_sequentially(f"hey @{charlie.name[:4]}")
    option = at_bob.page.get_by_role("option", name=charlie.name)
    await expect(option).to_have_attribute("aria-selected", "true")
    await at_bob.composer.press("Tab")
    await expect(at_bob.composer).to_have_value(f"hey @{charlie.name} ")
    await expect(option).to_have_count(0)


async def test_a_reply_shows_and_finds_what_it_answers(open_tab, servers, stream, bob, charlie):
    at_bob, at_charlie = await watch_together(open_tab, servers, stream, bob, charlie)
    await at_bob.say("Which record is this?")
    question = await at_charlie.sees("Which record is this?")
    await question.hover()
    await question.get_by_role("button", name=f"Reply to {bob.name}").click()
    await expect(at_charlie.page.locator("#reply-bar")).to_contain_text("Which record is this?")
    await at_charlie.say("The second one")
    answer = await at_bob.sees("The second one")
    await answer.locator(".message-quote").click()
    await expect(at_bob.message("Which record is this?")).to_be_focused()
    await expect(at_charlie.page.locator("#reply-bar")).to_be_hidden()


async def test_a_whisper_is_for_the_host_alone(open_tab, servers, stream, bob, charlie, alice):
    at_bob, at_charlie, at_alice = await watch_together(open_tab, servers, stream, bob, charlie, alice)
    await at_bob.page.get_by_role("radio", name="Whisper").check()
    await at_bob.say("Your microphone is off")
    for tab in (at_bob, at_alice):
        message = await tab.sees("Your microphone is off")
        await expect(message).to_contain_text("Only you, the host and moderators see this")
    await at_bob.page.get_by_role("radio", name="Everyone").check()
    await at_bob.say("Said aloud")
    await at_charlie.sees("Said aloud")
    await expect(at_charlie.message("Your microphone is off")).to_have_count(0)


async def test_answering_a_whisper_whispers(open_tab, servers, stream, bob, alice):
    at_bob, at_alice = await watch_together(open_tab, servers, stream, bob, alice)
    await at_bob.page.get_by_role("radio", name="Whisper").check()
    await at_bob.say("Between us")
    whisper = await at_alice.sees("Between us")
    await whisper.hover()
    await whisper.get_by_role("button", name="Reply").click()
    await expect(at_alice.page.get_by_role("radio", name="Whisper")).to_be_checked()


async def test_a_stopped_message_warns_its_author_alone(open_tab, servers, stream, bob, charlie):
    at_bob, at_charlie = await watch_together(open_tab, servers, stream, bob, charlie)
    await at_bob.say(RUDE)
    await expect(at_bob.alert).to_contain_text("Your message was not sent")
    await expect(at_bob.composer).to_have_value(RUDE)
    await at_bob.say("sorry, that was rude")
    await at_charlie.sees("sorry, that was rude")
    await expect(at_charlie.message(RUDE)).to_have_count(0)
    await expect(at_bob.message(RUDE)).to_have_count(0)
    await expect(at_charlie.alert).to_have_count(0)
    await expect(at_bob.alert).to_have_count(0)


async def test_a_mute_closes_the_composer_until_its_end(open_tab, servers, stream, bob):
    (at_bob,) = await watch_together(open_tab, servers, stream, bob)
    await at_bob.say("kill yourself")
    await expect(at_bob.alert).to_contain_text("You cannot write until")
    await expect(at_bob.composer).to_be_disabled()
    await expect(at_bob.page.locator("#send")).to_contain_text(re.compile(r"(10:00|9:\d\d)"))
    await at_bob.alert.get_by_role("button", name="Dismiss").click()
    await expect(at_bob.alert).to_have_count(0)
    await expect(at_bob.composer).to_be_disabled()


async def test_slow_mode_keeps_the_text_and_counts_down(open_tab, servers, alice, bob):
    stream = await sync_to_async(make_stream)(alice, slow_mode_seconds=3)
    (at_bob,) = await watch_together(open_tab, servers, stream, bob)
    await expect(at_bob.page.locator("#composer-hint")).to_contain_text("Slow mode")
    await at_bob.say("one")
    await at_bob.sees("one")
    await at_bob.say("two")
    await expect(at_bob.page.locator("#send")).to_contain_text(re.compile(r"[123] s"))
    await expect(at_bob.composer).to_have_value("two")
    await expect(at_bob.page.locator("#send")).to_have_text("Send", timeout=6_000)
    await at_bob.composer.press("Enter")
    await at_bob.sees("two")


async def test_what_the_chat_asks_of_viewers_is_shown_when_it_changes(open_tab, servers, alice, bob, stream, crowd):
    (at_bob,) = await watch_together(open_tab, servers, stream, bob)
    hint = at_bob.page.locator("#composer-hint")
    host = await crowd.connect(servers[0], alice)
    done(await host.call("chat:settings", {"streamId": str(stream.pk), "linksAllowed": False}))
    await expect(hint).to_contain_text("No links")
    done(await host.call("chat:shield", {"streamId": str(stream.pk), "on": True}))
    await expect(hint).to_contain_text("The shield is up")
    done(await host.call("chat:shield", {"streamId": str(stream.pk), "on": False}))
    await expect(hint).not_to_contain_text("The shield is up")


async def test_nothing_is_lost_or_doubled_over_a_crash_of_the_server(open_tab, servers, stream, bob, charlie):
    port = free_port()
    at_bob, at_charlie = await open_tab(bob.name), await open_tab(charlie.name)
    await at_charlie.watch(servers[0].url, stream.pk)
    async with server_process(port=port, env=SERVER_ENV) as server:
        await at_bob.watch(server.url, stream.pk)
        await at_bob.say("before the crash")
        await at_charlie.sees("before the crash")
        await server.kill()
        await expect(at_bob.page.locator("#connection")).to_have_attribute("data-state", "reconnecting")
        await expect(at_bob.page.get_by_role("button", name="Reconnect now")).to_be_visible()
        await at_bob.say("written while away")
        await expect(at_bob.page.locator("#unsent")).to_contain_text("Waiting for the connection")
        await at_charlie.say("said meanwhile")
        await at_charlie.sees("said meanwhile")
    async with server_process(port=port, env=SERVER_ENV):
        await at_bob.connected()
        await at_bob.sees("said meanwhile")
        await at_bob.sees("written while away")
        await at_charlie.sees("written while away")
        await expect(at_bob.page.locator("#unsent")).to_be_empty()
        await expect(at_bob.message("before the crash")).to_have_count(1)
        texts = await at_bob.page.locator(".message-text").all_inner_texts()
        assert texts == ["before the crash", "said meanwhile", "written while away"]


async def test_a_message_whose_answer_got_lost_is_sent_once(open_tab, servers, stream, bob, charlie):
    at_bob, at_charlie = await open_tab(bob.name), await open_tab(charlie.name)
    await at_charlie.watch(servers[1].url, stream.pk)
    connections = 0

    async def lose_the_answer(socket):
        """The first connection ends in the moment a message is answered, before the page hears of it."""
        nonlocal connections
        connections += 1
        server, is_first = socket.connect_to_server(), connections == 1

        async def pass_on(text):
            frame = json.loads(text)
            if is_first and frame["event"] == "reply" and set(frame["data"]) == {"id"}:
                await server.close()
                await socket.close(code=1011)
            elif not is_first or frame["event"] != "chat:new":
                socket.send(text)

        server.on_message(pass_on)

    await at_bob.page.route_web_socket("**/ws/", lose_the_answer)
    await at_bob.watch(servers[0].url, stream.pk)
    await at_bob.say("only once, please")
    await at_charlie.sees("only once, please")
    await at_bob.connected()
    await at_bob.sees("only once, please")
    await expect(at_bob.page.locator("#unsent")).to_be_empty()
    await at_bob.say("and this after it")
    await at_charlie.sees("and this after it")
    assert connections == 2
    for tab in (at_bob, at_charlie):
        await expect(tab.page.locator(".message-text")).to_have_text(["only once, please", "and this after it"])


async def test_signing_out_elsewhere_is_explained_and_not_retried(open_tab, servers, stream, bob):
    (at_bob,) = await watch_together(open_tab, servers, stream, bob)
    other = await at_bob.context.new_page()
    await other.goto(servers[1].url)
    await other.get_by_role("button", name="Sign out").click()
    await expect(at_bob.alert).to_contain_text("You are signed out")
    await expect(at_bob.alert.get_by_role("link", name="Sign in")).to_be_visible()
    await expect(at_bob.page.locator("#connection")).to_have_attribute("data-state", "closed")


async def test_history_loads_upward_in_order(open_tab, servers, stream, bob, charlie):
    await write_many(stream, charlie, [f"line {number}" for number in range(130)])
    (at_bob,) = await watch_together(open_tab, servers, stream, bob)
    await at_bob.sees("line 129")
    for _ in range(4):
        await at_bob.page.locator("#messages").evaluate("log => { log.scrollTop = 0 }")
        await at_bob.page.wait_for_timeout(300)
    await expect(at_bob.page.locator("#history")).to_contain_text("The beginning of the chat")
    texts = await at_bob.page.locator(".message-text").all_inner_texts()
    assert texts == [f"line {number}" for number in range(130)]


async def test_new_messages_are_counted_while_reading_further_up(open_tab, servers, stream, bob, charlie):
    await write_many(stream, charlie, [f"line {number}" for number in range(60)])
    (at_bob,) = await watch_together(open_tab, servers, stream, bob)
    await at_bob.sees("line 59")
    log = at_bob.page.locator("#messages")
    await log.evaluate("log => { log.scrollTop = log.scrollHeight / 3 }")
    pill = at_bob.page.locator("#new-messages")
    await expect(pill).to_be_visible()
    place = await log.evaluate("log => log.scrollTop")
    await write_many(stream, charlie, ["news", "more news"])
    await expect(pill).to_have_text("2 new messages")
    assert await log.evaluate("log => log.scrollTop") == place
    await pill.click()
    await expect(pill).to_be_hidden()
    await expect(at_bob.message("more news")).to_be_in_viewport()


async def test_a_flood_keeps_the_page_small_and_responsive(open_tab, servers, stream, bob, charlie):
    (at_bob,) = await watch_together(open_tab, servers, stream, bob)
    await at_bob.page.evaluate("""() => {
      window.worst = 0;
      let last = performance.now();
      const tick = (now) => {
        window.worst = Math.max(window.worst, now - last);
        last = now;
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    }""")
    for batch in range(4):
        await write_many(stream, charlie, [f"flood {batch * 200 + number}" for number in range(200)])
    await at_bob.sees("flood 799")
    assert await at_bob.page.locator("#message-list > li").count() <= 500
    assert await at_bob.page.evaluate("window.worst") < 1000
    await expect(at_bob.message("flood 799")).to_be_in_viewport()


async def test_the_keyboard_is_enough(open_tab, servers, stream, bob, charlie):
    at_bob, at_charlie = await watch_together(open_tab, servers, stream, bob, charlie)
    await at_charlie.say("Anybody awake?")
    await at_bob.sees("Anybody awake?")
    keyboard = at_bob.page.keyboard
    await keyboard.press("Tab")
    await expect(at_bob.page.get_by_role("link", name="Skip to chat")).to_be_focused()
    await keyboard.press("Enter")
    await expect(at_bob.composer).to_be_focused()
    await keyboard.type("first line")
    await keyboard.press("Shift+Enter")
    await keyboard.type("second line")
    await keyboard.press("Enter")
    await at_charlie.sees("first line\nsecond line")
    await keyboard.press("Shift+Tab")
    await expect(at_bob.page.get_by_role("log")).to_be_focused()
    await keyboard.press("ArrowUp")
    await keyboard.press("ArrowUp")
    await expect(at_bob.message("Anybody awake?")).to_be_focused()
    await keyboard.press("r")
    await expect(at_bob.composer).to_be_focused()
    await keyboard.press("Escape")
    await expect(at_bob.page.locator("#reply-bar")).to_be_hidden()
    await keyboard.press("Shift+Tab")
    await keyboard.press("End")
    await keyboard.press("ArrowUp")
    await keyboard.press("r")
    await keyboard.type("Always")
    await keyboard.press("Enter")
    answer = await at_charlie.sees("Always")
    await expect(answer.locator(".message-quote")).to_contain_text("Anybody awake?")


async def test_the_chat_opens_and_closes_with_the_stream(open_tab, servers, alice, bob):
    stream = await sync_to_async(make_stream)(alice, live=False)
    (at_bob,) = await watch_together(open_tab, servers, stream, bob)
    await expect(at_bob.composer).to_be_disabled()
    await expect(at_bob.page.locator("#player-message")).to_have_text("Starting soon")
    stream = await sync_to_async(stream_services.start_stream)(stream=stream)
    await expect(at_bob.composer).to_be_enabled()
    await expect(at_bob.page.locator("#stream-status")).to_have_text("Live")
    # A server acts on what it knew of a stream for up to a second.
    await at_bob.page.wait_for_timeout(1100)
    await at_bob.say("Finally")
    await at_bob.sees("Finally")
    await sync_to_async(stream_services.end_stream)(stream=stream)
    await expect(at_bob.composer).to_be_disabled()
    await expect(at_bob.page.locator("#player-message")).to_have_text("This stream has ended")


async def test_a_guest_reads_along(open_tab, servers, stream, bob):
    (at_bob,) = await watch_together(open_tab, servers, stream, bob)
    await at_bob.say("Anybody can read this")
    await at_bob.sees("Anybody can read this")
    guest = await open_tab()
    await guest.page.goto(f"{servers[1].url}/watch/{stream.pk}")
    await guest.sees("Anybody can read this")
    await expect(guest.composer).to_have_count(0)
    await guest.page.locator(".invitation").get_by_role("link", name="Sign in").click()
    assert guest.page.url.endswith(f"/signin/?next=/watch/{stream.pk}")


@pytest.mark.parametrize(("text", "size"), [("🎉 🎉", "32px"), ("hi 🎉", "15px")])
async def test_messages_of_emoji_alone_are_bigger(open_tab, servers, stream, bob, text, size):
    (at_bob,) = await watch_together(open_tab, servers, stream, bob)
    await at_bob.say(text)
    message = await at_bob.sees(text)
    await expect(message.locator(".message-text")).to_have_css("font-size", size)
