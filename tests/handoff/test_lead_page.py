"""The lead page: what both teams see of one lead, what they say on it, and what they log."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape

from handoff import conversation, deals, lifecycle
from handoff.models import Agreement, Notice
from leads import capture, editing
from leads.learning import words as learning
from leads.models import Activity, Chance, Lead, LeadScore, Scorecard, StageChange, Visit
from personas.models import Persona
from tests.factories import make_deal, make_handoff, make_lead, make_reason, make_user


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def page(client, lead, person=None, **query):
    if person:
        client.force_login(person)
    return client.get(reverse("handoff:lead", args=[lead.pk]), query)


def say(client, lead, text, **more):
    return client.post(reverse("handoff:comment", args=[lead.pk]), {"text": text}, **more)


def log(client, lead, kind, **said):
    headers = said.pop("headers", None)
    return client.post(reverse("handoff:log", args=[lead.pk]), {"kind": kind, **said}, headers=headers)


def test_the_page_says_who_it_is_where_they_stand_and_whose_they_are(client, mia, sam):
    lead = make_deal(name="Lena Fischer", job_title="Energy manager", company={"name": "Brauhaus Fehr"}).leads.get()
    text = page(client, lead, mia).text
    for words in ("Lena Fischer", "Energy manager", "Brauhaus Fehr", "BOFU, discovery", "Sam, sales", "Mia, marketing"):
        assert words in text, words


def test_the_inbox_and_the_lead_page_say_the_same_chance_and_a_customer_has_none(client, sam):
    handoff = make_handoff(name="Lena Fischer")
    for _number in range(4):
        capture.log(handoff.lead, kind="web:pricing")
    now = learning.percent(Chance.objects.get(lead=handoff.lead).probability)
    assert f'Chance to be won <span class="push num">{now}</span>' in page(client, handoff.lead, sam).text
    item = client.get(reverse("handoff:inbox_item", args=[handoff.pk])).text
    assert f"Chance to be won: {now}" in item
    assert "Chance to be won" not in page(client, make_lead("customer"), sam).text


def test_who_has_the_points_and_is_not_offered_reads_why(client, mia):
    lead = make_lead(name="Camille Chevalier", job_title="CFO", phone="+4313331234", country="AT")
    LeadScore.objects.filter(lead=lead).update(fit=45, engagement=20, total=65, missing=[])
    assert "it rests until" not in page(client, lead, mia).text
    day = timezone.localdate() + timedelta(days=11)
    Lead.objects.filter(pk=lead.pk).update(look_again_on=day)
    until = date_format(day, "j M")
    assert f"The line is reached. It is not offered yet: it rests until {until}." in page(client, lead).text
    assert f"rests until {until}" in client.get(reverse("handoff:my_day")).text


def test_a_change_of_a_moment_is_told_as_people_read_it(client, mia):
    lead = make_lead()
    due = timezone.make_aware(datetime(2030, 12, 4, 14, 30))
    editing.edit(lead, actor=mia, changes={"next_action": "Call", "next_action_at": due}, version=lead.version)
    assert "→ Wed 4 Dec 2030 14:30" in page(client, lead, mia).text


def test_watching_says_so(client, mia):
    lead = make_lead()
    client.force_login(mia)
    for on, words in (("1", "Watching"), ("0", "Watch")):
        client.post(reverse("handoff:watch", args=[lead.pk]), {"on": on})
        assert f'<span class="wide">{words}</span>' in page(client, lead).text


def test_two_people_see_the_same_page_and_only_the_buttons_differ(client, mia, sam):
    lead = make_handoff("sal", name="Lena Fischer").lead
    conversation.comment(lead, actor=mia, text="She asked about line 4")
    for person in (mia, sam):
        text = page(client, lead, person).text
        assert "She asked about line 4" in text
        assert "Asked about prices" in text  # why she was offered
        assert "waits" not in text
    assert "data-why" in page(client, lead, mia).text  # marketing opens no deal


def test_a_lead_that_is_not_there_is_not_found_and_the_outsider_is_asked_to_sign_in(client, mia):
    lead = make_lead()
    assert page(client, lead).status_code == 302
    assert page(client, lead, mia).status_code == 200
    assert client.get(reverse("handoff:lead", args=[lead.pk + 1])).status_code == 404


def test_a_return_is_told_by_its_reason(client, mia, sam):
    lead = make_handoff().lead
    lifecycle.return_to_marketing(
        lead, actor=sam, reason=make_reason("return", "no_working_contact"), verdict="The number ends in a fax line"
    )
    text = page(client, lead, mia).text
    assert "Returned because: <b>No working phone or e-mail</b>" in text
    assert "The number ends in a fax line" in text
    assert "rejected" not in text.lower()


def test_what_was_said_is_shown_as_it_was_typed(client, mia):
    lead = make_lead(name="<b>Bold</b> & sons")
    conversation.comment(lead, actor=mia, text="<script>alert(1)</script> 5 < 6")
    text = page(client, lead, mia).text
    assert "<script>alert" not in text
    assert escape("<script>alert(1)</script> 5 < 6") in text
    assert escape("<b>Bold</b> & sons") in text


def test_a_comment_reaches_whoever_it_mentions_and_marks_them(client, mia, sam):
    lead = make_lead()
    client.force_login(mia)
    assert say(client, lead, "@sam the film is cut, @nobody knows").status_code == 302
    assert Notice.objects.get(person=sam).text.startswith("Mia mentioned you")
    text = page(client, lead).text
    assert '<span class="at" data-own="sal">@sam</span> the film is cut, @nobody knows' in text


def test_a_comment_is_everybodys_at_every_stage(client, mia, sam):
    for stage in ("tofu", "bofu", "out"):
        lead = make_lead(stage)
        for person in (mia, sam):
            client.force_login(person)
            assert say(client, lead, "Seen").status_code == 302


def test_an_empty_comment_says_so_and_a_long_one_is_kept(client, mia):
    lead = make_lead()
    client.force_login(mia)
    response = say(client, lead, "  ", headers={"hx-request": "true"})
    assert (response.status_code, "Write a few words first." in response.text) == (422, True)
    assert "<html" not in response.text  # htmx gets the form alone
    response = say(client, lead, "x" * 5001)
    assert (response.status_code, "x" * 5001 in response.text) == (422, True)
    assert "<html" in response.text
    assert not lead.activities.filter(kind="comment").exists()


def test_a_call_is_logged_in_one_tap_and_stops_the_clock(client, sam):
    handoff = make_handoff("sal")
    client.force_login(sam)
    assert "First call promised by" in page(client, handoff.lead).text
    response = log(client, handoff.lead, "call:no_answer", headers={"hx-request": "true"})
    assert (response.status_code, "Logged: No answer." in response.headers["HX-Trigger"]) == (204, True)
    handoff.refresh_from_db()
    assert handoff.first_attempt_at
    assert "<b>Sam</b> called, no answer" in page(client, handoff.lead).text


def test_a_touch_that_lifts_a_lead_over_the_line_says_so(client, mia):
    lead = make_lead(name="Lena Fischer")
    Scorecard.objects.filter(in_force=True).update(mql_line=lead.score.total + 1)
    client.force_login(mia)
    crossed = "Lena Fischer is ready by the agreement and is being offered to sales."
    said = log(client, lead, "note", text="Met at the fair", headers={"hx-request": "true"}).headers["HX-Trigger"]
    assert crossed not in said
    said = log(client, lead, "call:spoke", headers={"hx-request": "true"}).headers["HX-Trigger"]
    assert f"Logged: Spoke. {crossed}" in said
    assert crossed not in log(client, lead, "call:spoke", headers={"hx-request": "true"}).headers["HX-Trigger"]


def test_a_touch_may_carry_words_another_time_and_what_comes_next(client, sam):
    lead = make_handoff("sal").lead
    client.force_login(sam)
    then, due = timezone.now() - timedelta(hours=3), timezone.now() + timedelta(days=1)
    form = {"text": "Knows her figures", "at": f"{then:%Y-%m-%dT%H:%M}", "next_action": "Send the sheet"}
    assert log(client, lead, "call:spoke", **form, next_action_at=f"{due:%Y-%m-%dT%H:%M}").status_code == 302
    lead.refresh_from_db()
    assert (lead.next_action, f"{lead.next_action_at:%F %H:%M}") == ("Send the sheet", f"{due:%F %H:%M}")
    assert f"{lead.activities.get(kind='call:spoke').at:%F %H:%M}" == f"{then:%F %H:%M}"


def test_a_touch_alone_leaves_the_next_action_until_it_is_told_to_be_done(client, sam):
    lead = make_handoff("sal").lead
    Lead.objects.filter(pk=lead.pk).update(next_action="Send the sheet", next_action_at=timezone.now())
    client.force_login(sam)
    log(client, lead, "call:no_answer")
    lead.refresh_from_db()
    assert lead.next_action == "Send the sheet"
    log(client, lead, "call:spoke", done="on")
    lead.refresh_from_db()
    assert (lead.next_action, lead.next_action_at) == ("", None)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"kind": "note"}, "a note is its words"),
        ({"kind": "call:spoke", "at": "2999-01-01T10:00"}, "This moment is still to come"),
        ({"kind": "call:spoke", "at": "yesterday"}, "valid date"),
        ({"kind": "call:spoke", "next_action_at": "2999-01-01T10:00"}, "Say what is to be done then."),
        ({"kind": "web:pricing"}, "Select a valid choice"),
    ],
)
def test_a_touch_that_cannot_be_is_refused_and_its_words_are_kept(client, sam, said, words):
    lead = make_handoff("sal").lead
    client.force_login(sam)
    response = log(client, lead, headers={"hx-request": "true"}, **{"next_action": "", **said})
    assert (response.status_code, words in response.text) == (422, True)
    response = log(client, lead, "note", at="nonsense", text="Typed with care")
    assert (response.status_code, "Typed with care" in response.text) == (422, True)
    assert not lead.activities.of_kinds("call", "note").exists()


def test_who_may_not_log_here_is_told_who_may(client, mia, sam):
    lead = make_lead()
    response = page(client, lead, sam)
    assert "You cannot log touches here. In TOFU this is for marketing." in response.text
    assert log(client, lead, "call:spoke").status_code == 403
    client.force_login(mia)
    assert log(client, lead, "call:spoke").status_code == 302


def test_moves_that_are_not_open_say_why(client, mia, sam):
    lead = make_deal().leads.get()
    mine, theirs = page(client, lead, sam).text, page(client, lead, mia).text
    assert "In BOFU this is for sales." not in mine
    assert "In BOFU this is for sales." in theirs


def test_the_score_adds_up_and_names_its_agreement(client, mia):
    lead = make_lead(job_title="Head of energy", country="AT")
    capture.log(lead, kind="web:pricing")
    score = LeadScore.objects.get(lead=lead)
    text = page(client, lead, mia).text
    assert sum(part["points"] for part in score.parts) == score.total
    assert "Decides or leads a department" in text
    assert f'<dt class="tot">Together, grade {score.grade}</dt><dd class="tot">{score.total}</dd>' in text
    assert f"agreement v{Agreement.objects.get().version}" in text


def test_the_persona_says_why_it_fits_and_what_to_say(client, mia):
    Persona.objects.create(
        name="Energy manager",
        fears="A stop of line 4",
        rules=[{"field": "job_title", "op": "contains", "value": ["energy"], "points": 5}],
    )
    lead = make_handoff(job_title="Head of energy").lead
    text = page(client, lead, mia).text
    for words in ("Energy manager", "job title contains energy", "A stop of line 4"):
        assert words in text, words


def test_the_track_shows_returns_and_skips(client, mia, sam):
    lead = make_handoff().lead
    lifecycle.return_to_marketing(lead, actor=sam, reason=make_reason("return", "below_fit"), verdict="Too small")
    lifecycle.purchase(lead, at=timezone.now())
    text = page(client, lead, mia).text
    for words in ("TOFU again", "Below the fit line", "skipped"):
        assert words in text, words
    assert text.count('<li class="skip"') == 2  # MOFU and BOFU on the way from TOFU to customer


def test_the_clock_names_its_calendar_and_zone(client, sam):
    text = page(client, make_handoff().lead, sam).text
    assert "Answer promised by" in text
    assert "Mon-Fri 09:00-17:30 UTC" in text


def test_the_group_the_deal_and_the_flag_are_shown(client, mia, sam):
    company = {"name": "Brauhaus Fehr", "domain": "fehr.example"}
    make_lead(name="Georg Pichler", email="georg@fehr.example", company=company)
    deal = make_deal(name="Lena Fischer", email="lena@fehr.example", company=company)
    deals.edit(deal, actor=sam, changes={"amount": 61000})
    lead = deal.leads.get()
    text = page(client, lead, mia).text
    for words in ("Georg Pichler", "€61,000", deal.name):
        assert words in text, words
    lifecycle.disqualify(lead, actor=sam, reason=make_reason("disqualify", "do_not_contact"))
    assert "Asked not to be contacted" in page(client, lead, mia).text


def test_the_timeline_is_filtered_and_goes_on_by_key(client, mia):
    lead = make_lead()
    now = timezone.now()
    Activity.objects.bulk_create(
        Activity(lead=lead, kind="web:page", text=f"Page number {n}.", at=now - timedelta(minutes=n))
        for n in range(120)
    )
    conversation.comment(lead, actor=mia, text="A word in between")
    text = page(client, lead, mia).text
    assert ("Page number 40." in text, "Page number 60." in text) == (True, False)
    seen, address = set(), reverse("handoff:timeline", args=[lead.pk])
    after = client.get(address, {"group": "web"}).context["next"]
    seen.update(line.said for line in client.get(address, {"group": "web"}).context["entries"])
    while after:
        following = client.get(address, {"group": "web", "after": after})
        assert "<section" not in following.text
        lines = {line.said for line in following.context["entries"]}
        assert not seen & lines
        seen |= lines
        after = following.context["next"]
    assert seen == {f"Page number {n}." for n in range(120)}
    assert "A word in between" not in client.get(address, {"group": "web"}).text
    assert "A word in between" in page(client, lead, group="comments").text
    assert "Page number 1." in page(client, lead, group="no such group").text
    for broken in ("broken", "2026-11-24T10:00:00_7", "2026-11-24T10:00:00+00:00_-7"):
        assert page(client, lead, after=broken).status_code == 404


def test_every_kind_that_is_written_is_told_in_words(client, mia, sam):
    lead = make_deal(name="Lena Fischer").leads.get()
    deal = lead.deals.get()
    deals.advance(deal, actor=sam, step="proposal")
    deals.edit(deal, actor=sam, changes={"amount": 1200})
    lifecycle.requalify(lead, actor=sam, note="Budget is open")
    lifecycle.recycle(lead, actor=sam, reason=make_reason("recycle", "not_now"))
    lifecycle.disqualify(lead, actor=mia, reason=make_reason("disqualify", "no_need"))
    lifecycle.reopen(lead, actor=mia)
    capture.log(lead, kind="shop:basket_left", text="Two items")
    text = page(client, lead, mia).text
    for words in (
        "<b>Sam</b> moved the deal on",
        "from Discovery to Proposal",
        "amount:",
        "<b>Sam</b> sees more to qualify",
        "Back to nurture because: <b>Not now</b>",
        "look again on",
        "Taken out because: <b>No need</b>",
        "<b>Mia</b> brought this lead back",
        "Shop, basket left",
    ):
        assert words in text, words


def long_journey(lead, length):
    """More of everything a page shows."""
    now = timezone.now()
    Activity.objects.bulk_create(
        Activity(lead=lead, kind="call:spoke", actor=make_user("sam", team="sales"), text=f"Talk {n}", at=now)
        for n in range(length)
    )
    seq = lead.moves
    Visit.objects.filter(lead=lead, left_at=None).update(left_at=now, left_to="tofu", left_by="recycle")
    for n in range(seq + 1, seq + length + 1):
        Visit.objects.create(
            lead=lead, seq=n, stage=lead.stage, entered_at=now, left_at=now, left_to="tofu", left_by="x"
        )
        StageChange.objects.create(lead=lead, seq=n, old="tofu", new=lead.stage, act="x", at=now)
    Visit.objects.filter(lead=lead, seq=seq + length).update(left_at=None, left_to="", left_by="")


@pytest.mark.parametrize("team", ["marketing", "sales", "management"])
def test_the_page_takes_at_most_15_queries_and_as_many_for_300_entries_as_for_3(
    client, team, django_assert_num_queries
):
    lead = make_deal(name="Lena Fischer").leads.get()
    person = make_user(team, team=team)
    page(client, lead, person)
    with CaptureQueriesContext(connection) as few:
        assert page(client, lead).status_code == 200
    assert len(few) <= 15
    long_journey(lead, 300)
    for n in range(20):
        make_user(f"colleague{n}")
        make_lead(email=f"c{n}@{lead.email.partition('@')[2]}", company={"name": lead.company.name})
    with django_assert_num_queries(len(few)):
        text = page(client, lead).text
    assert "earlier visits" in text
    assert text.count("spoke with them") == 50


def test_a_lead_without_anything_has_a_page(client, mia):
    submission = capture.accept({"email": "plain@gmail.com"}, way="api")
    lead = capture.process([submission])[0].lead
    Lead.objects.filter(pk=lead.pk).update(source=None)
    LeadScore.objects.filter(lead=lead).delete()
    text = page(client, lead, mia).text
    assert "plain@gmail.com" in text
    assert "Unowned" in text
