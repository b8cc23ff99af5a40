"""What is played on the watch page, as somebody in front of it does it."""

import re

from playwright.async_api import Locator, expect

from tests.e2e.watch_page import Viewer


async def open_gifts(tab: Viewer) -> None:
    """Open the tray, and wait until it shows gifts."""
    await tab.page.get_by_role("button", name="Gift", exact=True).click()
    await expect(tab.page.get_by_role("radio", name=re.compile("^Rose"))).to_be_visible()


async def choose_gift(tab: Viewer, category: str, name: str) -> None:
    """Choose a gift of the open tray."""
    await tab.page.get_by_role("radio", name=category, exact=True).check()
    await tab.page.get_by_role("radio", name=re.compile(f"^{re.escape(name)}")).check()


async def send_gift(tab: Viewer) -> None:
    """Press the button, whether or not the page says that it can be pressed."""
    await tab.page.locator("#gift-send").press("Enter")


async def gift(tab: Viewer, category: str, name: str) -> None:
    """Send a gift out of the open tray, and wait until it is paid."""
    await choose_gift(tab, category, name)
    await send_gift(tab)
    await expect(tab.page.locator("#gift-note")).to_contain_text(re.compile(f"Sent {name}|Combo"))


def banner(tab: Viewer) -> Locator:
    """The banners of received gifts over the picture."""
    return tab.page.locator(".gift-banner")


def coins(tab: Viewer) -> Locator:
    """What the viewer's wallet says."""
    return tab.page.locator("#purse-coins")


def throne(tab: Viewer) -> Locator:
    """The throne's part of the page."""
    return tab.page.get_by_role("region", name="Throne")


def battle(tab: Viewer) -> Locator:
    """The battle's part of the page."""
    return tab.page.get_by_role("region", name="Battle")
