"""Every page and the admin under its content security policy in a real browser, without one violation."""

import pytest
from playwright.async_api import expect

from accounts.models import User
from tests.people import PASSWORD

ADMIN_PAGES = (
    "", "accounts/user/", "accounts/user/add/", "accounts/session/", "accounts/violation/", "streams/stream/",
    "moderation/decision/", "chat/message/", "moderation/listentry/add/", "moderation/policyrow/add/",
    "moderation/item/",
)  # fmt: skip
_VIOLATIONS = """
  window.broken = [];
  document.addEventListener("securitypolicyviolation", (e) => broken.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


@pytest.fixture
def staff(mona):
    User.objects.filter(pk=mona.user.pk).update(is_staff=True, is_superuser=True)
    return mona


async def visit(tab, url):
    """Open a page; it must come with a policy and break none of it."""
    response = await tab.page.goto(url)
    assert response is not None
    assert response.ok, url
    headers = response.headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    await tab.page.wait_for_load_state("networkidle")
    assert await tab.page.evaluate("broken") == [], url
    return headers["content-security-policy"]


async def test_the_pages_of_viewers(open_tab, servers, stream):
    tab = await open_tab()
    await tab.page.add_init_script(_VIOLATIONS)
    for path in ("/", "/signin/", "/register/", f"/watch/{stream.pk}"):
        policy = await visit(tab, servers[0].url + path)
        assert "unsafe" not in policy


async def test_the_admin(open_tab, servers, staff):
    tab = await open_tab()
    page = tab.page
    await page.add_init_script(_VIOLATIONS)
    await visit(tab, f"{servers[0].url}/admin/")
    await page.get_by_label("Username").fill(staff.name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url("**/admin/")
    for path in (*ADMIN_PAGES, f"accounts/user/{staff.id}/change/"):
        policy = await visit(tab, f"{servers[0].url}/admin/{path}")
        assert "script-src 'self' 'unsafe-eval'" in policy


async def test_code_from_elsewhere_does_not_run(open_tab, servers):
    """What somebody might get into a page: the browser itself refuses it."""
    tab = await open_tab()
    await tab.page.add_init_script(_VIOLATIONS)
    await tab.page.goto(f"{servers[0].url}/")
    await tab.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hacked = 1\">')"
    )
    await tab.page.wait_for_function("broken.length > 0")
    assert await tab.page.evaluate("window.hacked") is None
    tab.problems.clear()
    await expect(tab.page.get_by_role("main")).to_be_visible()
