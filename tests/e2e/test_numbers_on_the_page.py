"""Numbers over time as charts: for hosts on a page of their own, for staff in the admin."""

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from playwright.async_api import expect

from streams import services as stream_services
from streams.models import Period, StreamNumbers
from tests.e2e.test_pages import TOO_WIDE, UNCLEAR
from tests.people import make_person


async def have_numbers(stream):
    """Three minutes, an hour and a day with numbers."""
    now = timezone.now().replace(second=0, microsecond=0)
    hour = now.replace(minute=0)
    rows = [(Period.MINUTE, now - timedelta(minutes=ago), ago) for ago in (1, 2, 5)]
    rows += [(Period.HOUR, hour, 8), (Period.DAY, datetime(now.year, now.month, now.day, tzinfo=UTC), 8)]
    await StreamNumbers.objects.abulk_create(
        StreamNumbers(
            stream=stream, period=period, starts_at=at, viewers=10 * n, likes=n, gifts=n, coins=100 * n, comments=n
        )
        for period, at, n in rows
    )


async def test_a_host_finds_the_numbers_of_their_stream(open_tab, servers, stream, alice, bob):
    await have_numbers(stream)
    tab = await open_tab(alice.name)
    await tab.sign_in(servers[0].url, "/studio/")
    await tab.page.get_by_role("link", name=stream.title).click()
    viewers = tab.page.get_by_role("img", name="Viewers by minute: 50 at most")
    await expect(viewers).to_be_visible()
    coins = tab.page.get_by_role("img", name="Coins by minute: 800 in all")
    await expect(coins).to_be_visible()
    assert await coins.locator(".chart-bar").count() == 60
    await tab.page.get_by_text("Show as a table").click()
    table = tab.page.get_by_role("table", name="Numbers by minute")
    await expect(table.get_by_role("row")).to_have_count(4)
    await expect(table.get_by_role("row").nth(1)).to_contain_text("100")
    await tab.page.get_by_role("radio", name="Days").check()
    await expect(tab.page.get_by_role("img", name="Coins by day: 800 in all")).to_be_visible()
    await expect(tab.page.get_by_role("table", name="Numbers by day")).to_be_visible()

    stranger = await open_tab(bob.name)
    await stranger.sign_in(servers[1].url)
    response = await stranger.page.goto(f"{servers[1].url}/studio/{stream.pk}")
    assert response is not None
    assert response.status == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_charts_fit_a_phone_and_say_when_there_is_nothing(open_tab, servers, stream, alice, scheme):
    tab = await open_tab(alice.name, phone=True, color_scheme=scheme)
    await tab.sign_in(servers[0].url, f"/studio/{stream.pk}")
    await expect(tab.page.get_by_role("status")).to_contain_text("No numbers in this time yet")
    await have_numbers(stream)
    await tab.page.get_by_role("radio", name="Hours").check()
    await expect(tab.page.get_by_role("img", name="Gifts by hour: 8 in all")).to_be_visible()
    assert await tab.page.evaluate(TOO_WIDE) <= 0
    assert await tab.page.evaluate(UNCLEAR) == []


async def test_an_ended_stream_shows_its_last_hour(open_tab, servers, stream, alice):
    await have_numbers(stream)
    await sync_to_async(stream_services.end_stream)(stream=stream)
    tab = await open_tab(alice.name)
    await tab.sign_in(servers[0].url, f"/studio/{stream.pk}")
    await expect(tab.page.get_by_role("img", name="Coins by minute: 800 in all")).to_be_visible()


async def test_staff_see_all_streams_in_the_admin(open_tab, servers, stream):
    await have_numbers(stream)
    staff = await sync_to_async(make_person)("mona", is_staff=True, is_superuser=True)
    tab = await open_tab(staff.name)
    await tab.sign_in(servers[0].url, "/admin/")
    section = tab.page.get_by_role("region", name="All streams")
    await expect(section.get_by_role("img", name="Viewers by minute")).to_be_visible()
    await section.get_by_role("radio", name="Hours").check()
    await expect(section.get_by_role("img", name="Coins by hour")).to_be_visible()
    await section.get_by_text("Show as a table").click()
    await expect(section.get_by_role("table", name="Numbers by hour")).to_be_visible()
