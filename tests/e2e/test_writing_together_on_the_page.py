"""Two people write one text in real browsers, on two real servers."""

import hashlib
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from collab.models import Role
from collab.services import sessions as services
from gateway.database import in_database
from gateway.testing_servers import free_port, server_process
from tests.collab.sessions import make_session
from tests.e2e.conftest import SERVER_ENV
from tests.e2e.editor_page import Writer

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@pytest.fixture
def session(alice, bob, mona):
    return make_session(alice, {bob: Role.EDITOR, mona: Role.COMMENTER})


@pytest.fixture
def write_together(open_tab, servers, session):
    """Opens the session for each person, on one server and the other in turn."""

    async def open_all(*people, **options):
        writers = []
        for number, person in enumerate(people):
            writer = Writer(await open_tab(person.name, **options))
            await writer.open(servers[number % 2].url, session)
            writers.append(writer)
        return writers

    return open_all


async def test_two_write_at_once_and_see_each_other(write_together, alice, bob):
    at_alice, at_bob = await write_together(alice, bob)

    await at_alice.write("# Welcome\nTonight we play")
    await at_bob.reads("# Welcome\nTonight we play")
    await at_bob.write(" two sets")

    await at_alice.reads("# Welcome\nTonight we play two sets")
    await expect(at_alice.page.get_by_role("list", name="Here now").get_by_role("listitem")).to_have_count(2)
    await expect(at_alice.page.locator(".cm-ySelectionInfo")).to_have_text(bob.name)


async def test_what_is_written_while_the_server_is_away_is_merged_on_return(open_tab, servers, session, alice, bob):
    port = free_port()
    at_alice, at_bob = Writer(await open_tab(alice.name)), Writer(await open_tab(bob.name))
    await at_bob.open(servers[0].url, session)
    async with server_process(port=port, env=SERVER_ENV) as server:
        await at_alice.open(server.url, session)
        await at_alice.write("One.")
        await at_bob.reads("One.")
    await expect(at_alice.page.locator("#connection")).to_have_attribute("data-state", "reconnecting", timeout=30_000)

    await at_alice.write(" Alone.")
    await at_bob.text.focus()
    await at_bob.page.keyboard.press("Control+Home")
    await at_bob.page.keyboard.type("Zero. ")
    async with server_process(port=port, env=SERVER_ENV):
        await at_bob.reads("Zero. One. Alone.")
        await at_alice.reads("Zero. One. Alone.")
        await at_alice.connected()


async def test_whoever_may_not_write_reads_until_they_may(write_together, alice, mona):
    at_alice, at_mona = await write_together(alice, mona)
    await at_alice.write("Mine")
    await at_mona.reads("Mine")
    await expect(at_mona.page.get_by_text("You take part as commenter")).to_be_visible()
    await at_mona.write("Not mine")
    await at_mona.reads("Mine")

    await at_alice.tab_of("People")
    await at_alice.page.get_by_label(f"Role of {mona.name}").select_option("editor")
    await expect(at_mona.page.get_by_text("You take part as")).to_be_hidden()
    await at_mona.write(" and ours")

    await at_alice.reads("Mine and ours")


async def test_a_comment_stays_with_the_words_it_is_about(write_together, alice, mona):
    at_alice, at_mona = await write_together(alice, mona)
    await at_alice.write("Good evening")
    await at_mona.reads("Good evening")

    await at_mona.select_line()
    await at_mona.page.get_by_label("Comment", exact=True).fill("Warmer?")
    await at_mona.page.get_by_role("button", name="Comment", exact=True).click()

    await expect(at_alice.comments).to_contain_text(["Warmer?"])
    await at_alice.page.keyboard.press("Control+Home")
    await at_alice.text.focus()
    await at_alice.page.keyboard.press("Control+Home")
    await at_alice.page.keyboard.type("Hello! ")
    await expect(at_alice.page.locator(".remark")).to_have_text("Good evening")
    await expect(at_mona.page.locator(".remark")).to_have_text("Good evening")
    await at_alice.comments.get_by_role("button", name="Resolve").click()
    await expect(at_mona.page.locator(".remark")).to_have_count(0)
    await expect(at_mona.comments).to_contain_text(["Resolved"])


