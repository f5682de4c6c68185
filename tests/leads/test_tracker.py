"""Visits of websites: told after consent, kept once, and part of the lead that the visitor turns out to be."""

import gzip
import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from handoff import lifecycle
from handoff.tasks import answer
from leads import capture, tracker
from leads.models import Activity, Engagement, Lead, Submission, TrackedSite, Visitor, VisitorEvent
from leads.tracker import sites, stream
from tests.factories import make_lead, make_reason, make_user
from tests.leads.tracking import LANDING, Visiting, event, site

__all__ = ["site"]
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def redis_away(settings):
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": NOWHERE}}
    assert cache.set("here", 1) in (None, False)
    yield
    stream._away.rests_until = 0


def kinds(lead):
    return list(lead.activities.order_by("at", "id").values_list("kind", flat=True))


def test_the_script_is_small_and_may_be_kept_by_browsers(client):
    answer = client.get("/t.js", headers={"accept-encoding": "gzip"})
    assert len(answer.content) < 2_000
    assert b"sendBeacon" in gzip.decompress(answer.content)
    assert (answer["Content-Type"], answer["Cache-Control"]) == (
        "text/javascript; charset=utf-8",
        "public, max-age=3600",
    )
    assert client.get("/t.js").content == gzip.decompress(answer.content)
    assert client.get("/t.js", headers={"if-none-match": answer["ETag"]}).status_code == 304
    assert not client.cookies
    assert client.post("/t.js").status_code == 405


def test_the_history_of_a_visitor_joins_the_lead_they_say_they_are(site):
    visiting = Visiting()
    assert visiting.looks("/?utm_source=google&utm_campaign=Peak+load&gclid=abc", title="Volt", ago=60_000) == 204
    assert visiting.looks("/pricing/plants", title="What it costs", ago=30_000) == 204
    assert visiting.send(event(name="calculator", data={"plants": 2}, ago=20_000)) == 204
    assert Visitor.objects.count() == 0  # they wait in the stream
    assert visiting.says(email="lena@fehr.example", name="Lena Fischer") == 204
    answer()
    lead = Lead.objects.get()
    assert kinds(lead) == ["web:page", "web:pricing", "web:calculator", "web:identified"]
    assert (lead.name, lead.source.slug, lead.campaign.name) == ("Lena Fischer", "google", "Peak load")
    assert lead.first_touch["click_ids"] == {"gclid": "abc"}
    first, prices, calculator, _said = lead.activities.order_by("at")
    assert first.data["origin"]["utm"] == {"source": "google", "campaign": "Peak load"}
    assert (prices.text, prices.data["url"]) == ("What it costs", "https://volt.example/pricing/plants")
    assert calculator.data["plants"] == 2
    assert lead.first_seen_at == first.at == Visitor.objects.get().first_seen_at
    assert Engagement.objects.get(lead=lead, kind="web:pricing").number == 1
    assert not VisitorEvent.objects.waiting().exists()


def test_what_a_known_visitor_does_later_comes_onto_their_timeline(site):
    visiting = Visiting()
    visiting.says(email="lena@fehr.example")
    answer()
    visiting.looks("/pricing")
    answer()
    assert kinds(Lead.objects.get()) == ["web:identified", "web:pricing"]


def test_an_event_that_is_sent_twice_counts_once(site):
    visiting, look = Visiting(), event(url="https://volt.example/pricing")
    visiting.send(look)
    visiting.send(look, look)
    visiting.says(email="lena@fehr.example")
    answer()
    visiting.send(look)
    answer()
    assert kinds(Lead.objects.get()).count("web:pricing") == 1
    assert VisitorEvent.objects.count() == 1


def test_who_says_twice_who_they_are_is_one_submission_a_time(site):
    visiting, said = Visiting(), event(identify={"email": "lena@fehr.example"})
    assert [visiting.send(said), visiting.send(said)] == [204, 204]
    answer()
    assert Submission.objects.get().way == "tracker"


