"""The deals page in a real browser: moved by its menu, read by everybody, whole on a phone."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from handoff import deals
from handoff.models import Deal
from tests.browser.everybody import held
from tests.factories import make_deal, make_reason, make_user

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "Energy monitoring for all eleven plants of the Obermayr-Zieliński group, second phase"


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def make_page_of_deals():
    late, other = make_deal(), make_deal()
    day = timezone.localdate()
    Deal.objects.filter(pk=late.pk).update(name=LONG, amount=61_000, close_on=day - timedelta(days=12))
    Deal.objects.filter(pk=other.pk).update(name="Second line", step="proposal", close_on=day, owner=None)
    lost = make_deal()
    deals.lose(lost, actor=make_user("sam", team="sales"), reason=make_reason("lose"), competitor="Meterline")
    return late, other


def test_axe_finds_nothing_and_nothing_scrolls_sideways(page_of, sam):
    late, _other = make_page_of_deals()
    page = page_of(sam)
    edit = reverse("handoff:deal_edit", args=[late.pk])
    for address in ("/deals/", "/deals/?status=lost", "/deals/?status=won", "/deals/?owner=nobody", edit):
        page.goto(address)
        held(page, address)


def test_a_deal_is_moved_by_its_menu_with_the_keyboard_and_won_in_a_dialog(page_of, sam):
    make_page_of_deals()
    page = page_of(sam)
    page.goto("/deals/")
    row = page.get_by_role("row").filter(has_text="Energy monitoring")
    row.get_by_role("button", name="What to do with").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    page.get_by_role("menuitem", name="Negotiation").press("Enter")
    expect(row.get_by_text("Negotiation").first).to_be_visible()
    row.get_by_role("button", name="What to do with").click()
    page.get_by_role("menuitem", name="Deal won").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Amount")).to_have_value("61000.00")
    dialog.get_by_role("button", name="Won").click()
    expect(row).to_have_count(0)
    assert Deal.objects.get(name=LONG).status == "won"
    page.get_by_role("link", name="Won").click()
    expect(page.get_by_role("row").filter(has_text="Energy monitoring")).to_be_visible()


def test_marketing_is_told_in_the_menu_who_moves_deals(page_of):
    make_page_of_deals()
    page = page_of(make_user("mia"))
    page.goto("/deals/")
    page.get_by_role("button", name="What to do with Second line").click()
    page.get_by_role("menuitem", name="Deal won").press("Enter")
    expect(page.get_by_role("alert").or_(page.locator("#toasts")).first).to_contain_text("this is for sales")
    assert not Deal.objects.won().exists()


def test_an_edit_goes_back_to_where_it_came_from(page_of, sam):
    make_page_of_deals()
    page = page_of(sam)
    page.goto("/deals/?step=proposal")
    page.get_by_role("button", name="What to do with Second line").click()
    page.get_by_role("menuitem", name="Edit the deal").click()
    page.get_by_label("Amount").fill("1250")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/deals/?step=proposal")
    expect(page.get_by_role("row").filter(has_text="Second line")).to_contain_text("€1,250")
