"""Takes the pictures of the queue that are in docs/pictures: `pytest tests/e2e/pictures_of_the_queue.py`."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from accounts.models import User
from gateway.database import in_database
from tests.e2e.queue_page import Desk
from tests.people import PASSWORD, done, make_stream, say, sign_in

PICTURES = Path(__file__).resolve().parents[2] / "docs/pictures"
SAID = (
    ("charlie", "Good evening everybody, first time here", None),
    ("dave", "welcome!", None),
    ("charlie", "this stream puts me to sleep, so boring", "harassment"),
    ("dave", "so leave, it is better without you", "harassment"),
    ("erin", "get your followers at my page, cheap and quick", "spam"),
    ("frank", "dumb stream", None),
    ("erin", "see you outside after the show", "threat"),
)


@pytest.fixture
def people():
    """People whose names are good to look at."""

    def make(name, **fields):
        return sign_in(User.objects.create_user(name, password=PASSWORD, **fields))

    staff = {"is_moderator": True, "is_staff": True}
    names = ("alice", "bob", "charlie", "dave", "erin", "frank")
    return {
        **{name: make(name) for name in names},
        "mona": make("mona", **staff, is_superuser=True),
        "ruth": make("ruth", **staff),
    }


@pytest.fixture
async def busy(servers, crowd, people):
    """An evening of Alice's stream, with what Bob and Dave report."""
    stream = await in_database(make_stream, people["alice"])
    clients = {name: await crowd.connect(servers[0], person) for name, person in people.items()}
    for name, text, reason in SAID:
        message = done(await say(clients[name], stream, text))
        if reason is None:
            continue
        report = {"subjectId": message["id"], "reason": reason}
        done(await clients["bob"].call("report:send", {**report, "note": "He goes on and on."}))
        if reason == "harassment":
            done(await clients["alice"].call("report:send", report))
    (item, *_) = done(await clients["ruth"].call("queue:list", {"kind": "hold"}))["items"]
    done(await clients["ruth"].call("queue:claim", {"items": [{"id": item["id"], "version": item["version"]}]}))
    return stream


async def take(page: Page, name: str) -> None:
    await page.evaluate("document.fonts.ready")
    await page.screenshot(path=PICTURES / f"{name}.png")


async def test_pictures(open_tab, servers, busy, people):
    for name, options in {
        "light": {"color_scheme": "light"},
        "dark": {"color_scheme": "dark"},
        "phone": {"phone": True},
    }.items():
        at_mona = Desk(await open_tab("mona", **options))
        await at_mona.open(servers[0].url)
        await at_mona.takes_up(SAID[3][1])
        await expect(at_mona.page.locator(".item-context")).to_be_visible()
        await take(at_mona.page, f"queue-{name}")
        assert await at_mona.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
