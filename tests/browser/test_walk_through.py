"""The main job, from end to end: three people, one lead, from the first touch to the won deal and the funnel."""

import re

from playwright.sync_api import expect

from handoff import invariants
from handoff.models import Deal, Handoff, Notice
from leads.models import Lead
from tests.factories import make_user


def test_a_lead_goes_from_the_first_touch_to_a_won_deal_through_three_pairs_of_hands(page_of, worker):
    mia = make_user("mia", name="Mia Sørensen")
    sam, ruth = (
        make_user("sam", team="sales", name="Sam Weber"),
        make_user("ruth", team="management", name="Ruth Adeyemi"),
    )

    # The marketer adds her by hand, logs what happened, and sees the score rise.
    page = page_of(mia)
    page.goto("/leads/")
    page.locator("#main").get_by_role("link", name="Add lead").click()
    page.get_by_label("Name", exact=False).first.fill("Lena Fischer")
    page.get_by_label("E-mail", exact=False).first.fill("lena@brauhaus-fehr.example")
    page.get_by_label("Company", exact=False).first.fill("Brauhaus Fehr")
    page.get_by_label("Job title", exact=False).first.fill("Director of energy")
    page.get_by_role("button", name="Add lead").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lena Fischer")
    before = score(page)
    page.get_by_role("button", name="Met", exact=True).click()
    expect(page.locator(".ring").first).not_to_have_text(str(before))
    assert score(page) > before

    # Both teams read the same page; a mention reaches the colleague.
    page.get_by_label("Comment").fill("@sam she showed me the meter herself")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator("#timeline")).to_contain_text("she showed me the meter herself")
    worker.wait_until(lambda: Notice.objects.filter(person=sam, kind="comment:mention").exists())

    # 'Hand to sales' opens a hand-off with its brief.
    page.get_by_role("button", name="Move to").click()
    page.get_by_role("menuitem", name="Hand to sales").click()
    page.locator("#act").get_by_label("Why now").fill("Her tariff ends on 31 January")
    page.locator("#act").get_by_role("button", name="Hand over").click()
    expect(page.locator("main")).to_contain_text("MQL offered")

    # The rep finds her in the inbox with the reason and the clock, accepts, calls, qualifies.
    desk = page_of(sam)
    desk.goto("/inbox/")
    desk.get_by_role("link", name=re.compile("Lena Fischer")).first.click()
    expect(desk.locator("main")).to_contain_text("Her tariff ends on 31 January")
    expect(desk.locator(".clock")).to_contain_text("Mon-Fri")
    desk.get_by_role("button", name="Accept").first.click()
    expect(desk.locator("#toasts")).to_contain_text("Lena Fischer is accepted")
    lead = Lead.objects.get()
    desk.goto(lead.get_absolute_url())
    desk.get_by_role("button", name="Spoke", exact=False).click()
    expect(desk.locator("#timeline")).to_contain_text("spoke", ignore_case=True)
    move(desk, "Qualified")
    expect(desk.locator(".crown .chip").first).to_have_text("SQL qualified")

    # A deal opens, moves on, and is won.
    move(desk, "Open a deal")
    desk.locator("#act").get_by_label("Amount").fill("61000")
    desk.locator("#act").get_by_role("button", name="Open deal").click()
    expect(desk.locator("#toasts")).to_contain_text("The deal for Lena Fischer is open")
    desk.goto("/pipeline/")
    card = desk.locator(f'[data-lane="discovery"] .card[data-lead="{lead.pk}"]')
    card.get_by_role("button", name="Move").click()
    desk.get_by_role("menuitem", name=re.compile("Negotiation")).click()
    expect(desk.locator(f'[data-lane="negotiation"] .card[data-lead="{lead.pk}"]')).to_be_visible()
    desk.locator(f'.card[data-lead="{lead.pk}"]').get_by_role("button", name="Move").click()
    desk.get_by_role("menuitem", name=re.compile("Deal won")).click()
    desk.locator("#act").get_by_role("button", name="Won").click()
    expect(desk.locator(f'[data-lane="customer"] .card[data-lead="{lead.pk}"]')).to_be_visible()

    # The manager's funnel counts exactly that, and the number opens her.
    office = page_of(ruth)
    office.goto("/funnel/")
    expect(office.locator("main")).to_contain_text("€61,000")
    customers = office.locator("tr", has=office.locator('.chip:text-is("Customer")')).locator("[data-count]").first
    assert customers.get_attribute("data-count") == "1"
    customers.click()
    expect(office.locator("main")).to_contain_text("Lena Fischer")

    # Marketing hears of it, and every invariant holds.
    assert Notice.objects.filter(person=mia, kind="deal:win").exists()
    assert [change.new for change in lead.stage_changes.order_by("seq")] == ["tofu", "mofu", "bofu", "customer"]
    handoff, deal = Handoff.objects.get(), Deal.objects.get()
    assert (handoff.end, handoff.accepted_by, handoff.qualified_by) == ("qualified", sam, sam)
    assert handoff.first_contact_at
    assert (deal.status, deal.amount) == ("won", 61000)
    assert invariants.violations() == []


def score(page):
    return int(page.locator(".ring").first.inner_text())


def move(page, act):
    page.get_by_role("button", name="Move to").click()
    page.get_by_role("menuitem", name=act).click()
