"""Forms on websites: built by marketing, filled in by visitors, and each submission is one lead, kept as it came."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import measure
from handoff import invariants, tasks
from leads import capture
from leads.models import Campaign, Lead, Source, Submission, WebForm
from leads.webforms import building, guard
from leads.webforms.fields import Field
from tests.factories import make_user

LENA = {"name": "Lena Fischer", "email": "lena@fehr.example", "message": "What does it cost?"}
NAME = Field("name", "Name", "text")
EMAIL = Field("email", "E-mail", "email", required=True)
MESSAGE = Field("message", "Message", "long")


def make_form(*fields, consent="", **said):
    known = {"name": "Talk to us", "thanks": "Thank you.", "button": "Send", **said}
    fields = fields or (NAME, EMAIL, MESSAGE)
    return building.write(WebForm(), actor=make_user("mia"), fields=fields, consent=consent, **known)


def token(form, *, seconds=10):
    """What a form carries that was drawn so many seconds ago."""
    with time_machine.travel(timezone.now() - timedelta(seconds=seconds)):
        return guard.token(form)


def send(client, form, said=LENA, *, seconds=10, **headers):
    """What a browser sends for the form: the answers, and what the form carries."""
    body = urlencode({"token": token(form, seconds=seconds), **said}, doseq=True)
    return client.post(address(form), body, content_type=guard.CONTENT_TYPE, headers=headers)


def address(form):
    return reverse("leads:hosted", args=[form.public_id])


def test_a_visitor_fills_in_the_forms_page_and_is_a_lead(client):
    form = make_form()
    page = client.get(address(form))
    assert page.status_code == 200
    assert "sessionid" not in page.cookies
    answer = send(client, form)
    assert (answer.status_code, answer.url) == (303, reverse("leads:thanks", args=[form.public_id]))
    assert "Thank you." in client.get(answer.url).text
    assert capture.process_waiting() == 1
    lead = Lead.objects.get()
    assert (lead.name, lead.email) == ("Lena Fischer", "lena@fehr.example")
    assert lead.activities.get().text == "What does it cost?"


def test_the_lead_carries_its_form_its_consent_and_where_it_came_from(client):
    form = make_form(consent="I agree that you write to me.", source=Source.objects.create(slug="web", name="Website"))
    answer = send(client, form, LENA | {"consent": "1", "origin_url": "https://fehr.example/?utm_source=letter"})
    assert answer.status_code == 303
    capture.process_waiting()
    submission = Submission.objects.get()
    assert (submission.way, submission.webform, submission.state) == ("form", form, "processed")
    agreed = submission.payload["consent"]
    assert (agreed["version"], agreed["hash"]) == (1, sha256(b"I agree that you write to me.").hexdigest())
    assert submission.lead.source.slug == "letter"
    client.force_login(make_user("sam", team="sales"))
    told = client.get(submission.lead.get_absolute_url()).text
    assert "Talk to us, agreed to version 1 of its words of consent" in told


def test_where_the_visitors_own_way_says_nothing_the_forms_source_counts(client):
    fair = Campaign.objects.create(name="Spring fair")
    form = make_form(source=Source.objects.create(slug="web", name="Website"), campaign=fair)
    send(client, form, LENA | {"origin_url": "https://fehr.example/contact"})
    capture.process_waiting()
    lead = Lead.objects.get()
    assert (lead.source.slug, lead.campaign) == ("web", fair)


def test_other_words_of_consent_are_another_version_and_a_visitor_agrees_to_those_they_read(client):
    form = make_form(consent="First words")
    building.write(form, actor=make_user("mia"), fields=[EMAIL], consent="Second words")
    assert [(w.version, w.words) for w in form.wordings.all()] == [(2, "Second words"), (1, "First words")]
    building.write(form, actor=make_user("mia"), fields=[EMAIL], consent="Second words", title="Hello")
    assert form.wordings.count() == 2
    send(client, form, LENA | {"consent": "1"})
    assert Submission.objects.get().payload["consent"]["version"] == 1
    assert "without it we may not keep" in send(client, form, LENA | {"consent": "7"}).text


def test_whoever_asks_for_a_talk_is_offered_to_sales_with_how_and_when(client):
    form = make_form(NAME, EMAIL, Field("phone", "Phone", "tel"), MESSAGE, hand_raise="offered")
    wish = {"talk": "1", "talk_channel": "phone", "talk_when": "mornings"}
    refused = send(client, form, LENA | wish)
    assert refused.status_code == 422
    assert "Give the number at which we reach you." in refused.text
    assert send(client, form, LENA | wish | {"phone": "+43 662 123456"}).status_code == 303
    assert send(client, form, {"email": "georg@fehr.example"}).status_code == 303
    tasks.catch_up()
    lena, georg = (Lead.objects.get(email=f"{name}@fehr.example") for name in ("lena", "georg"))
    assert (lena.stage, georg.stage) == ("mofu", "tofu")
    assert lena.preferred_contact == "Phone, mornings"
    assert lena.handoffs.get().note == "What does it cost?\nPhone, mornings"


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(client):
    form = make_form(NAME, EMAIL, Field("custom.plan", "Plan", "choice", choices=("Small", "Large"), required=True))
    answer = send(client, form, {"name": "Lena <b>", "email": "lena at fehr", "custom.plan": "Huge"})
    assert answer.status_code == 422
    assert "lena at fehr is not an e-mail address." in answer.text
    assert "Please choose one of those offered." in answer.text
    assert 'value="Lena &lt;b&gt;"' in answer.text
    assert not Submission.objects.exists()
    told = send(client, form, {"email": ""}, accept="application/json")
    assert told.status_code == 422
    assert told.json()["errors"] == {"email": ["Please fill this in."], "custom.plan": ["Please choose one."]}


def test_every_type_of_field_arrives_on_the_lead(client):
    form = make_form(
        EMAIL,
        Field("company", "Company", "text"),
        Field("size", "Staff", "number"),
        Field("country", "Country", "country"),
        Field("custom.need", "Need", "long"),
        Field("custom.budget", "Budget", "number"),
        Field("custom.start", "Start", "date"),
        Field("custom.topics", "Topics", "picks", choices=("Gas", "Power", "Heat")),
        Field("custom.visit", "Visit", "yes"),
    )
    said = {
        "email": "lena@fehr.example", "company": "Fehr", "size": "120", "country": "AT", "custom.need": "Less\nof it",
        "custom.budget": "12500,5", "custom.start": "2026-12-01", "custom.topics": ["Heat", "Gas"], "custom.visit": "yes",
    }  # fmt: skip
    assert send(client, form, said).status_code == 303
    capture.process_waiting()
    lead = Lead.objects.get()
    assert (lead.company.name, lead.company.size, lead.country) == ("Fehr", 120, "AT")
    assert lead.custom == {
        "need": "Less\nof it", "budget": 12500.5, "start": "2026-12-01", "topics": ["Gas", "Heat"], "visit": "yes",
    }  # fmt: skip


def test_a_double_click_is_one_submission_and_other_answers_are_another(client):
    form, word = make_form(), {}
    word["token"] = token(form)
    for _click in range(2):
        assert send(client, form, LENA | word).status_code == 303
    assert Submission.objects.count() == 1
    assert send(client, form, LENA | word | {"message": "And when?"}).status_code == 303
    assert Submission.objects.count() == 2


@pytest.mark.parametrize("seconds", [0, 25 * 60 * 60])
def test_what_comes_too_fast_or_from_an_old_page_is_sent_once_more_and_nothing_is_lost(client, seconds):
    form = make_form()
    answer = send(client, form, seconds=seconds)
    assert answer.status_code == 422
    assert "send it once more: nothing is lost" in answer.text
    assert "What does it cost?" in answer.text
    assert not Submission.objects.exists()


def test_a_form_of_another_sign_is_sent_once_more(client):
    form, other = make_form(), make_form(name="Another")
    for forged in (token(other), "", "abc", token(form)[:-2] + "xx"):
        assert send(client, form, LENA | {"token": forged}).status_code == 422
    assert not Submission.objects.exists()


def test_what_fills_in_the_trap_is_held_for_a_person_and_its_sender_told_nothing(client):
    form = make_form()
    assert send(client, form, LENA | {"homepage": "http://spam.example"}).status_code == 303
    assert capture.process_waiting() == 0
    held = Submission.objects.get()
    assert (held.state, held.payload["email"]) == ("held", "lena@fehr.example")
    client.force_login(make_user("mia"))
    assert "Held: A field that people do not see was filled in" in client.get(form.get_absolute_url()).text


def test_a_flood_from_one_address_or_on_one_form_is_stopped_and_others_go_on(client, settings):
    settings.FORM_POSTS_PER_ADDRESS, settings.FORM_POSTS, settings.TRUSTED_PROXIES = 3, 5, 1
    form, other = make_form(), make_form(name="Another")

    def knock(form, number, address):
        return send(client, form, {"email": f"p{number}@fehr.example"}, x_forwarded_for=f"6.6.6.6, {address}")

    assert [knock(form, n, "9.9.9.1").status_code for n in range(5)] == [303, 303, 303, 429, 429]
    shut = knock(form, 5, "9.9.9.1")
    assert 0 < int(shut["Retry-After"]) <= 60
    assert "Too much comes in at the moment" in shut.text
    assert [knock(form, n, "9.9.9.2").status_code for n in range(10, 13)] == [303, 303, 429]
    assert knock(other, 20, "9.9.9.3").status_code == 303
    assert Submission.objects.count() == 6


def test_what_could_not_be_kept_anyway_does_not_shut_a_form_for_people(client, settings):
    settings.FORM_POSTS, settings.TRUSTED_PROXIES = 2, 1
    form = make_form()
    for number in range(4):
        answer = send(client, form, seconds=0, x_forwarded_for=f"9.9.8.{number}")
        assert "send it once more" in answer.text
    assert send(client, form, x_forwarded_for="9.9.8.9").status_code == 303


def test_a_wrong_number_beside_a_wish_for_a_call_is_said_and_not_lost(client):
    form = make_form(NAME, EMAIL, Field("phone", "Phone", "tel"), hand_raise="always")
    answer = send(client, form, LENA | {"phone": "12", "talk_channel": "phone"})
    assert answer.status_code == 422
    assert "lena@fehr.example" in answer.text


@pytest.mark.parametrize(
    ("said", "kept"), [("1e1000000", None), ("-1e999999", None), ("0e99", 0), ("1e-1000000", 0), ("12,5", 12.5)]
)
def test_a_number_of_any_size_is_kept_or_refused_in_words(client, said, kept):
    form = make_form(EMAIL, Field("custom.use", "Yearly use", "number"))
    answer = send(client, form, {"email": "lena@fehr.example", "custom.use": said})
    if kept is None:
        assert (answer.status_code, "Please give a smaller number." in answer.text) == (422, True)
    else:
        assert Submission.objects.get().payload.get("custom") == {"use": kept}


@pytest.mark.parametrize(
    "odd", [{"size": "3.7"}, {"size": "-5"}, {"size": "1e11"}, {"talk_when": "\x00"}, {"origin_url": "https://[\x00"}]
)
def test_whatever_odd_a_visitor_sends_is_a_lead_or_refused_in_words(client, odd):
    form = make_form(EMAIL, Field("size", "People", "number"), hand_raise="always")
    answer = send(client, form, {"email": "lena@fehr.example", **odd})
    assert answer.status_code in (303, 422)
    assert capture.process_waiting() == Submission.objects.count() == (answer.status_code == 303)


def test_the_limits_hold_while_redis_is_away(client, settings, monkeypatch):
    monkeypatch.setattr(measure, "_counted", lambda *_asked: None)
    settings.FORM_POSTS_PER_ADDRESS = 2
    form = make_form()
    assert [send(client, form, {"email": f"p{n}@fehr.example"}).status_code for n in range(3)] == [303, 303, 429]


@pytest.mark.parametrize(
    ("body", "content_type", "length", "status", "said"),
    [
        ("&".join(f"f{n}=1" for n in range(10_000)), guard.CONTENT_TYPE, None, 413, "more than 200 fields"),
        ("a=1", guard.CONTENT_TYPE, "52428800", 413, "more than a form holds (256 kB)"),
        ("a=1", "multipart/form-data; boundary=x", None, 415, "A form is sent as"),
        ("a=1", "application/json", None, 415, "A form is sent as"),
        ("a=1", guard.CONTENT_TYPE, "", 411, "Say how long it is"),
    ],
)
def test_what_no_form_can_hold_is_refused_with_the_reason_before_it_is_read(
    client, body, content_type, length, status, said
):
    form = make_form()
    more = {} if length is None else {"CONTENT_LENGTH": length}
    answer = client.post(address(form), body, content_type=content_type, **more)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert not Submission.objects.exists()


def test_only_websites_that_are_named_may_show_it_and_send_by_it(client):
    form = make_form(hosts=["https://www.fehr.example", "https://*.fehr.example:8443"])
    page = client.get(address(form))
    assert "frame-ancestors 'self' https://www.fehr.example https://*.fehr.example:8443;" in policy(page)
    assert "X-Frame-Options" not in page
    ours = "https://www.fehr.example"
    answer = send(client, form, origin=ours, accept="application/json")
    assert answer.headers["Access-Control-Allow-Origin"] == ours
    assert "Thank you." in answer.json()["thanks"]
    for origin in ("https://evil.example", "http://www.fehr.example", "https://www.fehr.example.evil.example"):
        refused = send(client, form, origin=origin, accept="application/json")
        assert refused.status_code == 403
        assert refused.json()["notice"] == f"This form may not be sent from {origin}."
        assert "Access-Control-Allow-Origin" not in refused
    assert send(client, form, LENA | {"name": "L"}, origin="https://shop.fehr.example:8443").status_code == 303
    assert Submission.objects.count() == 2


def policy(response):
    return response.headers["Content-Security-Policy"] + ";"


def test_the_script_brings_the_form_and_is_fetched_anew_only_after_an_edit(client):
    form = make_form(title="Write to us")
    address = reverse("leads:script", args=[form.public_id])
    script = client.get(address)
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "max-age=300" in script.headers["Cache-Control"]
    assert "Write to us" in script.text
    again = {"if-none-match": script.headers["ETag"]}
    assert client.get(address, headers=again).status_code == 304
    building.write(form, actor=make_user("mia"), fields=[EMAIL], consent="", title="Say hello")
    assert "Say hello" in client.get(address, headers=again).text
    carried = client.get(reverse("leads:form_token", args=[form.public_id]))
    assert carried.headers["Cache-Control"] == "no-store"
    with time_machine.travel(timezone.now() + timedelta(seconds=5)):
        assert guard.drawn(form, carried.json()["token"])


def test_a_retired_form_says_so_and_takes_nothing(client):
    form = make_form()
    building.retire(form, actor=make_user("mia"))
    page = client.get(address(form))
    assert (page.status_code, "This form is closed" in page.text) == (410, True)
    assert send(client, form).status_code == 410
    assert client.get(reverse("leads:script", args=[form.public_id])).status_code == 410
    assert not Submission.objects.exists()
    building.revive(form, actor=make_user("mia"))
    assert client.get(address(form)).status_code == 200


def test_nobody_finds_a_form_by_guessing(client):
    make_form()
    assert client.get("/f/1").status_code == 404
    assert client.get("/f/1.js").status_code == 404
    assert len(make_form(name="Another").public_id) >= 16


@pytest.mark.django_db(transaction=True)
def test_a_hundred_who_send_one_address_at_once_are_one_lead(settings):
    settings.FORM_POSTS_PER_ADDRESS = 1_000
    form = make_form()
    sent = [LENA | {"message": f"Question {number}", "token": token(form)} for number in range(100)]

    def one(said):
        try:
            return Client().post(address(form), urlencode(said), content_type=guard.CONTENT_TYPE).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as visitors:
        assert set(visitors.map(one, sent)) == {303}
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _n: (capture.process_waiting(40), connection.close()), range(4)))
    capture.process_waiting()
    assert (Lead.objects.count(), Submission.objects.filter(lead=None).count()) == (1, 0)
    assert Lead.objects.get().activities.filter(kind="form:submit").count() == 100
    assert invariants.violations() == []


@pytest.mark.django_db(transaction=True)
def test_with_redis_away_what_visitors_send_is_kept_and_taken_up_by_the_sweep(client, settings):
    away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "default": away}
    form = make_form()
    assert client.get(address(form)).status_code == 200
    assert send(client, form).status_code == 303
    assert Submission.objects.get().state == "waiting"
    tasks.catch_up()
    assert Submission.objects.get().lead == Lead.objects.get()


# Building one

BUILT = {
    "version": "1", "name": "Fair", "title": "Meet us", "button": "Send", "thanks": "See you there.", "hand_raise": "never",
    "accent": "#B3123A", "font": "serif", "corner": "round", "scheme": "auto", "websites": "www.fehr.example",
    "consent_words": "I agree.", "consent_required": "on",
    "row": ["0", "3"], "f0-kind": "email", "f0-required": "on", "f3-kind": "custom", "f3-label": "Your budget",
    "f3-type": "choice", "f3-choices": "Small\nLarge\n",
}  # fmt: skip


def test_marketing_builds_a_form_and_everybody_sees_what_comes_of_it(client):
    client.force_login(make_user("mia"))
    assert client.post(reverse("leads:form_add"), BUILT).status_code == 302
    form = WebForm.objects.get()
    assert [(one["name"], one["type"], one["choices"]) for one in form.fields] == [
        ("email", "email", []),
        ("custom.your_budget", "choice", ["Small", "Large"]),
    ]
    assert (form.accent, form.hosts, form.consent.words) == ("#b3123a", ["https://www.fehr.example"], "I agree.")
    send(client, form, {"email": "lena@fehr.example", "custom.your_budget": "Large", "consent": "1"})
    send(client, form, {"email": "bot@fehr.example", "consent": "1", "homepage": "x"})
    capture.process_waiting()
    client.force_login(make_user("sam", team="sales"))
    counts = WebForm.objects.counted().get()
    assert (counts.came, counts.leads, counts.held) == (2, 1, 1)
    page = client.get(form.get_absolute_url()).text
    assert "lena@fehr.example" in page
    assert f"/f/{form.public_id}.js" in page
    assert "Fair" in client.get(reverse("leads:forms")).text


def test_sales_sees_forms_and_does_not_build_them(client):
    form = make_form()
    client.force_login(make_user("sam", team="sales"))
    assert client.get(form.get_absolute_url()).status_code == 200
    for name, args in (("form_add", []), ("form_edit", [form.pk])):
        assert client.get(reverse(f"leads:{name}", args=args)).status_code == 403
        assert client.post(reverse(f"leads:{name}", args=args), BUILT).status_code == 403
    assert client.post(reverse("leads:form_preview"), BUILT).status_code == 403
    assert client.post(reverse("leads:form_act", args=[form.pk, "retire"])).status_code == 403
    form.refresh_from_db()
    assert (form.version, form.retired_at) == (1, None)


def rows(page):
    return re.findall(r'name="row" value="(\d+)"', page.text)


def test_fields_are_added_moved_and_removed_without_javascript_and_nothing_is_saved_yet(client):
    client.force_login(make_user("mia"))
    address = reverse("leads:form_add")
    assert rows(client.get(address)) == ["0", "1", "2"]
    assert rows(client.post(address, BUILT | {"act": "add"})) == ["0", "3", "4"]
    assert rows(client.post(address, BUILT | {"act": "up:3"})) == ["3", "0"]
    assert rows(client.post(address, BUILT | {"act": "down:3"})) == ["0", "3"]
    removed = client.post(address, BUILT | {"act": "remove:0"})
    assert (rows(removed), "Your budget" in removed.text) == (["3"], True)
    assert not WebForm.objects.exists()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"row": ["3"]}, "A form asks for an e-mail or a phone"),
        ({"f0-required": ""}, "E-mail has to be required"),
        ({"f3-choices": "Only one"}, "needs from 2 to 60 answers"),
        ({"f3-label": ""}, "Say what is asked for"),
        ({"redirect_to": "http://fehr.example/thanks"}, "begins with https://"),
        ({"redirect_to": "javascript:alert(1)"}, "Enter a valid URL"),
        ({"accent": "red;}"}, "Expected a colour such as #5b3df5."),
        ({"websites": "https://exa_mple/;script"}, "Expected a website such as"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_makes_no_form_is_refused_with_what_is_missing(client, said, reason):
    client.force_login(make_user("mia"))
    answer = client.post(reverse("leads:form_add"), BUILT | said)
    assert (answer.status_code, reason in answer.text) == (422, True)
    assert not WebForm.objects.exists()


def test_two_who_edit_one_form_do_not_overwrite_each_other(client):
    form = make_form()
    client.force_login(make_user("mia"))
    edit = reverse("leads:form_edit", args=[form.pk])
    assert client.post(edit, BUILT | {"name": "First"}).status_code == 302
    second = client.post(edit, BUILT | {"name": "Second"})
    assert (second.status_code, "A colleague has changed this form meanwhile" in second.text) == (422, True)
    assert WebForm.objects.get().name == "First"


def test_the_preview_shows_what_is_typed_and_can_send_nothing(client):
    client.force_login(make_user("mia"))
    shown = client.post(reverse("leads:form_preview"), BUILT | {"title": "<b>Hello"}).text
    assert "&lt;b&gt;Hello" in shown
    assert 'type="button">Send' in shown
    assert 'data-accent="#B3123A"' in shown


def test_the_page_of_forms_asks_the_database_as_often_for_many_as_for_one(client):
    client.force_login(make_user("mia"))
    make_form()
    taken = []
    for number in range(2):
        client.get(reverse("leads:forms"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("leads:forms"))
        taken.append(len(queries))
        for each in range(5):
            make_form(name=f"Form {number} {each}")
    assert taken[0] == taken[1]


def test_a_forms_page_asks_the_database_once(client):
    form = make_form(consent="I agree.")
    client.get(address(form))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address(form)).status_code == 200
    assert len(queries) == 1
