"""Two people on the same pages: what one does the other sees within two seconds, and nobody's words are lost."""

import time

import pytest

from handoff import conversation, lifecycle
from tests.chromium import said
from tests.factories import make_handoff, make_lead, make_user

SOON = 2_000


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def ready(page):
    """The page has asked once, so that it knows where things stand."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(200)


def test_a_claim_is_seen_by_the_other_rep_within_two_seconds(page_of, sam):
    handoff = make_handoff(name="Katrin Hofer")
    make_handoff(name="Nils Aaberg")
    priya = make_user("priya", team="sales")
    seen, acts = page_of(sam), page_of(priya)
    seen.goto("/inbox/")
    acts.goto(f"/inbox/{handoff.pk}/")
    seen.locator("#offers", has_text="Katrin Hofer").wait_for()
    ready(seen)
    acts.keyboard.press("c")
    said(acts, "Katrin Hofer is yours.")
    seen.locator("#offers:not(:has-text('Katrin Hofer'))").wait_for(timeout=SOON)
    seen.locator("#nav [aria-current] .n", has_text="1").wait_for(timeout=SOON)


def test_the_board_follows_an_acceptance_and_the_bell_a_mention(page_of, sam):
    handoff, mia = make_handoff(name="Katrin Hofer"), make_user("mia")
    page = page_of(mia)
    page.goto("/pipeline/")
    page.locator("#l-mql .card", has_text="Katrin Hofer").wait_for()
    ready(page)
    lifecycle.accept(handoff.lead, actor=sam)
    page.locator("#l-sal .card", has_text="Katrin Hofer").wait_for(timeout=SOON)
    page.goto("/personas/")
    ready(page)
    before = int(page.locator("#bell-n .n").inner_text().split()[0])
    conversation.comment(handoff.lead, actor=sam, text="@mia please look")
    page.locator("#bell-n .n", has_text=str(before + 1)).wait_for(timeout=SOON)
    page.get_by_role("button", name="Notices").click()
    page.locator("#bell", has_text="Sam mentioned you on Katrin Hofer").wait_for()
    page.locator("#bell").get_by_role("button", name="Mark all as read").click()
    page.locator("#bell-n .n").wait_for(state="detached")


def test_a_half_typed_word_stays_and_the_list_beside_it_follows_once_the_field_is_left(page_of, sam):
    make_handoff(name="Katrin Hofer")
    other = make_handoff(name="Nils Aaberg")
    page = page_of(sam)
    page.goto("/inbox/")
    words = page.get_by_label("What would make it right? Marketing reads this")
    ready(page)
    page.keyboard.press("r")
    page.get_by_label("Below the fit line").check()
    words.fill("Half a sen")
    lifecycle.claim(other, actor=make_user("priya", team="sales"))
    page.wait_for_timeout(SOON)
    assert words.evaluate("field => document.activeElement === field")
    assert page.locator("#offers", has_text="Nils Aaberg").is_visible()  # nothing moves under one's hands
    words.press_sequentially("tence")
    page.evaluate("document.activeElement.blur()")
    page.locator("#offers:not(:has-text('Nils Aaberg'))").wait_for(timeout=SOON)
    assert words.input_value() == "Half a sentence"


def test_a_return_that_is_opened_stays_open_and_the_list_beside_it_follows(page_of, sam):
    make_handoff(name="Katrin Hofer")
    other = make_handoff(name="Nils Aaberg")
    page = page_of(sam)
    page.goto("/inbox/")
    ready(page)
    page.keyboard.press("r")
    page.get_by_label("Below the fit line").wait_for()
    lifecycle.claim(other, actor=make_user("priya", team="sales"))
    page.locator("#offers:not(:has-text('Nils Aaberg'))").wait_for(timeout=SOON)
    assert page.get_by_label("Below the fit line").is_visible()


def test_an_open_menu_stays_open_and_the_board_follows_after_it(page_of, sam):
    handoff = make_handoff(name="Katrin Hofer")
    page = page_of(sam, viewport={"width": 1440, "height": 900})
    page.goto("/pipeline/")
    ready(page)
    page.locator("#l-mql .card .mv").click()
    menu = page.locator(".menu.moves:popover-open")
    menu.wait_for()
    make_lead(name="Somebody New")
    lifecycle.claim(handoff, actor=make_user("priya", team="sales"))
    page.wait_for_timeout(SOON)
    assert menu.is_visible()
    assert page.locator("#l-tofu .card", has_text="Somebody New").count() == 0
    page.keyboard.press("Escape")
    page.locator("#l-tofu .card", has_text="Somebody New").wait_for(timeout=SOON)
    assert page.evaluate("document.activeElement.closest('.card')?.dataset.name ?? document.activeElement.className")


def test_ones_own_act_is_drawn_once(page_of, sam):
    make_handoff(name="Katrin Hofer")
    make_handoff(name="Nils Aaberg")
    page = page_of(sam)
    page.goto("/inbox/")
    ready(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/inbox/" in request.url else None)
    page.keyboard.press("a")
    said(page, "is accepted")
    time.sleep(2)
    page.wait_for_timeout(500)
    assert len(asked) == 1, asked


# The lead page


def test_the_lead_page_follows_what_a_colleague_does_there(page_of, sam):
    lead, mia = make_handoff(name="Katrin Hofer").lead, make_user("mia")
    seen, acts = page_of(mia), page_of(sam)
    for page in (seen, acts):
        page.goto(f"/leads/{lead.pk}/")
        ready(page)
    acts.locator("#now").get_by_role("button", name="Accept").click()
    acts.locator("#toasts .toast", has_text="is accepted").wait_for()
    seen.locator("#timeline", has_text="Sam").wait_for(timeout=SOON)
    seen.locator("#crown", has_text="Sam").wait_for(timeout=SOON)
    acts.get_by_label("Comment", exact=True).fill("They want the steel grades first")
    acts.keyboard.press("Control+Enter")
    seen.locator("#timeline", has_text="They want the steel grades first").wait_for(timeout=2 * SOON)


def test_a_comment_that_is_being_typed_stays_and_what_stands_beside_it_follows(page_of, sam):
    lead, mia = make_handoff(name="Katrin Hofer").lead, make_user("mia")
    page = page_of(mia)
    page.goto(f"/leads/{lead.pk}/")
    ready(page)
    words = page.get_by_label("Comment", exact=True)
    words.fill("Half a sen")
    lifecycle.accept(lead, actor=sam)
    page.wait_for_timeout(SOON)
    assert words.evaluate("field => document.activeElement === field")
    assert page.locator("#now").get_by_text("Answered in time").count() == 0  # nothing moves under one's hands
    words.press_sequentially("tence")
    page.evaluate("document.activeElement.blur()")
    page.locator("#timeline", has_text="Sam").wait_for(timeout=SOON)
    assert words.input_value() == "Half a sentence"


def test_an_open_dialog_and_a_reply_that_is_begun_stay(page_of, sam):
    lead, mia = make_handoff(name="Katrin Hofer").lead, make_user("mia")
    conversation.comment(lead, actor=sam, text="Which grades?")
    page = page_of(mia)
    page.goto(f"/leads/{lead.pk}/")
    ready(page)
    page.get_by_role("link", name="Reply Sam").click()
    page.get_by_label("Your reply to Sam").wait_for()
    page.evaluate("document.activeElement.blur()")
    page.get_by_role("link", name="Add a task").click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    lifecycle.accept(lead, actor=sam)
    page.wait_for_timeout(SOON)
    assert dialog.is_visible()
    assert page.locator("#crown", has_text="Sam").count() == 0
    page.keyboard.press("Escape")
    page.locator("#crown", has_text="Sam").wait_for(timeout=SOON)
    assert page.get_by_label("Your reply to Sam").is_visible()