def test_another_person_in_the_same_browser_gets_what_comes_after_them(site):
    visiting = Visiting()
    visiting.looks("/pricing")
    visiting.says(email="lena@fehr.example")
    answer()
    visiting.says(email="georg@fehr.example")
    answer()
    visiting.looks("/")
    answer()
    lena, georg = Lead.objects.get(email="lena@fehr.example"), Lead.objects.get(email="georg@fehr.example")
    assert kinds(lena) == ["web:pricing", "web:identified"]
    assert kinds(georg) == ["web:identified", "web:page"]
    assert (lena.source.slug, georg.first_touch["utm"]["source"]) == ("google", "google")


def test_two_people_of_one_browser_in_one_batch_share_nothing_that_was_before(site):
    visiting = Visiting()
    visiting.looks("/pricing")
    visiting.says(email="lena@fehr.example")
    visiting.says(email="georg@fehr.example")
    answer()
    visiting.looks("/")
    answer()
    assert kinds(Lead.objects.get(email="lena@fehr.example")) == ["web:pricing", "web:identified"]
    assert kinds(Lead.objects.get(email="georg@fehr.example")) == ["web:identified", "web:page"]


def test_a_form_brings_the_history_of_its_visitor_too(site):
    visiting = Visiting()
    visiting.looks("/pricing")
    lead = make_lead(email="lena@fehr.example", source="fair")
    capture.accept({"email": "lena@fehr.example", "origin": {"visitor": visiting.visitor}}, way="form")
    answer()
    lead.refresh_from_db()
    assert sorted(kinds(lead)) == ["form:submit", "lead:added", "web:pricing"]
    assert (lead.source.slug, lead.first_touch) == ("fair", None)


def test_who_came_directly_first_is_told_by_the_first_touch_that_tells_anything(site):
    visiting = Visiting(landing="https://volt.example/")
    visiting.looks("/")
    answer()
    visiting.landing = {"url": LANDING, "referrer": ""}
    visiting.says(email="lena@fehr.example")
    answer()
    assert Lead.objects.get().source.slug == "google"
    assert Visitor.objects.get().origin == {"url": "https://volt.example/"}


def test_the_first_touch_of_a_visitor_stays_whatever_leads_them_here_again(site):
    visiting = Visiting(landing="https://volt.example/?utm_source=newsletter")
    visiting.looks("/", ago=1_000)
    answer()
    visiting.landing = {"url": LANDING, "referrer": ""}
    visiting.looks("/pricing")
    visiting.says(email="lena@fehr.example")
    answer()
    lead = Lead.objects.get()
    assert (lead.source.slug, lead.campaign) == ("newsletter", None)
    assert lead.activities.get(kind="web:identified").data["origin"]["utm"]["source"] == "google"


@pytest.mark.parametrize("header", ["dnt", "sec-gpc"])
def test_whoever_does_not_want_to_be_tracked_is_not(site, header):
    visiting = Visiting()
    assert visiting.send(event(identify={"email": "lena@fehr.example"}), headers={header: "1"}) == 204
    answer()
    assert not Submission.objects.exists()
    assert not Visitor.objects.exists()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"consent": False}, 403),
        ({"consent": "yes"}, 403),
        ({"visitor": "me"}, 422),
        ({"visitor": None}, 422),
        ({"events": []}, 422),
        ({"events": [5]}, 422),
        ({"events": [event()] * 51}, 422),
        ({"events": [event(id="1")]}, 422),
        ({"events": [event(url="https://elsewhere.example/")]}, 403),
        ({"events": [event(url=7)]}, 403),
        ({"events": [event(url="javascript:alert(1)")]}, 403),
        ({"events": [event(name="Pricing Page")]}, 422),
        ({"events": [event(name="x" * 31)]}, 422),
        ({"events": [event(name="identified")]}, 422),
        ({"events": [event(data=[1])]}, 422),
        ({"events": [event(data={"a": "x" * 2_000})]}, 422),
        ({"events": [event(ago="long")]}, 422),
        ({"events": [event(identify={"email": "lena@"})]}, 422),
        ({"events": [event(identify={"email": "a@b.example", "purchase": True})]}, 422),
        ({"events": [event(identify="me")]}, 422),
    ],
)
def test_what_is_no_hit_is_refused_and_nothing_of_it_is_kept(site, said, status):
    visiting = Visiting()
    body = {"visitor": visiting.visitor, "consent": True, "events": [event()], **said}
    assert visiting.post(json.dumps(body)).status_code == status
    answer()
    assert not Submission.objects.exists()
    assert not VisitorEvent.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"x", b"\xff\xfe", b"[]", b'{"visitor": "\\ud800"}', b"[" * 60_000, b'{"a": NaN}']
)
def test_what_is_no_json_is_refused(site, body):
    assert Visiting().post(body).status_code == 400


