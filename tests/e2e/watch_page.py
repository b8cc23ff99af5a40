"""A viewer in front of a real browser: what they do and what they see on the watch page."""

import re
from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.people import PASSWORD

# The browser says so itself whenever a server is away or refuses; it is no fault of the page.
_EXPECTED = re.compile(r"WebSocket connection to|Failed to load resource")


@dataclass
class Viewer:
    """One tab of one person, or of a guest."""

    page: Page
    context: BrowserContext
    username: str = ""
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _EXPECTED.search(message.text):
            self.problems.append(message.text)

    async def sign_in(self, url: str, path: str = "/") -> None:
        await self.page.goto(f"{url}/signin/?next={path}")
        await self.page.get_by_label("Username").fill(self.username)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("main").get_by_role("button", name="Sign in").click()
        await self.page.wait_for_url(f"{url}{path}")

    async def watch(self, url: str, stream_id: int) -> None:
        """Open the stream's page as somebody signed in, and wait for the chat to be connected."""
        await self.sign_in(url, f"/watch/{stream_id}")
        await self.connected()

    async def connected(self) -> None:
        await expect(self.page.locator("#connection")).to_have_attribute("data-state", "live", timeout=30_000)

    async def say(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def sees(self, text: str) -> Locator:
        """The message with exactly this text, once it is there."""
        message = self.message(text)
        await expect(message).to_have_count(1, timeout=10_000)
        return message

    def message(self, text: str) -> Locator:
        exact = self.page.locator(".message-text").filter(has_text=re.compile(f"^{re.escape(text)}$"))
        return self.page.locator(".message").filter(has=exact)

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    @property
    def alert(self) -> Locator:
        return self.page.locator("#alerts").get_by_role("alert")
