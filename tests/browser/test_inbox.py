"""The inbox by keyboard, by two reps at once, on a phone."""

import pytest

from handoff import lifecycle
from tests.browser.everybody import held
from tests.chromium import said
from tests.factories import make_handoff, make_user

SIZES = {"desk": {"width": 1440, "height": 900}, "small": {"width": 320, "height": 720}}


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def test_a_rep_goes_through_the_inbox_and_accepts_by_key(page_of, sam):
    for name in ("Katrin Hofer", "Nils Aaberg", "Greta Holm"):
        make_handoff(name=name)
    page = page_of(sam)
    page.goto("/inbox/")
    assert page.locator("#h-lead").inner_text() == "Katrin Hofer"
    page.keyboard.press("j")
    page.locator("#h-lead", has_text="Nils Aaberg").wait_for()
    page.keyboard.press("j")
    page.locator("#h-lead", has_text="Greta Holm").wait_for()
    page.keyboard.press("k")
    page.locator("#h-lead", has_text="Nils Aaberg").wait_for()
    page.go_back()
    page.locator("#h-lead", has_text="Greta Holm").wait_for()
    page.keyboard.press("k")
    page.locator("#h-lead", has_text="Nils Aaberg").wait_for()
    page.keyboard.press("a")
    said(page, "Nils Aaberg is accepted")
    page.locator("#h-lead", has_text="Greta Holm").wait_for()
    assert page.locator("#offers .it").count() == 2
    assert page.locator("#nav [aria-current] .n").inner_text().split() == ["2", "offered"]


def test_a_return_waits_for_a_reason_and_shows_the_next_offer(page_of, sam):
    make_handoff(name="Katrin Hofer")
    following = make_handoff(name="Nils Aaberg")
    page = page_of(sam)
    page.goto("/inbox/")
    button = page.locator(".back button", has_text="Return")
    assert not button.is_visible()
    page.keyboard.press("r")
    button.wait_for()
    assert button.is_disabled()
    assert not page.locator(".back [name=to]").is_visible()
    page.get_by_label("Another region").check()
    assert page.locator(".back [name=to]").is_visible()
    assert not page.locator(".wrong").is_visible()
    page.get_by_label("Facts missing or wrong").check()
    page.locator(".wrong").get_by_label("phone", exact=True).check()
    assert "as far as you know" in page.locator(".prompts").inner_text()
    assert button.is_enabled()
    page.locator(".back [name=verdict]").fill("A direct dial")
    button.click()
    said(page, "Katrin Hofer is returned")
    page.locator("#h-lead", has_text="Nils Aaberg").wait_for()
    assert page.url.endswith(f"/inbox/{following.pk}/")
    assert not page.locator(".back button", has_text="Return").is_visible()
    page.keyboard.press("r")
    assert page.locator(".back [name=verdict]").input_value() == ""
    assert page.locator(".back input:checked").count() == 0


def test_a_refused_return_stands_in_place_with_every_word(page_of, sam):
    handoff = make_handoff(name="Katrin Hofer")
    page = page_of(sam)
    page.goto("/inbox/")
    page.keyboard.press("r")
    page.get_by_label("Below the fit line").check()
    page.locator(".back [name=verdict]").fill("Forty staff is too few")
    lifecycle.claim(handoff, actor=make_user("priya", team="sales"))
    page.locator(".back button", has_text="Return").click()
    page.locator(".back [role=alert]", has_text="Priya has claimed this lead").wait_for()
    assert page.locator(".back [name=verdict]").input_value() == "Forty staff is too few"
    assert page.get_by_label("Below the fit line").is_checked()


def test_two_reps_claim_and_the_second_is_told_who_was_first(page_of, sam):
    make_handoff(name="Katrin Hofer")
    first, second = page_of(make_user("priya", team="sales")), page_of(sam)
    for page in (first, second):
        page.goto("/inbox/")
    first.keyboard.press("c")
    said(first, "Katrin Hofer is yours.")
    first.locator("#offers .tag", has_text="Yours").wait_for()
    second.keyboard.press("c")
    said(second, "Priya has claimed this lead already. Nothing was changed.")
    second.locator("#offers", has_text="Nothing else in this list.").wait_for()


def test_nobody_is_shut_out_and_nothing_scrolls_sideways(page_of, sam):
    long = "Dr. Maximiliane Theodora von Hohenstein-Wolkenburg zu Altenmarkt"
    handoff = make_handoff(name=long, company={"name": "Vereinigte-Milchwerke-Ostbayern-Oberpfalz-Genossenschaft"})
    make_handoff(job_title="Head of energy")
    page = page_of(sam)
    for address in ("/inbox/", f"/inbox/{handoff.pk}/", "/inbox/?show=claimed", "/inbox/?show=returned"):
        page.goto(address)
        held(page, address)


def test_on_a_phone_the_list_leads_to_the_hand_off_as_the_page_and_the_verdict_stays_below(page_of, sam):
    make_handoff(name="Katrin Hofer")
    page = page_of(sam, viewport=SIZES["small"])
    page.goto("/inbox/")
    assert not page.locator("#handoff").is_visible()
    page.locator("#offers .it").click()
    page.locator("#handoff").wait_for()
    assert not page.locator("#offers").is_visible()
    bar = page.locator(".quick")
    box = bar.bounding_box()
    assert box["y"] + box["height"] == pytest.approx(720, abs=1)
    bar.get_by_role("link", name="Return…").click()
    page.locator("dialog").get_by_label("Below the fit line").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Back to the list").click()
    page.locator("#offers .it").wait_for()
    assert not page.locator("#handoff").is_visible()


def test_the_verdict_takes_less_than_half_of_a_laptop_s_screen(page_of, sam):
    make_handoff(name="Katrin Hofer", job_title="Head of energy")
    page = page_of(sam, viewport={"width": 1280, "height": 800})
    page.goto("/inbox/")
    assert page.locator("#verdict").bounding_box()["height"] < 200
    page.keyboard.press("r")
    page.get_by_label("Facts missing or wrong").check()
    assert page.locator("#verdict").bounding_box()["height"] < 400
    for label in page.locator(".cls > fieldset > label").all():
        assert label.bounding_box()["height"] < 40


def test_a_rep_tries_in_one_tap_and_takes_an_act_back_by_the_toast(page_of, sam):
    handoff = make_handoff(name="Katrin Hofer")
    page = page_of(sam)
    page.goto(f"/inbox/{handoff.pk}/")
    page.keyboard.press("a")
    said(page, "Katrin Hofer is accepted")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    said(page, "Undone: Katrin Hofer is where it was.")
    page.goto(f"/inbox/{handoff.pk}/")
    page.keyboard.press("a")
    said(page, "Katrin Hofer is accepted")
    page.goto(f"/inbox/{handoff.pk}/?show=claimed")
    page.get_by_role("button", name="No answer").click()
    said(page, "Next: Try again: attempt 2 of 5")
    page.get_by_text("1 of 5 attempts over 10 business days").wait_for()
    page.get_by_role("button", name="Good lead", exact=True).click()
    said(page, "Kept; both sides see it.")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Put off…").click()
    page.locator("dialog").get_by_label("Because").fill("On leave until Monday")
    page.locator("dialog").get_by_role("button", name="Put off").click()
    said(page, "comes back to your inbox on")
    page.get_by_text("Put off until").wait_for()