def test_another_site_is_told_that_it_does_not_count(site):
    visiting = Visiting()
    body = json.dumps({"visitor": visiting.visitor, "consent": True, "events": [event()]})
    answer = visiting.post(body, headers={"origin": "https://elsewhere.example"})
    assert (answer.status_code, answer.text) == (403, "This site is not among those whose visits count here.")
    assert visiting.post(body, headers={"origin": "null"}).status_code == 204
    assert visiting.client.get("/t").status_code == 405


def test_a_hundred_thousand_bytes_of_parameters_are_refused_unread(site):
    visiting = Visiting()
    assert visiting.looks("/?" + "&".join(f"p{n}=v" for n in range(17_000))) == 413
    assert visiting.client.post("/t?" + "p=1&" * 25_000, "x", content_type="text/plain").status_code == 400
    assert visiting.looks("/?" + "&".join(f"p{n}=v" for n in range(5_000))) == 204
    answer()
    assert len(VisitorEvent.objects.get().url) == 2_000


def test_signs_that_no_column_takes_spoil_nothing(site):
    visiting = Visiting()
    visiting.looks("/pricing", title="\0Prices\0\\", data={"a\0": "b\0", "tab": "\t\n\\N\\."})
    visiting.says(email="lena@fehr.example")
    answer()
    line = Activity.objects.get(kind="web:pricing")
    assert (line.text, line.data["a"], line.data["tab"]) == ("Prices\\", "b", "\t\n\\N\\.")


@pytest.mark.parametrize(("ago", "seconds"), [(-9e15, 0), (60_000, 60), (9e300, 12 * 3600), (None, 0)])
def test_a_clock_that_runs_ahead_or_behind_moves_nothing_out_of_bounds(site, ago, seconds):
    Visiting().looks("/", ago=ago)
    answer()
    happened = timezone.now() - VisitorEvent.objects.get().at
    assert timedelta(seconds=seconds) <= happened < timedelta(seconds=seconds + 20)


def test_one_address_is_heard_so_often_within_a_minute_and_another_one_still(site, settings):
    settings.TRACKER_HITS_PER_ADDRESS = 5
    visiting = Visiting()
    answers = [visiting.looks("/") for _ in range(7)]
    assert answers[:4] == [204] * 4
    assert answers[-1] == 429
    body = json.dumps({"visitor": visiting.visitor, "consent": True, "events": [event()]})
    assert visiting.post(body, REMOTE_ADDR="10.0.0.2").status_code == 204
    refused = visiting.post(body)
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")


def test_with_redis_away_visits_go_straight_to_the_database_and_are_still_measured(site, redis_away, settings):
    settings.TRACKER_HITS_PER_ADDRESS = 25
    visiting = Visiting()
    assert visiting.looks("/pricing") == 204
    assert VisitorEvent.objects.get().kind == "web:pricing"
    assert visiting.says(email="lena@fehr.example") == 204
    answer()
    assert kinds(Lead.objects.get()) == ["web:pricing", "web:identified"]
    assert [visiting.looks("/") for _ in range(5)][-1] == 429


