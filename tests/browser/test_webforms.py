"""A form in real browsers: built by a marketer, put on another site's page, filled in with and without JavaScript."""

import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from leads import capture
from leads.models import Lead, Submission, WebForm
from leads.webforms.fields import Field
from leads.webforms.showing import snippets
from tests.browser.everybody import held
from tests.factories import make_user
from tests.leads.test_webforms import EMAIL, MESSAGE, NAME, make_form

pytestmark = pytest.mark.django_db(transaction=True)


class Site:
    """Somebody's website: one page, whose HTML a test writes, served on a port of its own."""

    def __init__(self):
        site = self
        self.html = ""

        class Page(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(site.html.encode())

            def log_message(self, *_said):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def shows(self, snippet):
        self.html = f"<!doctype html><html lang=en><title>Fehr</title><main><h1>Brewery</h1>{snippet}</main></html>"


@pytest.fixture
def site():
    one = Site()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def ours(live_server, settings):
    settings.SITE_URL = live_server.url
    return live_server.url


def test_a_form_is_built_embedded_and_filled_in_and_the_lead_is_there(page_of, site, ours):
    desk = page_of(make_user("mia"), permissions=["clipboard-read", "clipboard-write"])
    desk.goto("/forms/")
    desk.get_by_role("link", name="Build a form").first.click()
    desk.get_by_label("Name", exact=True).first.fill("Brewery page")
    desk.get_by_label("Heading").fill("Ask us about energy")
    desk.get_by_role("button", name="Add a field").click()
    expect(desk.locator(".form-row")).to_have_count(4)
    added = desk.locator(".form-row").last
    added.get_by_label("Words beside it").fill("Yearly use, in MWh")
    added.get_by_label("Answered by").select_option("Number")
    expect(desk.locator("#preview")).to_contain_text("Yearly use, in MWh")
    added.get_by_role("button", name=re.compile("Move .* up")).click()
    expect(desk.locator(".form-row").last).to_contain_text("Message")
    desk.get_by_label("Words of consent").fill("I agree that you write to me about energy.")
    desk.get_by_label("Websites that may show it").fill(site.origin)
    desk.get_by_role("button", name="Save").last.click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Brewery page")
    desk.get_by_role("button", name="Copy").first.click()
    site.shows(desk.evaluate("navigator.clipboard.readText()"))

    visitor = page_of()
    visitor.goto(f"{site.origin}/beer?utm_source=letter&utm_campaign=Autumn")
    expect(visitor.get_by_role("heading", name="Ask us about energy")).to_be_visible()
    visitor.get_by_label("E-mail").fill("lena at fehr")
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
    expect(visitor.get_by_label("E-mail")).to_be_focused()
    visitor.get_by_label("E-mail").fill("lena@fehr.example")
    visitor.get_by_label("Yearly use").fill("1200")
    visitor.get_by_label("I agree").check()
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.get_by_text("Thank you. We will be in touch.")).to_be_visible()

    capture.process_waiting()
    lead = Lead.objects.get()
    assert (lead.email, lead.custom) == ("lena@fehr.example", {"yearly_use_in_mwh": 1200})
    assert (lead.source.slug, lead.campaign.name) == ("letter", "Autumn")
    assert lead.first_touch["url"] == f"{site.origin}/beer?utm_source=letter&utm_campaign=Autumn"
    desk.goto(lead.get_absolute_url())
    expect(desk.locator("#timeline")).to_contain_text("Brewery page, agreed to version 1 of its words of consent")


def test_without_javascript_a_frame_stands_there_and_sends_as_well(page_of, site, ours):
    form = make_form(NAME, EMAIL, consent="I agree.", hosts=[site.origin])
    desk = page_of(make_user("mia"))
    desk.goto(form.get_absolute_url())
    site.shows(desk.locator("#snippet").input_value())
    visitor = page_of(java_script_enabled=False)
    visitor.goto(f"{site.origin}/beer?utm_source=letter")
    frame = visitor.frame_locator("iframe")
    frame.get_by_label("E-mail").fill("lena@fehr.example")
    visitor.wait_for_timeout(2_100)
    frame.get_by_label("I agree").check()
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_text("Thank you.")).to_be_visible()
    capture.process_waiting()
    lead = Lead.objects.get()
    assert (lead.source.slug, lead.first_touch["url"]) == ("letter", f"{site.origin}/beer?utm_source=letter")
    assert Submission.objects.get().payload["consent"]["version"] == 1


