"""Another site's pages, on another port, tell of their visitors: after consent, and never against their will."""

import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from django_redis import get_redis_connection

from handoff.tasks import answer
from leads.models import Lead, TrackedSite, Visitor, VisitorEvent
from leads.tracker import drain, sites, stream
from tests.factories import make_user
from tests.leads.test_webforms import EMAIL, NAME, make_form
from tests.smarketing.installations import eventually

PAGE = """<!doctype html><title>{path}</title><script async src="{script}"{consent}></script><h1>{path}</h1>"""
STUB = "(window.smarketing ||= function () { (smarketing.q ||= []).push(arguments) })"


@pytest.fixture
def elsewhere(live_server):
    """A website of its own; `?consent` makes a page whose visitor has agreed before."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
            form = "".join(f'<script async src="{script}"></script>' for script in asked.get("form", ()))
            consent = " data-consent" if "consent" in asked else ""
            body = PAGE.format(path=urlsplit(self.path).path, script=f"{live_server.url}/t.js", consent=consent) + form
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_said):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    TrackedSite.objects.create(host="127.0.0.1", rules=[["/pricing", "web:pricing"]])
    sites.read_again()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    sites.read_again()
    redis = get_redis_connection("default")
    for key in redis.scan_iter(f"{stream.KEY}*"):
        redis.delete(key)


@pytest.fixture
def page(page_of):
    """The visitor's page, and what it has sent to us."""
    page = page_of()
    page.hits = []
    page.on("request", lambda request: page.hits.append(request) if urlsplit(request.url).path == "/t" else None)
    return page


def opened(page, address):
    page.goto(address)
    page.wait_for_function("typeof window.smarketing === 'function' && !window.smarketing.q")


def kept(page):
    return page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")


def written(number):
    eventually(lambda: drain() is None or VisitorEvent.objects.count() >= number, seconds=20)


def test_three_views_with_consent_come_onto_the_timeline_of_who_says_who_they_are(elsewhere, page, page_of):
    opened(page, f"{elsewhere}/?consent&utm_source=google&utm_campaign=Peak%20load&gclid=abc")
    opened(page, f"{elsewhere}/pricing?consent")
    opened(page, f"{elsewhere}/plants?consent")
    page.evaluate("smarketing('event', 'calculator', {plants: 2})")
    page.evaluate("smarketing('identify', {email: 'lena@fehr.example', name: 'Lena Fischer'})")
    written(4)
    assert page.evaluate("document.cookie") == ""
    eventually(lambda: answer() is None and Lead.objects.exists(), seconds=20)
    answer()
    lead = Lead.objects.get()
    assert (lead.source.slug, lead.campaign.name, lead.company.domain) == ("google", "Peak load", "fehr.example")
    assert lead.first_touch["click_ids"] == {"gclid": "abc"}
    mia = page_of(make_user("mia"))
    mia.goto(lead.get_absolute_url())
    for told in ("Read the pricing page", "Web, calculator", "Said on the website who they are"):
        assert mia.get_by_text(told).first.is_visible()
    assert mia.get_by_text("Looked at a page").count() >= 2


def test_before_consent_nothing_is_sent_or_stored_and_then_what_was_seen_is_told(elsewhere, page):
    opened(page, f"{elsewhere}/")
    page.evaluate("smarketing('event', 'video')")
    page.wait_for_timeout(300)
    assert (page.hits, kept(page)) == ([], ["", 0, 0])
    page.evaluate("smarketing('consent')")
    written(2)
    assert kept(page) == ["", 1, 1]
    assert set(VisitorEvent.objects.values_list("kind", flat=True)) == {"web:page", "web:video"}
    page.evaluate("smarketing('consent', false)")
    assert kept(page) == ["", 0, 0]
    page.evaluate("smarketing('event', 'video')")
    page.wait_for_timeout(300)
    drain()
    assert VisitorEvent.objects.count() == 2


def test_what_the_banner_says_before_the_script_is_there_is_heard(elsewhere, page):
    page.add_init_script(f"if (!window.smarketing) {STUB}('consent')")
    opened(page, f"{elsewhere}/")
    written(1)
    assert Visitor.objects.get().consented_at


@pytest.mark.parametrize("wish", ["globalPrivacyControl", "doNotTrack"])
def test_a_browser_that_does_not_want_it_sends_nothing_at_all(elsewhere, page, wish):
    value = json.dumps(True if wish == "globalPrivacyControl" else "1")
    page.add_init_script(f"Object.defineProperty(navigator, '{wish}', {{ get: () => {value} }})")
    opened(page, f"{elsewhere}/?consent")
    page.evaluate("smarketing('consent'); smarketing('event', 'video'); smarketing('identify', {email: 'a@b.example'})")
    page.wait_for_timeout(300)
    assert (page.hits, kept(page)) == ([], ["", 0, 0])


def test_a_page_that_goes_on_without_loading_is_another_view(elsewhere, page):
    opened(page, f"{elsewhere}/?consent")
    page.evaluate("history.pushState({}, '', '/pricing/plants'); document.title = 'Prices of plants'")
    written(2)
    page.evaluate("history.pushState({}, '', '/pricing/plants#top')")
    page.go_back()
    page.go_back()
    written(3)
    assert list(VisitorEvent.objects.order_by("at").values_list("kind", "title")) == [
        ("web:page", "/"), ("web:pricing", "Prices of plants"), ("web:page", "Prices of plants"),
    ]  # fmt: skip
    assert VisitorEvent.objects.values("visitor").distinct().count() == 1


def test_without_beacons_it_is_told_too(elsewhere, page):
    page.add_init_script("delete Navigator.prototype.sendBeacon")
    opened(page, f"{elsewhere}/?consent")
    written(1)


def test_a_form_of_ours_learns_whose_visitor_it_serves(elsewhere, page):
    opened(page, f"{elsewhere}/?utm_source=google")
    assert page.evaluate("smarketing.visitor()") == ""
    page.evaluate("smarketing('consent')")
    written(1)
    assert page.evaluate("smarketing.visitor()") == str(Visitor.objects.get().pk)


def test_who_fills_in_a_form_after_three_views_brings_them_along(elsewhere, page, page_of, live_server, settings):
    settings.SITE_URL = live_server.url
    form = make_form(NAME, EMAIL, hosts=[elsewhere])
    opened(page, f"{elsewhere}/?consent&utm_source=letter&utm_campaign=Autumn")
    opened(page, f"{elsewhere}/pricing?consent")
    opened(page, f"{elsewhere}/plants?consent&form={live_server.url}/f/{form.public_id}.js")
    page.get_by_label("E-mail").fill("lena@fehr.example")
    page.wait_for_timeout(2_100)
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you.").wait_for()
    answer()
    lead = Lead.objects.get()
    assert (lead.source.slug, lead.campaign.name, lead.company.domain) == ("letter", "Autumn", "fehr.example")
    assert lead.first_touch["url"] == f"{elsewhere}/?consent&utm_source=letter&utm_campaign=Autumn"
    assert list(lead.activities.order_by("at").values_list("kind", flat=True)) == [
        "web:page", "web:pricing", "web:page", "form:submit",
    ]  # fmt: skip
    mia = page_of(make_user("mia"))
    mia.goto("/leads/?q=lena@fehr")
    assert mia.get_by_text("lena@fehr.example").first.is_visible()
