"""Settings, people, the agreement and the sample's sign-in in a browser: usable by anybody, on any screen."""

import pytest
from django.urls import reverse

from handoff import sample
from tests.browser.everybody import held
from tests.factories import make_handoff, make_user

LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


@pytest.fixture
def ruth():
    return make_user("ruth", team="management", name="Ruth Lindqvist")


def test_nobody_is_shut_out_and_nothing_scrolls_sideways(page_of, ruth):
    long = make_user("long-" + "x" * 60, team="sales", name=LONG, email=f"{'y' * 60}@example.com")
    make_handoff("sal", rep=long)
    page = page_of(ruth)
    for name, args in (
        ("settings", []), ("people", []), ("person", [long.pk]), ("reason_add", ["return"]),
    ):  # fmt: skip
        page.goto(reverse(f"handoff:{name}", args=args))
        held(page, name)
    page.goto(reverse("handoff:people"))
    page.get_by_label("Username").fill("jo")
    page.get_by_label("Name", exact=True).fill("Jo Prins")
    page.get_by_label("E-mail").fill("jo@firm.example")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("Jo Prins can sign in.").wait_for()
    held(page, "first password")


def test_the_sample_people_sign_in_with_one_click(page_of, settings):
    settings.SAMPLE_SIGN_INS, settings.SAMPLE_PASSWORD = True, "smarketing-1a2b3c"
    sample.fill(leads=8)
    page = page_of(None)
    page.goto("/")
    held(page, "sign-in")
    page.get_by_role("button", name="Sign in as Sam Okafor").click()
    page.wait_for_url(lambda url: "login" not in url)
    assert page.get_by_role("heading", name="My day").is_visible()


def test_single_keys_are_switched_off_and_stay_off(page_of, ruth):
    page = page_of(ruth)
    page.goto(reverse("handoff:settings"))
    switch = page.get_by_label("Keyboard shortcuts")
    assert switch.is_checked()
    switch.uncheck()
    page.reload()
    assert not page.get_by_label("Keyboard shortcuts").is_checked()
    page.locator("body").press("/")
    assert page.evaluate("document.activeElement.name") != "q"


def test_a_theme_that_is_chosen_stays(page_of, ruth):
    page = page_of(ruth, color_scheme="light")
    page.goto(reverse("handoff:settings"))
    page.locator("main").get_by_role("button", name="Dark").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_sample_company_goes_only_after_saying_what_goes(page_of, ruth):
    sample.fill(leads=20)
    page = page_of(ruth)
    page.goto(reverse("handoff:settings"))
    page.get_by_role("button", name="Remove the sample company").click()
    asked = page.get_by_role("dialog")
    asked.get_by_text("go, for good; yours stay").wait_for()
    assert "Managers who stay: Ruth" in asked.inner_text()
    asked.get_by_role("button", name="Cancel").click()
    assert sample.count().leads == 20
    page.get_by_role("button", name="Remove the sample company").click()
    asked.get_by_role("button", name="Remove it").click()
    page.get_by_text("20 sample leads are gone.").first.wait_for()
    assert sample.count() == (0, 0)


def test_the_administration_keeps_to_the_content_policy(page_of):
    lead = make_handoff().lead
    page = page_of(make_user("vera", team="management", is_staff=True, is_superuser=True))
    for address in (
        reverse("admin:index"),
        reverse("admin:leads_lead_changelist"),
        reverse("admin:leads_lead_change", args=[lead.pk]),
        reverse("admin:leads_campaign_add"),
        reverse("admin:personas_persona_add"),
        reverse("admin:accounts_user_changelist"),
    ):
        page.goto(address)
        assert page.get_by_role("link", name="Django administration").is_visible()