def test_a_form_in_plain_html_is_looked_over_once_more_and_sent(page_of, site, ours):
    form = make_form(NAME, EMAIL, MESSAGE, consent="I agree.", hosts=[site.origin])
    desk = page_of(make_user("mia"))
    desk.goto(form.get_absolute_url())
    site.shows(desk.locator("#plain").input_value())
    visitor = page_of(java_script_enabled=False)
    visitor.goto(f"{site.origin}/beer")
    visitor.get_by_label("E-mail").fill("lena@fehr.example")
    visitor.get_by_label("Message").fill("What does it cost?")
    visitor.get_by_label("I agree").check()
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.get_by_text("send it once more: nothing is lost")).to_be_visible()
    expect(visitor.get_by_label("Message")).to_have_value("What does it cost?")
    visitor.wait_for_timeout(2_100)
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.get_by_text("Thank you.")).to_be_visible()
    capture.process_waiting()
    assert Lead.objects.get().activities.get().text == "What does it cost?"


def test_a_website_that_is_not_named_cannot_show_it_in_a_frame(page_of, browser, site, ours):
    form = make_form()
    site.shows(f'<iframe src="{ours}/f/{form.public_id}" title="Form"></iframe>')
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.origin)
    page.wait_for_timeout(500)
    assert not page.frame_locator("iframe").get_by_label("E-mail").is_visible()
    context.close()


def test_nobody_is_shut_out_of_building_or_filling_one_in(page_of, ours):
    form = make_form(
        title="A heading " + "x" * 60, consent="I agree.", hand_raise="offered", scheme="auto", accent="#ffd400"
    )
    assert WebForm.objects.count() == 1
    desk, visitor = page_of(make_user("mia")), page_of()
    for page, address in (
        (desk, "/forms/"), (desk, "/forms/add/"), (desk, form.get_absolute_url()), (visitor, f"/f/{form.public_id}"),
    ):  # fmt: skip
        page.goto(address)
        held(page, address)
    visitor.get_by_role("button", name="Send").click()
    held(visitor, "what is missing")


def test_what_is_pressed_while_a_mistake_is_mended_stays_where_it_is(page_of, ours):
    plan = Field("custom.plan", "Plan", "choice", choices=("Small", "Large"))
    visitor = page_of()
    visitor.goto(f"{ours}/f/{make_form(EMAIL, plan).public_id}")
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.locator(".smk-err:visible")).to_have_count(1)
    visitor.get_by_label("E-mail").fill("lena@fehr.example")
    visitor.get_by_label("Large").click()
    expect(visitor.get_by_label("Large")).to_be_checked()
    expect(visitor.locator(".smk-err:visible")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 1440])
def test_the_frame_for_those_without_javascript_shows_the_whole_form(page_of, site, ours, width):
    form = make_form(
        NAME, EMAIL, replace(MESSAGE, help="So that we know whom to ask. " * 4), hosts=[site.origin],
        consent="I agree that you write to me about what I asked, and keep my words until I say otherwise. " * 3,
        title="Talk to somebody who knows how it is done", hand_raise="offered",
    )  # fmt: skip
    site.shows(snippets(form).script)
    visitor = page_of(java_script_enabled=False, viewport={"width": width, "height": 900})
    visitor.goto(f"{site.origin}/beer")
    frame = visitor.frame_locator("iframe")
    bottom = frame.get_by_role("button", name="Send").bounding_box()
    outer = visitor.locator("iframe").bounding_box()
    assert bottom["y"] + bottom["height"] <= outer["y"] + outer["height"]
