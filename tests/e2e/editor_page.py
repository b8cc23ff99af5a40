"""Somebody in front of the editor page."""

from playwright.async_api import Locator, expect

from collab.models import Session
from tests.e2e.watch_page import Viewer

# The text without the names at the carets of others, which stand in it.
_READS = """text => {
  const lines = [...document.querySelectorAll(".cm-line")].map((line) => {
    const words = line.cloneNode(true);
    for (const caret of words.querySelectorAll(".cm-ySelectionCaret, .cm-placeholder")) caret.remove();
    return words.textContent;
  });
  return lines.join("\\n") === text;
}"""


class Writer:
    """What one person does and sees on the editor page, in a tab of theirs."""

    def __init__(self, tab: Viewer) -> None:
        self.tab = tab
        self.page = tab.page

    async def open(self, url: str, session: Session) -> None:
        """Open the session's page as somebody signed in, and wait until the text is there."""
        await self.tab.sign_in(url, f"/collab/{session.pk}/")
        await self.connected()

    async def connected(self) -> None:
        await expect(self.page.locator("#connection")).to_have_attribute("data-state", "live", timeout=30_000)

    async def write(self, text: str) -> None:
        """Write at the end of the text."""
        await self.text.focus()
        await self.page.keyboard.press("Control+End")
        await self.page.keyboard.type(text)

    async def select_line(self) -> None:
        """Select the first line."""
        await self.text.focus()
        await self.page.keyboard.press("Control+Home")
        await self.page.keyboard.press("Shift+End")

    async def reads(self, text: str) -> None:
        """Wait until the text is exactly this."""
        await self.page.wait_for_function(_READS, arg=text, timeout=15_000)

    async def tab_of(self, name: str) -> None:
        await self.page.get_by_role("tab", name=name).click()

    @property
    def text(self) -> Locator:
        return self.page.get_by_label("Text", exact=True).locator(".cm-content")

    @property
    def comments(self) -> Locator:
        return self.page.get_by_role("list", name="Comments").get_by_role("listitem")

    @property
    def notice(self) -> Locator:
        return self.page.locator("#notice")
