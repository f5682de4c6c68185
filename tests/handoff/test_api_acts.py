"""Acts through the API: the whole table of rights, by the front door, and what machines are told."""

import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import measure
from accounts.models import ApiToken
from handoff import conversation, lifecycle
from handoff.models import Message, Notice, Task
from leads.models import Activity, Lead
from personas.choices import Stage
from tests.factories import make_deal, make_handoff, make_lead, make_reason, make_user

M, S = {"marketing"}, {"sales"}
B = M | S
#: product.md, written out by hand: act -> (tofu, mofu, bofu, customer, out); None: the stage has no such act.
TABLE = {
    "view": (B, B, B, B, B),
    "comment": (B, B, B, B, B),
    "edit": (M, B, S, B, M),
    "log": (M, B, S, B, M),
    "edit_deal": (None, None, S, S, None),  # where there is a deal
    "offer": (M, None, None, None, None),
    "claim_early": (S, None, None, None, None),
    "claim": (None, S, None, None, None),
    "accept": (None, S, None, None, None),
    "return": (None, S, None, None, None),
    "snooze": (None, S, None, None, None),
    "wake": (None, S, None, None, None),
    "top_up": (None, M, None, None, None),
    "unreachable": (None, S, None, None, None),
    "qualify": (None, B, None, None, None),
    "recycle": (None, B, None, None, None),
    "withdraw": (None, M, None, None, None),
    "open_deal": (None, S, None, None, None),
    "requalify": (None, None, S, None, None),
    "advance": (None, None, S, None, None),
    "win": (None, None, S, None, None),
    "lose": (None, None, S, None, None),
    "disqualify": (M, B, S, B, None),
    "expand": (None, None, None, B, None),
    "churn": (None, None, None, B, None),
    "reopen": (None, None, None, None, M),
}
CELLS = [(act, stage, teams) for act, row in TABLE.items() for stage, teams in zip(Stage.values, row, strict=True)]
#: What each act asks for, beside a reason.
WORDS = {
    "claim_early": {"note": "Met at the fair"},
    "open_deal": {"currency": "EUR"},
    "advance": {"step": "proposal"},
    "snooze": {"reason": "On leave until Monday", "until": "tomorrow"},
    "top_up": {"note": "Their contract ends in March"},
    "comment": {"kind": "comment", "text": "Look at this"},
    "log": {"kind": "call:spoke"},
    "edit": {"job_title": "Head of energy"},
    "edit_deal": {"amount": "500.00"},
}
REASONS = {"return", "recycle", "withdraw", "lose", "disqualify", "churn"}
ACCEPTED_FIRST = {"qualify", "recycle", "open_deal", "unreachable"}


@pytest.fixture
def api(client):
    def ask(method, address, person=None, body=None, **headers):
        if person is not None:
            headers["authorization"] = f"Token {ApiToken.objects.create(person)[1]}"
        body = "" if body is None else json.dumps(body)
        return client.generic(method, f"/api/v1/{address}", body, "application/json", headers=headers)

    return ask


def lead_for(act, stage):
    lead = make_handoff("sal").lead if stage == "mofu" and act in ACCEPTED_FIRST else make_lead(stage)
    if stage == "mofu" and act in ("disqualify", "unreachable"):
        for _number in range(5):
            kind = "call:spoke" if act == "disqualify" else "call:no_answer"
            lifecycle.log_touch(lead, actor=make_user("sam", team="sales"), kind=kind)
    return lead


def said(act, lead):
    """Method, address and body of an act on a lead."""
    body = {**WORDS.get(act, {})}
    if act in REASONS:
        body["reason"] = make_reason(act).code
    if act == "view":
        return "GET", f"leads/{lead.pk}/", None
    if act in ("comment", "log"):
        return "POST", f"leads/{lead.pk}/activities/", body
    if act == "edit":
        return "PATCH", f"leads/{lead.pk}/", {**body, "version": lead.version}
    if act == "edit_deal":
        return "PATCH", f"deals/{lead.deals.get().pk}/", body
    return "POST", f"leads/{lead.pk}/acts/{act}/", body


def version_of(api, act, lead, actor):
    """What a change of a deal names beside its body: the version that was read."""
    return tag(api, lead.deals.get(), actor) if act == "edit_deal" else {}


def tag(api, deal, actor):
    return {"If-Match": api("GET", f"deals/{deal.pk}/", actor)["ETag"]}


@pytest.mark.parametrize(("act", "stage", "teams"), [c for c in CELLS if c[0] != "edit_deal" or c[2]])
def test_each_act_is_open_by_the_api_to_exactly_the_teams_of_the_table(api, act, stage, teams):
    lead = lead_for(act, stage)
    for team in ("marketing", "sales", "management"):
        actor = make_user(f"{team}-person", team=team)
        before = Activity.objects.count()
        with transaction.atomic():
            answer = api(*said(act, lead)[:2], actor, said(act, lead)[2], **version_of(api, act, lead, actor))
            left = Activity.objects.count() - before
            transaction.set_rollback(True)
        if teams is None:
            assert (answer.status_code, left) == (409, 0), team
        elif team in teams or team == "management":
            assert answer.status_code in (200, 201), (team, answer.content)
        else:
            assert (answer.status_code, left) == (403, 0), team
            assert ("sales" if teams == S else "marketing") in answer.json()["detail"]
    method, address, body = said(act, lead)
    assert api(method, address, None, body).status_code == 401


