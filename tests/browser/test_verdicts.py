"""Verdicts and promises in a real browser: read by anybody, on any screen, and every number opens its list."""

import re

import pytest
from playwright.sync_api import expect

from handoff.models import Agreement
from tests.browser.everybody import held
from tests.dashboards.journeys import a_full_house
from tests.factories import make_handoff, make_user

OPENED = [
    "/verdicts/?period=all",
    "/verdicts/?period=all&by=form",
    "/verdicts/?to=2020-01-01",
    "/promises/?period=all",
    "/funnel/visits/?period=all&what=offers&because=return",
    "/funnel/visits/?period=all&what=promises",
]


@pytest.fixture
def mia(transactional_db):
    a_full_house()
    long = "Wolfeschlegelsteinhausenbergerdorff " * 3
    make_handoff(name=long, campaign=f"A campaign that is called {long}"[:120])
    Agreement.objects.filter(ended_at=None).update(leads_a_month=40, value_a_month=90_000, completeness=80)
    return make_user("mia")


def test_the_pages_are_for_everybody_at_any_size_and_in_any_light(page_of, mia):
    page = page_of(mia)
    for address in OPENED:
        page.goto(address)
        held(page, address)


def test_a_control_tells_the_table_otherwise_and_a_number_opens_its_list(page_of, mia):
    page = page_of(mia)
    page.goto("/verdicts/?period=all")
    page.get_by_role("link", name="Campaign", exact=True).click()
    page.wait_for_url(re.compile("by=campaign"))
    expect(page.get_by_role("link", name="Campaign", exact=True)).to_be_focused()
    expect(page.get_by_role("columnheader", name="Campaign", exact=True)).to_be_visible()
    page.get_by_label("Offered by", exact=True).select_option(label="Mia (you)")
    page.wait_for_url(re.compile("marketer="))
    assert "by=campaign" in page.url
    number = page.locator(".strip [data-count]").first
    count = number.get_attribute("data-count")
    number.click()
    page.wait_for_url(re.compile("/funnel/visits/"))
    expect(page.locator("[data-total]")).to_have_attribute("data-total", count)
    page.get_by_role("link", name="Verdicts").last.click()
    expect(page.get_by_label("Offered by", exact=True)).to_have_value(str(mia.pk))


def test_a_promise_is_chosen_and_its_late_ones_are_listed(page_of, mia):
    page = page_of(mia)
    page.goto("/promises/?period=all")
    page.get_by_role("link", name="First call", exact=True).click()
    page.wait_for_url(re.compile("kind=attempt"))
    row = page.get_by_role("row", name=re.compile("^First call")).first
    late = row.locator('[href*="kept=broken"]')
    count = late.get_attribute("data-count")
    late.click()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", count)
