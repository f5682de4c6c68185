"""Programs elsewhere post signed events: each comes in once, forged ones not at all, and what is unreadable is kept."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from standardwebhooks.webhooks import Webhook

from accounts import measure
from handoff import answers
from leads import capture, inbound
from leads.inbound import mapping
from leads.models import Lead, StageChange, Submission, WebhookSource
from tests.factories import make_lead, make_user

PAGE = reverse("leads:sources")


@pytest.fixture
def mia():
    return make_user("mia", team="marketing")


@pytest.fixture
def source(mia):
    return inbound.add(actor=mia, name="Shop", kind="lead", mapping={})


def post(client, source, said, *, ident="msg_1", at=None, secret=None, **headers):
    """Post an event as the library of Standard Webhooks signs it."""
    body = said if isinstance(said, str) else json.dumps(said)
    at = at or datetime.now(UTC)
    signature = Webhook(secret or source.secret).sign(ident, at, body)
    headers = {
        "webhook-id": ident,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
        **headers,
    }
    address = reverse("leads:receive", args=[source.ident])
    return client.post(address, body, content_type="application/json", headers=headers)


def process():
    while capture.process_waiting():
        pass
    answers.answer_all()


def test_a_signed_event_is_kept_raw_and_becomes_a_lead(client, source):
    said = {"email": "lena@fehr.example", "name": "Lena Fischer", "company": "Fehr"}
    response = post(client, source, said)
    assert response.status_code == 202
    assert response.json()["state"] == "waiting"
    kept = Submission.objects.get(pk=response.json()["id"])
    assert (kept.way, kept.payload, kept.hook) == ("webhook", said, source)
    process()
    lead = Lead.objects.get(email="lena@fehr.example")
    assert lead.activities.filter(kind="lead:received").exists()


def test_a_purchase_posted_by_a_signed_client_makes_a_customer_with_a_won_deal_and_the_skipped_stages(client, mia):
    fields = mapping.read(
        "email: data.customer.email\nname: data.customer.name\npurchase.amount: data.total\n"
        "purchase.currency: data.currency\npurchase.key: data.order\nsource: =shop"
    )
    source = inbound.add(actor=mia, name="Shop", kind="purchase", mapping=fields)
    order = {
        "customer": {"email": "lena@fehr.example", "name": "Lena"},
        "total": 1250.5,
        "currency": "eur",
        "order": "17",
    }
    said = {"type": "order.paid", "data": order}
    for ident in ("msg_1", "msg_1", "msg_2"):  # sent twice, and told of once more under another id
        assert post(client, source, said, ident=ident).status_code == 202
    process()
    lead = Lead.objects.get(email="lena@fehr.example")
    assert (lead.stage, lead.source.slug) == ("customer", "shop")
    deal = lead.deals.get()
    assert (deal.status, str(deal.amount), deal.currency) == ("won", "1250.50", "EUR")
    bought = StageChange.objects.get(lead=lead, new="customer")
    assert (bought.old, bought.skipped) == ("tofu", ["mofu", "bofu"])
    assert Submission.objects.filter(hook=source).first().raw == said


def test_an_activity_stands_on_the_timeline_of_who_is_here_already(client, mia):
    lead = make_lead(email="lena@fehr.example")
    source = inbound.add(actor=mia, name="Event platform", kind="activity", mapping={})
    post(client, source, {"email": "lena@fehr.example", "activity": {"text": "Came to the fair"}}, ident="a")
    post(client, source, {"email": "lena@fehr.example", "activity": {"kind": "event:attended"}}, ident="b")
    process()
    told = lead.activities.filter(kind__startswith="event:").values_list("kind", "text").order_by("id")
    assert list(told) == [("event:event_platform", "Came to the fair"), ("event:attended", "")]


def test_the_same_message_twice_is_one_submission_with_the_same_answer(client, source):
    first = post(client, source, {"email": "lena@fehr.example"})
    again = post(client, source, {"email": "lena@fehr.example"})
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert Submission.objects.count() == 1


def test_two_senders_may_use_the_same_id(client, source, mia):
    other = inbound.add(actor=mia, name="Fair", kind="lead", mapping={})
    post(client, source, {"email": "lena@fehr.example"})
    post(client, other, {"email": "tom@fehr.example"})
    assert Submission.objects.count() == 2


def test_a_forged_or_stale_message_is_refused_without_a_word_of_why(client, source):
    said = {"email": "lena@fehr.example"}
    late, early = (datetime.now(UTC) + timedelta(minutes=minutes) for minutes in (-6, 6))
    other = "whsec_" + "A" * 32
    answers = [
        post(client, source, said, secret=other),
        post(client, source, said, at=late),
        post(client, source, said, at=early),
        post(client, source, said, **{"webhook-id": "msg_2"}),
        post(client, source, said, **{"webhook-signature": ""}),
        post(client, source, said, **{"webhook-signature": "v1"}),
        post(client, source, said, **{"webhook-signature": "v1,not base64 v1,é"}),
        post(client, source, said, **{"webhook-timestamp": "nan"}),
        client.post(reverse("leads:receive", args=[source.ident]), b"\xff", content_type="application/json"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["detail"] for answer in answers} == {"The signature is missing, wrong, or too old."}
    assert not Submission.objects.exists()


def test_a_body_that_was_changed_on_its_way_is_refused(client, source):
    at = datetime.now(UTC)
    signature = Webhook(source.secret).sign("msg_1", at, '{"email": "lena@fehr.example"}')
    assert (
        post(client, source, {"email": "eve@evil.example"}, at=at, **{"webhook-signature": signature}).status_code
        == 401
    )


def test_a_renewed_secret_and_the_one_before_are_both_good_for_a_day(client, source):
    old = source.secret
    new = inbound.renew(source).secret
    assert new != old
    assert post(client, source, {"email": "a@fehr.example"}, ident="a", secret=old).status_code == 202
    assert post(client, source, {"email": "b@fehr.example"}, ident="b", secret=new).status_code == 202
    WebhookSource.objects.update(old_until=datetime.now(UTC) - timedelta(seconds=1))
    assert post(client, source, {"email": "c@fehr.example"}, ident="c", secret=old).status_code == 401


def test_a_retired_source_is_told_that_it_is_gone(client, source):
    inbound.retire(source)
    assert post(client, source, {"email": "lena@fehr.example"}).status_code == 410
    source.ident = "00000000-0000-4000-8000-000000000000"
    assert post(client, source, {}).status_code == 404


@pytest.mark.parametrize("body", ["[]", "no json", '{"name": NaN}', '{"name": "\\ud800"}', "[" * 50_000])
def test_what_is_no_json_object_is_refused_in_a_sentence(client, source, body):
    response = post(client, source, body)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert not Submission.objects.exists()


def test_a_body_that_is_too_long_is_refused_before_it_is_read(client, source):
    assert post(client, source, {"name": "x" * 300_000}).status_code == 413


def test_a_runaway_is_asked_to_wait(client, source, monkeypatch):
    few = measure.MOST["webhook"]._replace(most=2, lot=1)
    monkeypatch.setitem(measure.MOST, "webhook", few)
    said = [post(client, source, {"email": f"a{n}@fehr.example"}, ident=f"m{n}") for n in range(3)]
    assert [answer.status_code for answer in said] == [202, 202, 429]
    assert 0 < int(said[2]["Retry-After"]) <= 60
    assert post(client, source, {}, secret="whsec_" + "A" * 32).status_code == 401  # who forges spends nothing


def test_what_nobody_could_make_a_lead_of_is_kept_with_its_reason(client, source):
    response = post(client, source, {"name": "Lena", "email": "no address"})
    assert response.status_code == 202
    assert response.json()["state"] == "failed"
    assert response.json()["error"] == "email: no address is not an e-mail address."
    process()
    assert not Lead.objects.exists()


def test_a_mapping_is_read_line_by_line_and_says_what_is_wrong_with_each():
    assert mapping.read("email: $.data.items[0].mail\n\ncompany.name:data.firm\nsource: = web shop") == {
        "email": "$.data.items[0].mail",
        "company.name": "data.firm",
        "source": "= web shop",
    }
    with pytest.raises(ValidationError) as refused:
        mapping.read("email data\nfoo: data.x\nname.first: data.x\nphone: a..b\noutcome: x")
    assert len(refused.value.messages) == 5


def test_a_mapping_leaves_out_what_is_not_there():
    fields = mapping.read(
        "email: a[1].b\nname: a.b.c\nphone: x\ncompany.name: firm\ncompany.size: size\njob_title: =CEO"
    )
    body = {"a": [1, {"b": "e@x.example"}], "x": None, "firm": "Fehr"}
    assert mapping.apply(fields, body) == {"email": "e@x.example", "company": {"name": "Fehr"}, "job_title": "CEO"}


def test_marketing_sets_one_up_sees_its_secret_once_and_its_address_always(client, mia):
    client.force_login(mia)
    page = client.post(PAGE, {"name": "Shop", "kind": "purchase", "mapping": "email: data.email"})
    source = WebhookSource.objects.get()
    assert source.secret in page.text
    assert str(source.ident) in page.text
    assert source.secret not in client.get(PAGE).text
    detail = reverse("leads:source", args=[source.pk])
    shown = client.get(detail).text
    assert source.secret not in shown
    assert str(source.ident) in shown
    assert source.made_by == mia
    changed = client.post(detail, {"name": "Web shop", "kind": "lead", "mapping": "email: mail"}, follow=True)
    assert "Web shop is saved." in changed.text
    source.refresh_from_db()
    assert (source.kind, source.mapping) == ("lead", {"email": "mail"})


def test_a_secret_of_the_sender_is_taken_and_a_wrong_one_is_refused(client, mia):
    client.force_login(mia)
    refused = client.post(PAGE, {"name": "Shop", "kind": "lead", "secret": "hunter2"})
    assert refused.status_code == 422
    assert "A secret begins with whsec_" in refused.text
    theirs = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    client.post(PAGE, {"name": "Shop", "kind": "lead", "secret": theirs})
    source = WebhookSource.objects.get()
    assert post(client, source, {"email": "a@fehr.example"}, secret=theirs).status_code == 202
    renewed = client.post(reverse("leads:source_renew", args=[source.pk]), {"secret": ""})
    source.refresh_from_db()
    assert source.secret != theirs
    assert source.secret in renewed.text
    assert "The one before is good until" in renewed.text
    client.post(reverse("leads:source_retire", args=[source.pk]))
    assert post(client, source, {"email": "a@fehr.example"}).status_code == 410


def test_sales_sets_up_no_inbound_webhook_and_a_manager_may(client, source):
    addresses = [PAGE, reverse("leads:source", args=[source.pk])]
    acts = [reverse(f"leads:source_{act}", args=[source.pk]) for act in ("renew", "retire")]
    client.force_login(make_user("sam", team="sales"))
    assert {client.get(address).status_code for address in addresses} == {403}
    assert {client.post(address).status_code for address in [*addresses, *acts]} == {403}
    assert "Inbound webhooks" not in client.get(reverse("handoff:settings")).text
    client.force_login(make_user("ruth", team="management"))
    assert {client.get(address).status_code for address in addresses} == {200}
    assert PAGE in client.get(reverse("handoff:settings")).text
    source.refresh_from_db()
    assert source.retired_at is None