def test_an_act_answers_with_the_lead_as_it_stands_now(api):
    sam, lead = make_user("sam", team="sales"), make_handoff().lead
    answer = api("POST", f"leads/{lead.pk}/acts/accept/", sam).json()
    assert answer["said"] == f"{lead} is accepted: the clock waits for your first call."
    told = answer["lead"]
    assert (told["stage"], told["handoff"]["lane"], told["handoff"]["owner"]) == ("mofu", "sal", "sam")
    assert {"qualify", "open_deal"} <= set(told["acts"])
    deal = api("POST", f"leads/{lead.pk}/acts/open_deal/", sam, {"amount": 1200, "currency": "EUR"}).json()
    assert deal["lead"]["deals"][0]["amount"] == "1200.00"


def test_words_that_are_wrong_are_named_by_field_and_nothing_happens(api):
    sam, lead = make_user("sam", team="sales"), make_handoff().lead
    for body, field in (
        ({}, "reason"),
        ({"reason": "no such reason"}, "reason"),
        ({"reason": make_reason("return").code, "to": "nobody"}, "to"),
        ({"reason": ["a"]}, "reason"),
        ({"reason": make_reason("return").code, "because": "x"}, "because"),
    ):
        answer = api("POST", f"leads/{lead.pk}/acts/return/", sam, body)
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (422, field)
    assert Lead.objects.get(pk=lead.pk).handoffs.open().exists()


def test_a_body_made_for_another_standing_changes_nothing(api):
    sam, lead = make_user("sam", team="sales"), make_handoff("sal").lead
    body = {"reason": make_reason("recycle").code, "seen": "mofu:mql:1"}
    answer = api("POST", f"leads/{lead.pk}/acts/recycle/", sam, body)
    assert (answer.status_code, "Nothing was changed" in answer.json()["detail"]) == (422, True)


def test_an_act_of_which_nobody_has_heard_is_not_found(api):
    assert api("POST", f"leads/{make_lead().pk}/acts/promote/", make_user("mia"), {}).status_code == 404


def test_a_comment_reaches_whom_it_mentions(api):
    sam, lead = make_user("sam", team="sales"), make_lead()
    said = {"kind": "comment", "text": "Ready for you, @sam?"}
    answer = api("POST", f"leads/{lead.pk}/activities/", make_user("mia"), said)
    assert (answer.status_code, answer.json()["actor"]) == (201, "mia")
    assert Notice.objects.filter(person=sam, kind="comment:mention").exists()


def test_a_touch_counts_for_points_and_cannot_pretend_to_be_an_act(api):
    mia, lead = make_user("mia"), make_lead()
    before = lead.score.total
    assert (
        api("POST", f"leads/{lead.pk}/activities/", mia, {"kind": "call:spoke", "text": "Likes it"}).status_code == 201
    )
    lead.score.refresh_from_db()
    assert lead.score.total > before
    forged = api("POST", f"leads/{lead.pk}/activities/", mia, {"kind": "deal:win"})
    assert (forged.status_code, forged.json()["errors"][0]["attr"]) == (422, "kind")
    late = api("POST", f"leads/{lead.pk}/activities/", mia, {"kind": "call:spoke", "at": "2999-01-01T00:00:00Z"})
    assert late.status_code == 422


def test_a_timeline_is_read_in_pages_newest_first(api):
    mia, lead = make_user("mia"), make_lead()
    for number in range(60):
        conversation.comment(lead, actor=mia, text=f"Said {number}")
    first = api("GET", f"leads/{lead.pk}/activities/?group=comments", mia).json()
    assert (len(first["results"]), first["results"][0]["text"]) == (50, "Said 59")
    second = api("GET", first["next"].removeprefix("/api/v1/"), mia).json()
    assert ([entry["text"] for entry in second["results"]][-1], second["next"]) == ("Said 0", None)


def test_a_deal_is_changed_by_what_is_named(api):
    sam, deal = make_user("sam", team="sales"), make_deal()
    address, body = f"deals/{deal.pk}/", {"amount": 99.5, "close_on": "2030-01-31"}
    answer = api("PATCH", address, sam, body, **tag(api, deal, sam)).json()
    assert (answer["amount"], answer["close_on"], answer["name"]) == ("99.50", "2030-01-31", deal.name)
    emptied = api("PATCH", address, sam, {"close_on": None}, **tag(api, deal, sam)).json()
    assert emptied["close_on"] is None
    for body, field in (({"amount": -1}, "amount"), ({"step": "proposal"}, "step"), ({"name": ""}, "name")):
        refused = api("PATCH", address, sam, body, **tag(api, deal, sam))
        assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (422, field)


