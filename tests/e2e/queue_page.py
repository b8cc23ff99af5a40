"""A moderator in front of the queue in the admin."""

from playwright.async_api import Locator, expect

from tests.e2e.watch_page import Viewer
from tests.people import PASSWORD


class Desk:
    """What one moderator does and sees with nothing but the admin open."""

    def __init__(self, tab: Viewer) -> None:
        self.tab = tab
        self.page = tab.page

    async def open(self, url: str, query: str = "") -> None:
        """Sign in to the admin, follow the sidebar's link to the queue, and wait until it is live."""
        await self.page.goto(f"{url}/admin/")
        await self.page.get_by_label("Username").fill(self.tab.username)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("button", name="Log in").click()
        queue = self.page.locator("#nav-sidebar a").filter(has_text="Queue")
        await expect(queue).to_have_count(1)
        await self.page.goto(f"{url}{await queue.get_attribute('href')}?{query}")
        await self.connected()

    async def connected(self) -> None:
        await self.tab.connected()

    def item(self, text: str) -> Locator:
        """The item about a message."""
        return self.page.locator(".item").filter(has=self.page.locator(".item-words").get_by_text(text, exact=True))

    async def sees(self, text: str) -> Locator:
        """The item about a message, once it is there."""
        item = self.item(text)
        await expect(item).to_have_count(1, timeout=10_000)
        return item

    async def takes_up(self, text: str) -> Locator:
        """Open the item about a message."""
        item = await self.sees(text)
        await item.locator(".item-words").click()
        await expect(item).to_have_attribute("aria-current", "true")
        return item

    async def press(self, name: str) -> None:
        """Press a button of the item that is open."""
        await self.page.locator(".item.is-open").get_by_role("button", name=name, exact=True).click()

    @property
    def notice(self) -> Locator:
        return self.page.locator("#notice")
