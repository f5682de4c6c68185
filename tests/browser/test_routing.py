"""Routing, hours, handing over and passing on in a browser: by anybody, by keyboard, on any screen."""

import pytest
from django.urls import reverse

from accounts.models import Absence, WorkingHours
from handoff import lifecycle
from handoff.models import Handoff, Member, Queue, RoutingRule
from leads import clock
from tests.browser.everybody import held
from tests.factories import make_deal, make_handoff, make_lead, make_user

SIZES = {"desk": {"width": 1440, "height": 900}, "small": {"width": 320, "height": 720}}
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


@pytest.fixture
def ruth():
    return make_user("ruth", team="management", name="Ruth Lindqvist")


@pytest.fixture
def sam():
    return make_user("sam", team="sales", name=f"Sam {LONG}", capacity=3, weight=2)


def make_settings(sam):
    priya = make_user("priya", team="sales", name="Priya Raman")
    queue = Queue.objects.create(name=f"North {LONG}", way="turns")
    for rep in (sam, priya):
        Member.objects.create(queue=queue, rep=rep, capacity=9)
    RoutingRule.objects.create(name=f"Norway {LONG}", position=1, countries=["NO", "SE"], queue=queue, size_from=50)
    RoutingRule.objects.create(name="Old", position=2, retired=True, rep=sam)
    RoutingRule.objects.create(name="Big", position=3, value_from=10_000, rep=sam)
    Absence.objects.create(person=sam, begins_on=clock.today(), note=LONG, entered_by=priya)
    WorkingHours.objects.create(person=sam, weekday=0, opens="08:00", closes="12:00")
    return queue


def test_nobody_is_shut_out_and_nothing_scrolls_sideways(page_of, ruth, sam):
    queue = make_settings(sam)
    lead, rule = make_handoff("sal", rep=sam).lead, RoutingRule.objects.get(name="Big")
    make_deal(rep=sam)
    page = page_of(ruth)
    for name, args, query in (
        ("routing", [], f"?lead={lead.pk}"), ("routing", [], "?country=NO&size=90"), ("rule", [rule.pk], ""),
        ("queue", [queue.pk], ""), ("queue", [Queue.default().pk], ""), ("presence", [], ""),
        ("person_presence", [sam.pk], ""), ("people", [], ""), ("person", [sam.pk], ""), ("hand_over", [sam.pk], ""),
    ):  # fmt: skip
        page.goto(reverse(f"handoff:{name}", args=args) + query)
        held(page, name)
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("As things stand now").wait_for()
    held(page, "preview")


def test_a_rule_is_put_earlier_by_keyboard(page_of, ruth, sam):
    make_settings(sam)
    page = page_of(ruth)
    page.goto(reverse("handoff:routing"))
    page.get_by_role("button", name="Ask Big earlier").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Ask Big later").wait_for()
    assert RoutingRule.objects.active()[0].name == "Big"


def test_an_offer_is_passed_on_from_the_inbox(page_of, sam):
    priya = make_user("priya", team="sales", name="Priya Raman")
    handoff = make_handoff(name="Lena Fehr")
    lifecycle.claim(handoff, actor=sam)
    page = page_of(sam)
    page.goto(reverse("handoff:inbox_item", args=[handoff.pk]))
    page.locator("body").press("p")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To a rep").select_option(label="Priya Raman")
    dialog.get_by_label("Note").fill("Speaks Polish")
    dialog.get_by_role("button", name="Pass on").click()
    page.get_by_text("Lena Fehr went on to Priya Raman.").first.wait_for()
    assert Handoff.objects.get(pk=handoff.pk).owner == priya


def test_a_lead_is_passed_on_from_its_page_and_from_the_board(page_of, sam):
    priya = make_user("priya", team="sales", name="Priya Raman")
    first, second = make_handoff("sal", rep=sam).lead, make_handoff("sal", rep=sam).lead
    page = page_of(sam, viewport=SIZES["desk"])
    page.goto(first.get_absolute_url())
    page.get_by_role("button", name="Move to...").click()
    page.get_by_role("menuitem", name="Pass on").click()
    page.get_by_role("dialog").get_by_label("To a rep").select_option(label="Priya Raman")
    page.get_by_role("dialog").get_by_role("button", name="Pass on").click()
    page.get_by_text("went on to Priya Raman.").first.wait_for()
    page.goto(reverse("handoff:board"))
    page.locator(f'.card[data-lead="{second.pk}"]').get_by_role("button").last.click()
    page.get_by_role("menuitem", name="Pass on").click()
    page.get_by_role("dialog").get_by_label("To a rep").select_option(label="Priya Raman")
    page.get_by_role("dialog").get_by_role("button", name="Pass on").click()
    page.get_by_text("went on to Priya Raman.").first.wait_for()
    assert Handoff.objects.open().filter(owner=priya).count() == 2


def test_handing_a_lead_to_sales_says_who_would_get_it(page_of, sam):
    lead, mia = make_lead(), make_user("mia", name="Mia Novak")
    RoutingRule.objects.create(name="All", rep=sam)
    page = page_of(mia)
    page.goto(lead.get_absolute_url())
    page.get_by_role("button", name="Move to...").click()
    page.get_by_role("menuitem", name="Hand to sales").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("By the rules it is so because").wait_for()
    held(page, "offer")
    dialog.get_by_role("button", name="Hand over").click()
    page.get_by_text("is offered to sales.").first.wait_for()
    assert Handoff.objects.open().get(lead=lead).owner == sam
