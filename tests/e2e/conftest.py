"""A real browser, and two real servers that serve what pages need."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, async_playwright

from gateway.testing_servers import ServerProcess, server_process
from tests.e2e.watch_page import Viewer

SERVER_ENV = {"DJANGO_SETTINGS_MODULE": "tests.e2e.settings"}
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

Open = Callable[..., Awaitable[Viewer]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        reason = f"no browser on PATH: none of {', '.join(_NAMES)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=[*_FLAGS])
        yield chromium
        await chromium.close()


@pytest.fixture(scope="session")
async def servers(browser: Browser) -> AsyncIterator[tuple[ServerProcess, ServerProcess]]:
    async with server_process(env=SERVER_ENV) as one, server_process(env=SERVER_ENV) as other:
        yield one, other


@pytest.fixture
async def open_tab(browser: Browser) -> AsyncIterator[Open]:
    """Opens tabs, each with cookies of its own; a tab the page went wrong in fails the test."""
    async with AsyncExitStack() as stack:
        tabs: list[Viewer] = []

        async def open_one(username: str = "", *, phone: bool = False, **options: object) -> Viewer:
            context = await browser.new_context(
                viewport=PHONE if phone else DESKTOP, has_touch=phone, is_mobile=phone, locale="en-GB", **options
            )
            stack.push_async_callback(context.close)
            tab = Viewer(await context.new_page(), context, username)
            tabs.append(tab)
            return tab

        yield open_one
        problems = [problem for tab in tabs for problem in tab.problems]
        assert not problems, problems
