"""From the first view of somebody's website to the customer, and to the program that hears of it: the whole way in."""

import json
import time
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.urls import reverse
from django_redis import get_redis_connection
from playwright.sync_api import expect
from standardwebhooks import Webhook

from handoff import outgoing, tasks
from leads import inbound
from leads.models import Lead, StageChange, TrackedSite
from leads.tracker import sites, stream
from tests.browser.test_webforms import Site
from tests.factories import make_user
from tests.handoff.notices.conftest import Receiver
from tests.handoff.test_outgoing import again, tell

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ours(live_server, settings):
    settings.SITE_URL = live_server.url
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    return live_server.url


@pytest.fixture
def site(ours):
    one = Site()
    TrackedSite.objects.create(host="127.0.0.1", rules=[["/pricing", "web:pricing"]])
    sites.read_again()
    yield one
    one.server.shutdown()
    one.server.server_close()
    sites.read_again()
    redis = get_redis_connection("default")
    for key in redis.scan_iter(f"{stream.KEY}*"):
        redis.delete(key)


@pytest.fixture
def warehouse(ours):
    """A program that fails twice before it takes anything, and who set it up."""
    one = Receiver()
    one.endpoint = outgoing.add(
        actor=make_user("ruth", team="management"),
        name="Warehouse",
        url=one.url,
        kinds=["lead.created", "lead.stage_changed", "deal.won"],
    )
    one.answers = [500, 503, 200]
    yield one
    one.stop()


def build(desk, site):
    """A marketer builds a form for that website, and copies what shows it."""
    desk.goto("/forms/")
    desk.get_by_role("link", name="Build a form").first.click()
    desk.locator("#id_name").fill("Contact page")
    desk.get_by_label("Heading").fill("Ask us")
    desk.get_by_label("Websites that may show it").fill(site.origin)
    desk.get_by_role("button", name="Save").last.click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Contact page", timeout=30_000)
    return desk.locator("#snippet").input_value()


def bought(client, mia, lead):
    """The shop posts a signed event of an order."""
    shop = inbound.add(actor=mia, name="Shop", kind="purchase", mapping={})
    body = json.dumps({"email": lead.email, "purchase": {"amount": 1250, "currency": "EUR", "key": "order-17"}})
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(shop.secret).sign("msg_1", now, body),
    }
    address = reverse("leads:receive", args=[shop.ident])
    return client.post(address, body, content_type="application/json", headers=headers)


def hear(warehouse):
    """The worker's rounds of posting, as if the waits between them had passed."""
    outgoing.replay_all(warehouse.endpoint)  # what the worker has given up: its settings name no private network
    tell()
    for _round in range(8):
        again()
    taken = warehouse.got[2:]
    return [Webhook(warehouse.endpoint.secret).verify(body, headers) for _path, headers, body in taken]


def test_a_visitor_is_seen_asks_and_buys_and_every_program_hears_of_it_once(
    worker, client, page_of, site, ours, warehouse
):
    mia = make_user("mia")
    desk = page_of(mia)
    snippet = build(desk, site)
    site.shows(f'<script async src="{ours}/t.js" data-consent></script>{snippet}')
    visitor = page_of()
    for path in ("/?utm_source=letter&utm_campaign=Autumn", "/pricing", "/plants", "/contact"):
        visitor.goto(f"{site.origin}{path}")
        visitor.wait_for_function("typeof window.smarketing === 'function' && !window.smarketing.q")
    visitor.get_by_label("Name").fill("Lena Fehr")
    visitor.get_by_label("E-mail").fill("lena@fehr.example")
    visitor.wait_for_timeout(2_100)  # nobody fills in a form in less
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.get_by_text("Thank you.")).to_be_visible()

    sent = time.monotonic()
    worker.wait_until(lambda: Lead.objects.search("lena fehr").exists())
    took = time.monotonic() - sent
    lead = Lead.objects.get()
    tasks.catch_up.delay()  # the beat's next round brings the views
    worker.wait_until(lambda: lead.activities.filter(kind__startswith="web:").count() == 4)
    desk.goto("/leads/?q=lena+fehr")
    expect(desk.get_by_role("link", name="Lena Fehr")).to_be_visible()
    kinds = list(lead.activities.filter(kind__startswith="web:").order_by("at").values_list("kind", flat=True))
    assert kinds == ["web:page", "web:pricing", "web:page", "web:page"]
    assert (lead.source.slug, lead.campaign.name, lead.company.domain) == ("letter", "Autumn", "fehr.example")
    assert took < 30, "the worker was asked at once, not at its next round"

    assert bought(client, mia, lead).status_code == 202
    worker.wait_until(lambda: Lead.objects.get().stage == "customer")
    deal = lead.deals.get()
    assert (deal.status, str(deal.amount), deal.currency) == ("won", "1250.00", "EUR")
    assert StageChange.objects.get(new="customer").skipped == ["mofu", "bofu"]

    worker.rest()  # the test's own settings let it post to this machine
    told = [(said["type"], said["data"]["lead"]["id"]) for said in hear(warehouse)]
    assert sorted(told) == [(kind, lead.pk) for kind in ("deal.won", "lead.created", "lead.stage_changed")]
    call_command("check_pipeline")
