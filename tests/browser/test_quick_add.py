"""From any page, with one key, in one line."""

import pytest

from leads.models import Lead
from tests.factories import make_lead, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_marketer_adds_somebody_without_leaving_the_page(page_of):
    make_lead(name="Max Moser", email="max@moser.example")
    mia = make_user("mia", team="marketing")
    page = page_of(mia)
    page.goto("/personas/")
    page.keyboard.press("+")
    box = page.get_by_label("Who is it?")
    box.wait_for()
    page.keyboard.type("Max Moser max@moser.example")
    page.get_by_text("is here already.").wait_for()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Lena Fehr lena@fehr.example")
    page.locator("#alike dd", has_text="lena@fehr.example").wait_for()
    page.keyboard.press("Enter")
    toasts = page.locator("#toasts")  # the same words are read aloud beside them
    toasts.get_by_text("Lena Fehr is added.").wait_for()
    assert page.url.endswith("/personas/")
    assert not box.is_visible()
    toasts.get_by_role("link", name="Open").click()
    page.get_by_role("heading", name="Lena Fehr").wait_for()
    assert Lead.objects.get(email="lena@fehr.example").name == "Lena Fehr"


def test_enter_before_the_line_was_read_closes_the_box_for_good(page_of):
    page = page_of(make_user("mia", team="marketing"))
    waiting = []
    page.route("**/alike/**", lambda route: waiting.append(route))
    page.goto("/personas/")
    page.keyboard.press("+")
    box = page.get_by_label("Who is it?")
    with page.expect_request("**/alike/**"):
        box.fill("Lena Fehr lena@fehr.example")
    page.keyboard.press("Enter")
    page.locator("#toasts").get_by_text("Lena Fehr is added.").wait_for()
    for late in waiting:
        late.continue_()
    page.wait_for_timeout(700)
    assert not box.is_visible()


def test_what_is_wrong_stays_in_the_box_with_the_reason(page_of):
    page = page_of(make_user("sam", team="sales"))
    page.goto("/personas/")
    page.get_by_role("link", name="Add lead").click()
    page.get_by_label("Who is it?").fill("Lena Fehr")
    page.keyboard.press("Enter")
    page.get_by_text("A lead needs an e-mail").wait_for()
    assert page.get_by_label("Who is it?").input_value() == "Lena Fehr"
