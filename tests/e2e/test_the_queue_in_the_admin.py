"""A moderator takes a report from its arrival to its decision with nothing but the admin open."""

import secrets

import pytest
from playwright.async_api import expect

from accounts.models import User
from gateway.database import in_database
from moderation.services.second_look import note_outage
from tests.e2e.queue_page import Desk
from tests.e2e.test_pages import UNCLEAR
from tests.people import PASSWORD, done, make_person, say


@pytest.fixture
def staff(mona):
    """Mona moderates, and may enter the admin."""
    User.objects.filter(pk=mona.user.pk).update(is_staff=True)
    return mona


@pytest.fixture
def ruth():
    """Another moderator."""
    return make_person("ruth", is_moderator=True, is_staff=True)


@pytest.fixture
def report(servers, crowd, stream, bob, charlie):
    """Charlie writes something in Alice's stream, and Bob reports it; the id of the message."""

    async def write_and_report(text, reason="harassment"):
        author, reporter = await crowd.connect(servers[0], charlie), await crowd.connect(servers[1], bob)
        message = done(await say(author, stream, text))
        done(await reporter.call("report:send", {"subjectId": message["id"], "reason": reason}))
        return message["id"]

    return write_and_report


@pytest.fixture
def words():
    """Words nobody else writes: the queue is one for all tests."""
    return f"good evening {secrets.token_hex(4)}"


async def test_a_report_arrives_is_claimed_and_decided_and_the_room_sees_it(
    open_tab, servers, stream, staff, bob, report, words
):
    at_mona, at_bob = Desk(await open_tab(staff.name)), await open_tab(bob.name)
    await at_mona.open(servers[0].url, f"streamId={stream.pk}")
    await at_bob.watch(servers[1].url, stream.pk)

    await report(words)
    await at_bob.sees(words)
    item = await at_mona.takes_up(words)
    await expect(item).to_contain_text("1 report: harassment")
    await expect(item.get_by_role("list", name="Reported by")).to_contain_text(bob.name)
    assert await at_mona.page.evaluate(UNCLEAR) == []
    await at_mona.press("Claim")
    await expect(item).to_contain_text(f"{staff.name} is on it")
    await item.get_by_label("Reason").fill("Insults")
    await at_mona.press("Remove")

    await expect(at_bob.message(words)).to_have_count(0)
    await expect(item).to_contain_text(f"{staff.name} removed it")


async def test_of_two_moderators_the_second_sees_who_was_quicker(open_tab, servers, stream, staff, ruth, report, words):
    await report(words)
    at_mona, at_ruth = Desk(await open_tab(staff.name)), Desk(await open_tab(ruth.name))
    await at_mona.open(servers[0].url, f"streamId={stream.pk}")
    await at_ruth.open(servers[1].url, f"streamId={stream.pk}")
    at_mona_item, at_ruth_item = await at_mona.takes_up(words), await at_ruth.takes_up(words)

    await at_mona.press("Claim")
    await expect(at_ruth_item).to_contain_text(f"{staff.name} is on it")
    await at_ruth.press("Keep")
    await expect(at_ruth.notice).to_contain_text(f"{staff.name} is on it.")

    await at_mona.press("Remove")
    await expect(at_ruth_item).to_contain_text(f"{staff.name} removed it")
    await expect(at_mona_item).to_contain_text(f"{staff.name} removed it")


async def test_several_are_decided_by_keyboard_and_taken_back(open_tab, servers, stream, staff, bob, report, words):
    texts = [f"{words} one", f"{words} two"]
    for text in texts:
        await report(text)
    at_bob, at_mona = await open_tab(bob.name), Desk(await open_tab(staff.name))
    await at_bob.watch(servers[1].url, stream.pk)
    await at_mona.open(servers[0].url, f"streamId={stream.pk}")
    keyboard = at_mona.page.keyboard

    for text in texts:
        await at_mona.takes_up(text)
        await keyboard.press("x")
    await expect(at_mona.page.locator("#bulk-count")).to_have_text("2 items selected")
    await keyboard.press("h")
    for text in texts:
        await expect(at_bob.message(text)).to_have_count(0)
    await expect(at_mona.notice).to_contain_text("Removed: 2 items.")

    await keyboard.press("u")
    for text in texts:
        await at_bob.sees(text)
        await at_mona.sees(text)


async def test_a_filter_is_saved_used_again_and_deleted(open_tab, servers, stream, staff, report, words):
    spam, threat = f"{words} followers", f"{words} outside"
    await report(spam, "spam")
    await report(threat, "threat")
    at_mona = Desk(await open_tab(staff.name))
    await at_mona.open(servers[0].url, f"streamId={stream.pk}")
    page = at_mona.page
    await at_mona.takes_up(spam)
    await at_mona.press("Claim")
    await expect(at_mona.item(spam)).to_contain_text(f"{staff.name} is on it")

    await page.get_by_label("Assignee").select_option("me")
    await expect(at_mona.item(threat)).to_have_count(0)
    await at_mona.sees(spam)
    await page.get_by_label("Name of the filter").fill("On my desk")
    await page.keyboard.press("Enter")
    kept = page.get_by_role("list", name="Saved filters").get_by_role("button", name="On my desk", exact=True)
    await expect(kept).to_have_attribute("aria-pressed", "true")

    await page.get_by_label("Assignee").select_option("")
    await at_mona.sees(threat)
    await page.reload()
    await expect(kept).to_have_attribute("aria-pressed", "false")
    await kept.click()
    await expect(at_mona.item(threat)).to_have_count(0)
    await at_mona.sees(spam)
    await page.get_by_role("button", name="Delete the filter On my desk").click()
    await expect(kept).to_have_count(0)


async def test_a_lost_connection_says_so_and_is_made_good(open_tab, servers, stream, staff, report, words):
    at_mona = Desk(await open_tab(staff.name))
    await at_mona.open(servers[0].url, f"streamId={stream.pk}")
    lost = at_mona.page.get_by_text("The connection is lost.")
    await at_mona.tab.context.set_offline(True)
    await expect(lost).to_be_visible()
    await report(words)

    await at_mona.tab.context.set_offline(False)

    await at_mona.sees(words)
    await expect(lost).to_be_hidden()


async def test_a_moderator_is_told_that_nobody_looks_a_second_time_and_when_somebody_does_again(
    open_tab, servers, staff
):
    at_mona = Desk(await open_tab(staff.name))
    told = at_mona.page.get_by_text("Nobody looks at messages a second time")
    await in_database(note_outage, provider="webhook", is_away=True)
    await at_mona.open(servers[0].url)
    await expect(told).to_contain_text("webhook is away")

    for is_away in (False, True):
        await in_database(note_outage, provider="webhook", is_away=is_away)
        await expect(told).to_be_visible(visible=is_away)
    await in_database(note_outage, provider="webhook", is_away=False)
    await at_mona.page.reload()
    await at_mona.connected()
    await expect(told).to_be_hidden()


async def test_whoever_does_not_moderate_has_no_queue(open_tab, servers, alice):
    await in_database(User.objects.filter(pk=alice.user.pk).update, is_staff=True)
    tab = await open_tab(alice.name)
    await tab.page.goto(f"{servers[0].url}/admin/")
    await tab.page.get_by_label("Username").fill(alice.name)
    await tab.page.get_by_label("Password").fill(PASSWORD)
    await tab.page.get_by_role("button", name="Log in").click()
    await expect(tab.page.locator("#nav-sidebar a").filter(has_text="Queue")).to_have_count(0)
    answer = await tab.page.goto(f"{servers[0].url}/admin/moderation/item/")
    assert answer.status == 403
