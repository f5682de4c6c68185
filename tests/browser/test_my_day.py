"""My day and the notices in a browser: one click for what is done, a dialog for what is next, nobody shut out."""

from datetime import timedelta

import pytest
from django.utils import timezone

from handoff import conversation, lifecycle
from leads.models import Lead
from tests.browser.everybody import held
from tests.chromium import said
from tests.factories import make_deal, make_handoff, make_lead, make_reason, make_user


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def test_a_rep_ticks_off_what_is_done_and_plans_what_is_next(page_of, sam):
    late = timezone.now() - timedelta(days=2)
    for number, what in enumerate(("Send redlines", "Call the board")):
        deal = make_deal(name=f"Isabel {number}")
        Lead.objects.filter(deals=deal).update(next_action=what, next_action_at=late)
    page = page_of(sam)
    page.goto("/")
    page.get_by_role("button", name="Done: Send redlines, Isabel 0").click()
    said(page, "Done. Nothing is planned for Isabel 0 now.")
    page.get_by_role("link", name="Plan next Isabel 1").click()
    dialog = page.locator("#act")
    dialog.get_by_label("Next action").fill("Bring the CFO sheet")
    dialog.get_by_label("Due").fill("2020-01-01T09:00")
    dialog.get_by_role("button", name="Plan", exact=True).click()
    dialog.get_by_text("This moment is past. Everything else was kept; choose a later one.").wait_for()
    dialog.get_by_label("Due").fill((timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT09:00"))
    dialog.get_by_role("button", name="Plan", exact=True).click()
    said(page, "Planned for Isabel 1: Bring the CFO sheet.")
    page.get_by_role("link", name="Bring the CFO sheet").wait_for()
    assert not dialog.is_visible()
    assert page.locator("#nav [aria-current] .n").count() == 0


def test_the_next_offer_is_claimed_by_key_and_shown(page_of, sam):
    handoff = make_handoff(name="Katrin Hofer")
    page = page_of(sam)
    page.goto("/")
    page.keyboard.press("n")
    said(page, "Katrin Hofer is yours.")
    page.locator("#h-lead", has_text="Katrin Hofer").wait_for()
    assert page.url.endswith(f"/inbox/{handoff.pk}/")


def test_nobody_is_shut_out_and_nothing_scrolls_sideways(page_of, sam):
    mia, ruth = make_user("mia"), make_user("ruth", team="management")
    long = "Dr. Maximiliane Theodora von Hohenstein-Wolkenburg zu Altenmarkt"
    company = {"name": "Vereinigte-Milchwerke-Ostbayern-Oberpfalz-Genossenschaft"}
    make_handoff(name=long, company=company)
    lifecycle.return_to_marketing(
        make_handoff(name=long + "-Ost", company=company).lead,
        actor=sam,
        reason=make_reason("return", "no_working_contact"),
        verdict="The number ends in a fax line",
    )
    quiet = make_deal(name=long + "-West", company=company).leads.get()
    conversation.comment(quiet, actor=mia, text="@sam @ruth the film is ready")
    conversation.comment(quiet, actor=sam, text="@mia thank you")
    Lead.objects.filter(pk=quiet.pk).update(last_activity_at=timezone.now() - timedelta(days=20))
    Lead.objects.filter(pk=make_lead().pk).update(marketer=mia, look_again_on=timezone.localdate())
    for person in (sam, mia, ruth):
        page = page_of(person)
        for address in ("/", "/notices/"):
            page.goto(address)
            held(page, (person, address))
