"""The bell, the notices and the choices in a browser: nobody is shut out, and nothing scrolls sideways."""

import pytest

from handoff import conversation, lifecycle, notices
from handoff.models import Hook, Message
from tests.browser.everybody import held, violations
from tests.chromium import said
from tests.factories import make_handoff, make_lead, make_reason, make_user

SIZES = {"desk": {"width": 1440, "height": 900}, "small": {"width": 320, "height": 720}}
LONG = "Dr. Maximiliane Theodora von Hohenstein-Wolkenburg zu Altenmarkt"


@pytest.fixture
def ruth():
    """A manager who has been told much, of leads with long names."""
    ruth, sam = make_user("ruth", team="management"), make_user("sam", team="sales")
    company = {"name": "Vereinigte-Milchwerke-Ostbayern-Oberpfalz-Genossenschaft"}
    lead = make_lead(name=LONG, company=company)
    conversation.comment(lead, actor=sam, text="@ruth the board wants figures for every line, and soon")
    conversation.comment(lead, actor=make_user("mia"), text="@ruth they have them")
    conversation.comment(make_lead(name="Katrin Hofer"), actor=sam, text="@ruth Wortungetümverkettungsmaschinerie " * 3)
    notices.write(kind="promise:over", to=[ruth], text=f"{LONG} waits longer than promised.", event="p:1", lead=lead)
    notices.write(kind="agreement:to_sign", to=[ruth], text="The draft of v3 waits for your signature.", event="a:1")
    handoff = make_handoff(name="Paula Berger", company=company)
    reason = make_reason("return", "below_fit")
    lifecycle.return_to_marketing(handoff.lead, actor=sam, reason=reason, verdict="Forty staff is too few")
    notices.deliver()
    url = "https://hooks.example.org/services/a-very-long-secret-of-the-address/that-nobody-should-read"
    hook = Hook.objects.create(
        name="Channel of sales " * 3, style="slack", url=url, kinds=["handoff:offer", "deal:win"]
    )
    Hook.objects.create(name="Warehouse", style="webhook", url=url, kinds=["deal:win"], failures=3, made_by=ruth)
    Hook.objects.create(name="Ruth", style="mattermost", url=url, person=ruth)
    Message.objects.create(channel="hook", hook=hook, text="Somebody is offered to sales", why="It answered 500: down")
    return ruth


def addresses(ruth):
    mail, hook = Message.objects.filter(person=ruth).first(), Hook.objects.first()
    return {
        "notices": "/notices/",
        "promises": "/notices/?about=promises",
        "choices": "/settings/notices/",
        "unsent": "/notices/mail/?whose=all",
        "mail": f"/notices/mail/{mail.pk}/",
        "webhooks": "/settings/webhooks/",
        "webhook": f"/settings/webhooks/{hook.pk}/",
        "leave": notices.addresses.leave_link(ruth.pk).split("8000", 1)[1],
    }


def test_nobody_is_shut_out_and_nothing_scrolls_sideways(page_of, ruth):
    page = page_of(ruth)
    for address in addresses(ruth).values():
        page.goto(address)
        held(page, address)


def test_the_bell_opens_by_key_reads_one_and_leads_to_its_lead(page_of, ruth):
    page = page_of(ruth, viewport=SIZES["desk"])
    page.goto("/personas/")
    bell = page.locator("button.bell")
    before = int(bell.locator(".n").inner_text().split()[0])
    bell.focus()
    page.keyboard.press("Enter")
    page.locator("#bell li").first.wait_for()
    assert violations(page) == []
    page.locator("#bell li.is-new").first.get_by_role("button").click()
    bell.locator(".n", has_text=str(before - 1)).wait_for()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.matches('button.bell')")
    page.keyboard.press("Enter")
    page.locator("#bell li.is-new a", has_text="figures for every line").click()
    page.locator("h1", has_text=LONG).wait_for()
    bell.locator(".n", has_text=str(before - 2)).wait_for()


def test_choices_are_made_with_a_mouse_and_kept(page_of, ruth):
    page = page_of(ruth, viewport=SIZES["desk"])
    page.goto("/settings/notices/")
    page.get_by_label("E-mail: A deal is won").select_option("now")
    page.get_by_label("Bell: A deal is won").uncheck()
    page.get_by_label("Quiet from").fill("19:00")
    page.get_by_label("Quiet until").fill("07:30")
    page.get_by_role("button", name="Save").click()
    said(page, "Saved")
    assert page.get_by_label("E-mail: A deal is won").input_value() == "now"
    assert not page.get_by_label("Bell: A deal is won").is_checked()
    assert page.get_by_label("Quiet from").input_value() == "19:00"
