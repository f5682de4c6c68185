"""The funnel in a real browser: read by anybody, on any screen, and every number opens its list."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.everybody import held
from tests.dashboards.journeys import a_full_house
from tests.factories import make_user

OPENED = [
    "/funnel/?period=all",
    "/funnel/visits/?period=all&step=mql&fate=returned",
    "/funnel/visits/?period=all&what=wins",
]


@pytest.fixture
def ruth(transactional_db):
    a_full_house()
    return make_user("ruth", team="management")


def drawn(page):
    """Whether the chart has ink on it."""
    page.locator(".chart canvas").wait_for()
    return page.locator(".chart canvas").evaluate(
        "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(Boolean)"
    )


def test_the_funnel_is_for_everybody_at_any_size_and_in_any_light(page_of, ruth):
    page = page_of(ruth)
    for address in OPENED:
        page.goto(address)
        held(page, address)


def test_a_number_opens_its_list_and_filters_keep_the_chart(page_of, ruth):
    page = page_of(ruth)
    page.goto("/funnel/?period=all")
    assert drawn(page)
    page.get_by_label("Source", exact=True).focus()
    page.get_by_label("Source", exact=True).select_option("webinar")
    page.wait_for_url(re.compile("source=webinar"))
    assert "period=all" in page.url
    expect(page.get_by_label("Source", exact=True)).to_be_focused()
    assert drawn(page)
    part = page.locator(".what > a.fwd").first
    count = part.get_attribute("data-count")
    part.click()
    page.wait_for_url(re.compile("/funnel/visits/"))
    expect(page.locator("[data-total]")).to_have_attribute("data-total", count)
    page.get_by_role("link", name="Funnel").last.click()
    expect(page.get_by_label("Source", exact=True)).to_have_value("webinar")
    page.get_by_role("link", name="90 days").click()
    page.get_by_role("button", name="Entered").click()
    page.get_by_label("First day").fill("2026-02-01")
    page.get_by_label("Last day").fill("2026-03-31")
    page.get_by_role("button", name="Show these days").click()
    expect(page.get_by_role("button", name="Entered")).to_contain_text("1 Feb 2026 to 31 Mar 2026")
    expect(page.get_by_label("Source", exact=True)).to_have_value("webinar")