def test_a_record_takes_as_many_queries_with_many_deals_as_with_one(api):
    mia, lead = make_user("mia"), make_lead("bofu")
    token = ApiToken.objects.create(mia)[1]

    def queries():
        with CaptureQueriesContext(connection) as taken:
            assert api("GET", f"leads/{lead.pk}/", None, authorization=f"Token {token}").status_code == 200
        return len(taken)

    few = queries()
    deal = lead.deals.get()
    for number in range(20):
        deal.pk, deal.name = None, f"Another {number}"
        deal.save()
        deal.roles.create(lead=lead)
    assert queries() == few <= 6


def test_a_clerical_return_names_what_is_wrong_in_a_list(api):
    mia, sam, lead = make_user("mia"), make_user("sam", team="sales"), make_handoff().lead
    address, body = f"leads/{lead.pk}/acts/return/", {"reason": make_reason("return", "facts_missing").code}
    for wrong in ([], "phone", ["shoe size"], [["phone"]], [7]):
        answer = api("POST", address, sam, {**body, "fields_wrong": wrong})
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (422, "fields_wrong"), wrong
    answer = api("POST", address, sam, {**body, "verdict": "A fax line", "fields_wrong": ["phone", "job_title"]})
    assert answer.status_code == 200, answer.content
    task = Task.objects.get(lead=lead)
    assert (task.owner, sorted(task.fields)) == (mia, ["job_title", "phone"])


LETTER = {"subject": "Your question", "text": "Dear Lena,\n\n40 seats."}


@pytest.mark.parametrize("stage", Stage.values)
def test_who_may_log_on_a_lead_may_write_to_it_through_the_api(api, stage):
    lead = make_lead(stage)
    for team in ("marketing", "sales"):
        answer = api("POST", f"leads/{lead.pk}/email/", make_user(f"writes-{team}", team=team), LETTER)
        assert answer.status_code == (201 if team in TABLE["log"][Stage.values.index(stage)] else 403), (team, stage)


def test_a_mail_through_the_api_is_the_attempt_that_it_is_on_the_page_and_once(api, settings):
    settings.EMAIL_CONFIGURED = True
    sam, handoff = make_user("sam", team="sales"), make_handoff("sal")
    body = {**LETTER, "ident": "8a4f7a52-6a52-4f0c-9d0c-0c6f6c1c2a11"}
    lines = [api("POST", f"leads/{handoff.lead_id}/email/", sam, body).json() for _again in range(2)]
    assert lines[0] == lines[1]
    assert (lines[0]["kind"], lines[0]["data"]["to"]) == ("email:sent", handoff.lead.email)
    handoff.refresh_from_db()
    assert (handoff.attempts_made, Message.objects.filter(lead=handoff.lead_id).count()) == (1, 1)


def test_a_repeated_mail_is_answered_as_the_first_was_whatever_the_lead_has_said_since(api, monkeypatch):
    monkeypatch.setitem(measure.MOST, "email", measure.MOST["email"]._replace(most=1))
    mia, lead = make_user("mia"), make_lead("customer")
    body = {**LETTER, "ident": "8a4f7a52-6a52-4f0c-9d0c-0c6f6c1c2a11"}
    first = api("POST", f"leads/{lead.pk}/email/", mia, body)
    Lead.objects.filter(pk=lead.pk).update(do_not_contact=True)
    again = api("POST", f"leads/{lead.pk}/email/", mia, body)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert Message.objects.filter(lead=lead).count() == 1


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"subject": "No text"}, "text"),
        ({**LETTER, "ident": "no uuid"}, "ident"),
        ({**LETTER, "to": "x@y.example"}, "to"),
        ([], None),
    ],
)
def test_a_mail_that_is_not_whole_is_refused_by_field(api, body, attr):
    answer = api("POST", f"leads/{make_lead().pk}/email/", make_user("mia"), body)
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (422, attr)
    assert not Message.objects.filter(lead__isnull=False).exists()


def test_who_asked_to_be_left_alone_gets_no_mail_through_the_api_either(api):
    lead = make_lead("customer")
    Lead.objects.filter(pk=lead.pk).update(do_not_contact=True)
    answer = api("POST", f"leads/{lead.pk}/email/", make_user("mia"), LETTER)
    assert (answer.status_code, "asked not to be contacted" in answer.json()["detail"]) == (422, True)


def test_mails_of_the_api_and_of_the_page_are_counted_together_and_the_api_says_when_to_go_on(api, client, monkeypatch):
    monkeypatch.setitem(measure.MOST, "email", measure.MOST["email"]._replace(most=2))
    mia, lead = make_user("mia"), make_lead()
    client.force_login(mia)
    assert client.post(reverse("handoff:email", args=[lead.pk]), LETTER).status_code == 302
    client.logout()
    address = f"leads/{lead.pk}/email/"
    assert [api("POST", address, mia, LETTER).status_code for _number in range(2)] == [201, 429]
    spent = api("POST", address, mia, LETTER)
    assert 0 < int(spent.headers["Retry-After"]) <= 3600
    assert spent.json()["status"] == 429
    assert Message.objects.filter(lead=lead).count() == 2