def test_a_stream_that_is_full_cuts_nothing_and_the_database_takes_the_rest(site, monkeypatch):
    monkeypatch.setattr(stream, "MOST_WAITING", 2)
    visiting = Visiting()
    assert [visiting.looks(f"/{n}") for n in range(5)] == [204] * 5
    assert VisitorEvent.objects.count() == 3
    answer()
    assert VisitorEvent.objects.count() == 5


def test_one_entry_that_cannot_be_written_is_set_aside_with_its_reason_and_the_rest_goes_on(site, client):
    visiting = Visiting()
    visiting.looks("/")
    stream.append('{"id": "spoiled"}', address="nobody", weight=1)
    visiting.looks("/pricing")
    assert tracker.drain() == 2
    assert tracker.drain() == 0
    client.force_login(make_user("mia"))
    page = client.get("/submissions/").text
    assert "Visits that could not be written" in page
    assert "null value in column" in page
    assert "spoiled" in page
    assert client.post("/submissions/again/").status_code == 302
    assert "Visits that could" not in client.get("/submissions/").text
    assert tracker.drain() == 0  # it is tried, and set aside once more
    assert "Visits that could" in client.get("/submissions/").text


def test_who_never_said_who_they_are_is_forgotten_and_who_did_is_not(site, settings):
    settings.VISITOR_DAYS = 30
    stranger, lena, fresh = Visiting(), Visiting(), Visiting()
    for visiting in (stranger, lena, fresh):
        visiting.looks("/")
    lena.says(email="lena@fehr.example")
    answer()
    long_ago = timezone.now() - timedelta(days=31)
    for visiting in (stranger, lena):
        Visitor.objects.filter(pk=visiting.visitor).update(last_seen_at=long_ago)
        VisitorEvent.objects.filter(visitor=visiting.visitor).update(recorded_at=long_ago)
    assert tracker.forget() == 2  # the stranger, and the event that the timeline has
    assert {str(pk) for pk in Visitor.objects.values_list("pk", flat=True)} == {lena.visitor, fresh.visitor}
    assert VisitorEvent.objects.get().visitor_id.hex == fresh.visitor.replace("-", "")
    assert kinds(Lead.objects.get()) == ["web:page", "web:identified"]


def test_a_lead_that_is_deleted_takes_its_visits_along(site):
    visiting = Visiting()
    visiting.looks("/")
    visiting.says(email="lena@fehr.example")
    answer()
    Submission.objects.all().delete()
    Lead.objects.get().delete()
    assert not Visitor.objects.exists()
    assert not VisitorEvent.objects.exists()


def test_a_site_that_is_taken_away_is_not_heard_any_more(site):
    assert Visiting().looks("/") == 204
    TrackedSite.objects.all().delete()
    sites.read_again()
    assert Visiting().looks("/") == 403


def test_who_was_out_comes_back_by_looking_at_a_page_unless_they_asked_not_to_be_contacted(site):
    visitings = [Visiting() for _visitor in range(3)]
    for number, visiting in enumerate(visitings):
        visiting.says(email=f"p{number}@fehr.example")
    answer()
    late, back, silent = Lead.objects.order_by("email")
    visitings[0].looks("/pricing")  # before sales was done with them: known only afterwards
    for lead, why in ((late, "no_need"), (back, "no_need"), (silent, "do_not_contact")):
        lifecycle.disqualify(lead, actor=make_user("mia"), reason=make_reason("disqualify", why))
    visitings[1].looks("/pricing")
    visitings[2].looks("/pricing")
    answer()
    assert [lead.activities.filter(kind="web:pricing").count() for lead in (late, back, silent)] == [1, 1, 1]
    assert list(Lead.objects.order_by("email").values_list("stage", flat=True)) == ["out", "tofu", "out"]
    assert back.stage_changes.latest("seq").act == "return_by_self"