async def test_somebody_is_invited_by_name_and_comes_in(open_tab, servers, session, alice, charlie):
    at_alice, at_charlie = Writer(await open_tab(alice.name)), Writer(await open_tab(charlie.name))
    await at_alice.open(servers[0].url, session)
    await at_alice.tab_of("People")
    await at_alice.page.get_by_label("Invite somebody").fill("nobody_of_this_name")
    await at_alice.page.get_by_role("button", name="Invite").click()
    await expect(at_alice.page.get_by_text("There is no such user")).to_be_visible()

    await at_alice.page.get_by_label("Invite somebody").fill(charlie.name)
    await at_alice.page.get_by_role("button", name="Invite").click()
    await expect(at_alice.page.get_by_text(f"{charlie.name} is invited.")).to_be_visible()
    await at_charlie.tab.sign_in(servers[1].url, "/collab/")
    await at_charlie.page.get_by_role("button", name=f"Accept {session.title}").click()
    await at_charlie.connected()

    await at_charlie.write("Here I am")
    await at_alice.reads("Here I am")
    await expect(at_alice.page.get_by_role("list", name="People")).to_contain_text(charlie.name)


async def test_a_version_is_kept_compared_and_gone_back_to(write_together, alice, bob):
    at_alice, at_bob = await write_together(alice, bob)
    await at_alice.write("First words")
    await at_bob.reads("First words")
    await at_alice.tab_of("Versions")
    await at_alice.page.get_by_label("Keep the text as it is now").fill("Draft one")
    await at_alice.page.get_by_role("button", name="Keep").click()
    versions = at_alice.page.get_by_role("list", name="Versions")
    await expect(versions).to_contain_text("Draft one")

    await at_bob.write(" and last")
    await at_alice.reads("First words and last")
    await versions.get_by_role("button", name="Changes since").click()
    await expect(versions.locator("ins")).to_have_text("First words and last")
    at_alice.page.on("dialog", lambda dialog: dialog.accept())
    await versions.get_by_role("button", name="Go back to this").click()

    await at_bob.reads("First words")


async def test_a_completed_text_is_final_for_everybody(write_together, session, alice, bob):
    at_alice, at_bob = await write_together(alice, bob)
    await at_bob.write("The end")
    await at_alice.reads("The end")
    at_alice.page.on("dialog", lambda dialog: dialog.accept())

    await at_alice.page.get_by_role("button", name="Complete").click()

    await expect(at_bob.page.get_by_text("This is its final text")).to_be_visible()
    await at_bob.write(" or not")
    await at_bob.reads("The end")


async def test_a_stranger_finds_no_page(open_tab, servers, session, charlie):
    at_charlie = await open_tab(charlie.name)
    await at_charlie.sign_in(servers[0].url, "/collab/")
    answer = await at_charlie.page.goto(f"{servers[0].url}/collab/{session.pk}/")
    assert answer.status == 404


async def test_somebody_who_is_removed_stops_writing(write_together, session, alice, bob):
    at_alice, at_bob = await write_together(alice, bob)
    await at_bob.write("Before")
    await at_alice.reads("Before")

    await in_database(
        services.change_role,
        user_id=alice.user.pk, session_id=str(session.pk), participant_id=bob.user.pk, role=None,
    )  # fmt: skip

    await expect(at_bob.notice).to_have_text("You no longer take part in this session.")
    await at_bob.write(" after")
    await at_alice.reads("Before")


async def test_the_page_fits_a_phone(write_together, alice):
    (at_alice,) = await write_together(alice, phone=True)
    await at_alice.write("A long line that a phone has to break somewhere, as it does with every line of this length")
    width = await at_alice.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


async def test_sessions_begin_on_the_list(open_tab, servers, alice):
    at_alice = Writer(await open_tab(alice.name))
    await at_alice.tab.sign_in(servers[0].url, "/collab/")
    await expect(at_alice.page.get_by_text("You take part in nothing yet")).to_be_visible()
    await at_alice.page.get_by_label("A new text").fill("Set list")
    await at_alice.page.get_by_role("button", name="Create").click()
    await at_alice.connected()
    await at_alice.write("One")

    await at_alice.page.get_by_role("link", name="Working together").click()
    await expect(at_alice.page.get_by_role("link", name="Set list")).to_be_visible()


def test_the_bundle_is_made_of_what_is_committed():
    digest = hashlib.sha256()
    for source in ("editor.js", "package-lock.json"):
        digest.update((TEMPLATES / "vendor" / source).read_bytes())
    first_line = (TEMPLATES / "static/vendor/editor.js").read_text().partition("\n")[0]
    made_of = re.search(r"[0-9a-f]{64}", first_line)
    assert made_of is not None
    assert made_of[0] == digest.hexdigest(), "run `npm ci && npm run build` in templates/vendor"
