"""Is it true? in a real browser: after a scripted year it is read on any screen, and one click leads back."""

import re

import pytest
from playwright.sync_api import expect

from leads.models import LearnedModel, Learning
from tests.browser.everybody import held
from tests.chromium import said
from tests.factories import make_user
from tests.histories import a_year


@pytest.fixture
def ruth(transactional_db, tmp_path):
    a_year(tmp_path)
    return make_user("ruth", team="management")


def test_a_year_is_read_and_one_click_leads_back_and_another_forth(page_of, ruth):
    page = page_of(ruth)
    page.goto("/is-it-true/")
    held(page)
    expect(page.locator(".chart canvas")).to_have_count(4)
    expect(page.get_by_text("chances as they were said before 60 leads ended")).to_be_visible()
    page.get_by_role("button", name="Let m1 count").click()
    said(page, "m1 counts now")
    assert LearnedModel.objects.get(state="live").version == 1
    page.get_by_role("button", name="Let m2 count").click()
    said(page, "m2 counts now")
    assert LearnedModel.objects.get(state="live").version == 2


def test_on_a_phone_no_table_hides_a_figure_and_each_says_what_it_is(page_of, ruth):
    page = page_of(ruth, viewport={"width": 390, "height": 844})
    page.goto("/is-it-true/")
    hidden = "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).length"
    assert page.evaluate(hidden) == 0
    row = page.locator("table.facts tbody tr").first
    for number in range(5):
        cell = row.locator("td").nth(number)
        expect(cell).to_be_visible()
        assert cell.evaluate("one => getComputedStyle(one, '::before').content").strip('"').strip()
    expect(page.get_by_text("percentage points on average").or_(page.get_by_text("neither too high"))).to_be_visible()


def test_a_manager_states_the_win_rate_in_a_dialog_and_a_wrong_one_is_told(page_of, transactional_db):
    page = page_of(make_user("ruth", team="management"))
    page.goto("/is-it-true/")
    page.get_by_role("link", name="Settings", exact=True).click()
    rate = page.get_by_label(re.compile("^Stated win rate"))
    rate.fill("95")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("A win rate lies between 0.1 and 90 percent.")).to_be_visible()
    page.get_by_label(re.compile("^Stated win rate")).fill("25")
    page.get_by_role("button", name="Save").click()
    said(page, "Saved: chances by the points go by it within minutes, and so does the next training.")
    assert Learning.objects.get().win_rate == 0.25
