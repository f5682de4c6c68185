"""What the product says, in a real browser: dialogs within the content policy, messages that stand above one another,
and tables whose headings are seen and read."""

import pytest
from playwright.sync_api import expect

from handoff.models import Deal, Handoff
from tests.factories import make_deal, make_handoff, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


@pytest.mark.parametrize("place", ["board", "deals", "lead"])
def test_winning_a_deal_in_its_dialog_keeps_to_the_content_policy(page_of, sam, place):
    deal = make_deal(name="Katrin Hofer")
    lead = deal.leads.get()
    page = page_of(sam)
    page.goto({"board": "/pipeline/", "deals": "/deals/", "lead": lead.get_absolute_url()}[place])
    if place == "board":
        page.locator(f'.card[data-lead="{lead.pk}"]').get_by_role("button").first.click()
    elif place == "deals":
        page.get_by_role("button", name="What to do with").first.click()
    else:
        page.get_by_role("button", name="Move to").first.click()
    page.get_by_role("menuitem", name="Deal won").or_(page.get_by_role("menuitem", name="Customer")).first.click()
    dialog = page.get_by_role("dialog", name="Deal won")
    dialog.get_by_label("Amount").fill("1200")
    dialog.get_by_role("button", name="Won").click()
    expect(page.locator("#toasts")).to_contain_text("Katrin Hofer is a customer.")
    assert Deal.objects.get(pk=deal.pk).status == "won"


def test_of_two_messages_the_newest_has_the_key_and_both_can_be_undone(page_of, sam):
    first, second = make_handoff(name="Paula Berger"), make_handoff(name="Hugo Martin")
    page = page_of(sam)
    page.goto(f"/inbox/{first.pk}/")
    page.get_by_role("button", name="Accept").first.click()
    expect(page.locator(".toast")).to_have_count(1)
    expect(page.locator("#h-lead")).to_have_text("Hugo Martin")
    page.get_by_role("button", name="Accept").first.click()
    expect(page.locator(".toast")).to_have_count(2)
    expect(page.locator(".toast kbd").locator("visible=true")).to_have_count(1)
    expect(page.locator(".toast").last.locator("kbd")).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("Undone: Hugo Martin")
    assert Handoff.objects.get(pk=second.pk).lane == "mql"
    page.locator(".toast").first.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Undone: Paula Berger")
    assert Handoff.objects.get(pk=first.pk).lane == "mql"


@pytest.mark.parametrize("width", [1440, 768, 320])
def test_each_group_of_notices_has_a_heading_across_its_table(page_of, sam, width):
    page = page_of(sam, viewport={"width": width, "height": 900})
    page.goto("/settings/notices/")
    table = page.get_by_role("table", name="For each kind of notice")
    for name in ("Notice", "Bell", "E-mail"):
        expect(table.get_by_role("columnheader", name=name)).to_be_visible()
    whole = table.bounding_box()["width"]
    headings = table.locator('th[scope="rowgroup"]').all()
    assert len(headings) == 5
    for heading in headings:
        assert heading.bounding_box()["width"] == pytest.approx(whole, abs=2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_words_of_a_routing_rule_have_the_width_of_a_phone(page_of):
    ruth = make_user("ruth", team="management")
    make_user("sam", team="sales")
    page = page_of(ruth, viewport={"width": 320, "height": 900})
    page.goto("/settings/routing/rules/add/")
    page.get_by_label("Name").first.fill("West and South, and whoever asks from there")
    page.get_by_label("Countries").first.fill("GB, IE, NL, BE, FR, ES, PT, IT")
    page.get_by_label("Goes to").select_option(label="Sam")
    page.get_by_role("button", name="Save").click()
    rule = page.locator("[id^=rule-]").first
    words, line = rule.locator(".grow").first.bounding_box(), rule.bounding_box()
    assert words["width"] > line["width"] * 0.7
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
