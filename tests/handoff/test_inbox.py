"""The inbox: what waits for an answer, why and until when; a verdict on one screen."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from handoff import answers, inbox, lifecycle
from handoff.models import Handoff
from leads import capture
from tests.factories import make_handoff, make_handoffs, make_lead, make_reason, make_user


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def opened(client, handoff=None, **query):
    address = reverse("handoff:inbox_item", args=[handoff.pk]) if handoff else reverse("handoff:inbox")
    return client.get(address, query)


def answer(client, handoff, act, **words):
    return client.post(reverse("handoff:act", args=[handoff.lead_id, act]), words, headers={"hx-request": "true"})


def due(handoff, at):
    Handoff.objects.filter(pk=handoff.pk).update(due_at=at)


def test_a_rep_sees_the_most_urgent_offer_first_with_its_reasons_and_its_clock(client, sam):
    later, urgent = make_handoff(name="Nils Aaberg"), make_handoff(name="Katrin Hofer", job_title="Head of energy")
    due(urgent, timezone.now() - timedelta(minutes=5))
    client.force_login(sam)
    text = opened(client).text
    assert text.index("Over its time") < text.index("Katrin Hofer") < text.index("Nils Aaberg")
    assert "Asked about prices" in text
    assert "8 business hours, agreement v1." in text
    assert "Counted on Mon-Fri 09:00-17:30 UTC." in text
    assert "Decides or leads a department" in text
    assert f'href="{reverse("handoff:inbox_item", args=[later.pk])}"' in text


def test_the_parts_of_the_score_sum_to_it():
    handoff = make_handoff(job_title="Head of energy", phone="+43 660 1234567")
    score = inbox.one(make_user("sam", team="sales"), handoff.pk).handoff.brief["score"]
    assert sum(part["points"] for part in score["parts"]) == score["total"] == score["fit"] + score["engagement"]


def test_offers_are_grouped_by_business_time_left():
    """Friday 17:20 with the clock ending on Monday at 9:20: half an hour of work, two days and a half of waiting."""
    friday = datetime(2026, 11, 20, 17, 20, tzinfo=UTC)
    cases = {
        "over": friday - timedelta(minutes=1),
        "hour": friday + timedelta(days=2, hours=16),
        "today": friday - timedelta(hours=8),
    }
    sam, handoff = make_user("sam", team="sales"), make_handoff()

    def group(due_at, now):
        Handoff.objects.update(due_at=due_at)
        [line] = inbox.page(sam, "open", now=now).lines
        return line.group

    found = {}
    for name, ends in cases.items():
        now = friday if name != "today" else friday - timedelta(hours=8)
        found[name] = group(ends + timedelta(hours=2) if name == "today" else ends, now)
    assert found == {"over": "over", "hour": "hour", "today": "today"}
    assert group(friday + timedelta(days=4), friday) == "later"
    Handoff.objects.update(imported=True, due_at=None, promise="")
    assert inbox.page(sam, "open", now=friday).lines[0].group == "none"
    assert handoff.pk == inbox.page(sam, "open", now=friday).lines[0].pk


def test_who_asked_to_talk_is_named_so_and_their_words_are_quoted(client, sam):
    said = {"email": "lena@fehr.example", "name": "Lena", "hand_raise": {"note": "Call before noon"}}
    capture.process([capture.accept(said, way="api")])
    answers.answer_all()
    client.force_login(sam)
    text = opened(client).text
    assert "Asked to talk" in text
    assert "1 business hour for people who asked to talk" in text
    assert "Call before noon" in text


def test_what_another_rep_has_claimed_is_not_in_my_inbox_and_its_page_says_whose_it_is(client, sam):
    handoff = make_handoff(name="Katrin Hofer")
    lifecycle.claim(handoff, actor=make_user("priya", team="sales"))
    client.force_login(sam)
    assert "Katrin Hofer" not in opened(client).text
    text = opened(client, handoff).text
    assert "Priya has claimed this lead: the answer is theirs to give." in text
    assert 'name="reason"' not in text


def test_accepting_shows_the_next_offer_and_keeps_the_next_action(client, sam):
    handoff, following = make_handoff(), make_handoff(name="Nils Aaberg")
    client.force_login(sam)
    place = reverse("handoff:inbox_item", args=[following.pk])
    assert f'name="next" value="{place}"' in opened(client, handoff).text
    response = answer(client, handoff, "accept", next_action="Call before noon", next=place)
    assert response.status_code == 204
    assert f'"path": "{place}"' in response["HX-Location"]
    handoff.refresh_from_db()
    assert (handoff.lane, handoff.owner, handoff.lead.next_action) == ("sal", sam, "Call before noon")
    assert "Nils Aaberg" in client.get(place).text


def test_the_next_page_is_one_of_ours_whatever_the_form_says(client, sam):
    client.force_login(sam)
    response = answer(client, make_handoff(), "accept", next="/inbox/?show=claimed")
    assert '"path": "/inbox/?show=claimed"' in response["HX-Location"]
    for named in ("https://elsewhere.example/inbox/?show=claimed", "////elsewhere.example/inbox/"):
        handoff = make_handoff()
        response = answer(client, handoff, "accept", next=named)
        assert f'"path": "{handoff.lead.get_absolute_url()}"' in response["HX-Location"]


def test_claiming_keeps_the_offer_in_the_inbox_and_whoever_is_late_reads_who_was_first(client, sam):
    handoff = make_handoff()
    client.force_login(make_user("priya", team="sales"))
    assert answer(client, handoff, "claim").status_code == 204
    client.force_login(sam)
    late = answer(client, handoff, "claim")
    assert late.status_code == 422
    assert "Priya has claimed this lead already. Nothing was changed." in late["HX-Trigger"]
    assert late["HX-Reswap"] == "none"


def test_a_return_without_a_reason_is_refused_in_place_and_nothing_typed_is_lost(client, sam):
    handoff = make_handoff()
    client.force_login(sam)
    response = client.post(
        reverse("handoff:act", args=[handoff.lead_id, "return"]),
        {"verdict": "A direct dial", "next": "/inbox/"},
        headers={"hx-request": "true", "hx-target": f"form#return-{handoff.lead_id}"},
    )
    assert response.status_code == 422
    assert "Choose a reason. Everything else was kept." in response.text
    assert 'value="A direct dial"' in response.text
    assert 'name="next" value="/inbox/"' in response.text
    assert "checked" not in response.text
    assert "<dialog" not in response.text
    handoff.refresh_from_db()
    assert handoff.is_open


def test_a_refused_return_keeps_the_chosen_reason_and_rep(client, sam):
    handoff, priya, reason = make_handoff(), make_user("priya", team="sales"), make_reason("return", "another_region")
    client.force_login(sam)
    response = client.post(
        reverse("handoff:act", args=[handoff.lead_id, "return"]),
        {"verdict": "x" * 2_001, "reason": reason.pk, "to": priya.pk},
        headers={"hx-request": "true", "hx-target": f"form#return-{handoff.lead_id}"},
    )
    assert response.status_code == 422
    assert f'value="{reason.pk}" checked' in response.text
    assert f'value="{priya.pk}" selected' in response.text


def test_no_reason_is_chosen_beforehand_and_they_stand_in_three_classes(client, sam):
    client.force_login(sam)
    place = reverse("handoff:act", args=[make_handoff().lead_id, "return"])
    assert f'hx-get="{place}?seen=mofu:mql:' in opened(client).text
    text = client.get(place, headers={"hx-request": "true", "hx-target": "form#return-1"}).text
    assert " checked" not in text
    for word in ("Procedural", "Clerical", "Definitional", "The right rep", 'data-wait-for="reason"', "Disqualify"):
        assert word in text


def test_a_return_is_listed_with_its_reason_for_both_sides(client, sam):
    handoff = make_handoff(name="Paula Berger")
    client.force_login(sam)
    reason = make_reason("return", "no_working_contact")
    answer(client, handoff, "return", reason=reason.pk, fields_wrong=["phone"], verdict="The number ends in a fax line")
    for person in (sam, make_user("mia")):
        client.force_login(person)
        text = opened(client, show="returned").text
        assert "Paula Berger" in text
        assert "The number ends in a fax line" in text
        assert "Returned because: No working phone or e-mail" in text
    client.force_login(make_user("priya", team="sales"))
    assert "Nothing came back" in opened(client, show="returned").text


def test_a_claimed_tab_keeps_what_is_mine_with_the_clock_of_the_first_call(client, sam):
    make_handoff("sal", name="Hugo Martin")
    client.force_login(sam)
    text = opened(client, show="claimed").text
    assert "Hugo Martin" in text
    assert "First call promised by" in text
    assert "Accepted by Sam" in text
    client.force_login(make_user("priya", team="sales"))
    assert "Hugo Martin" not in opened(client, show="claimed").text


def test_marketing_reads_what_sales_has_still_to_answer_and_answers_nothing(client):
    handoff = make_handoff(name="Katrin Hofer")
    lifecycle.claim(handoff, actor=make_user("sam", team="sales"))
    client.force_login(make_user("mia"))
    text = opened(client).text
    assert "Katrin Hofer" in text
    assert "Sam has claimed this lead" in text
    assert 'name="next_action"' not in text
    assert 'name="reason"' not in text
    assert answer(client, handoff, "accept").status_code == 403


def test_a_manager_may_answer_what_somebody_has_claimed(client):
    handoff = make_handoff()
    lifecycle.claim(handoff, actor=make_user("sam", team="sales"))
    client.force_login(make_user("ruth", team="management"))
    text = opened(client, handoff).text
    assert 'name="next_action"' in text
    assert "Claim only" not in text


def test_the_outsider_sees_nothing_and_a_hand_off_that_never_was_is_not_found(client, sam):
    assert opened(client, make_handoff()).status_code == 302
    client.force_login(sam)
    assert client.get(reverse("handoff:inbox_item", args=[10**9])).status_code == 404


def test_an_earlier_verdict_is_told_to_who_is_offered_the_lead_again(client, sam):
    handoff = make_handoff()
    lifecycle.return_to_marketing(
        handoff.lead, actor=sam, reason=make_reason("return", "below_fit"), verdict="Forty staff"
    )
    again = lifecycle.offer(handoff.lead, actor=make_user("mia"), note="Grew since")
    client.force_login(sam)
    text = opened(client, again).text
    assert "Been here before" in text
    assert "Forty staff" in text


def test_an_empty_inbox_names_the_next_step(client, sam):
    client.force_login(sam)
    assert "Every hand-off is answered" in opened(client).text
    assert reverse("handoff:my_day") in opened(client).text


def test_the_next_ones_come_by_key_and_a_broken_key_is_the_beginning(client, sam, monkeypatch):
    monkeypatch.setattr(inbox.listing, "PAGE", 2)
    names = [f"Number {number}" for number in range(5)]
    for number, name in enumerate(names):
        handoff = make_handoff(name=name)
        due(handoff, timezone.now() + timedelta(hours=number // 2))
    seen, after = [], ""
    while True:
        page = inbox.page(sam, "open", after=after)
        seen += [line.name for line in page.lines]
        after = page.next
        if not after:
            break
    assert sorted(seen) == names
    assert len(set(seen)) == 5
    client.force_login(sam)
    for broken in ("x", "__", "2026-01-01T00:00:00_1_1", "_NaN_1", "2026-01-01T00:00:00+00:00_1e99_1", "_1_-1", "\x00"):
        assert "Number 0" in opened(client, after=broken).text, broken


def test_returns_come_by_key_too(sam, monkeypatch):
    monkeypatch.setattr(inbox.listing, "PAGE", 1)
    for _number in range(3):
        lifecycle.return_to_marketing(
            make_handoff().lead, actor=sam, reason=make_reason("return", "below_fit"), verdict="Too small"
        )
    first = inbox.page(sam, "returned")
    second = inbox.page(sam, "returned", after=first.next)
    third = inbox.page(sam, "returned", after=second.next)
    keys = [line.pk for page in (first, second, third) for line in page.lines]
    assert keys == sorted(keys, reverse=True)
    assert (len(set(keys)), third.next) == (3, "")


def test_a_hand_off_from_a_file_has_no_clock(client, sam):
    handoff = make_handoff()
    Handoff.objects.filter(pk=handoff.pk).update(imported=True, due_at=None, promise="", brief={})
    client.force_login(sam)
    text = opened(client, handoff).text
    assert "No clock runs" in text
    assert "Asked about prices" in text


def test_the_inbox_takes_as_many_queries_for_300_hand_offs_as_for_3(client, sam):
    def hand_over(number):
        make_handoffs(number, company={"name": "Alpmilch"})
        Handoff.objects.filter(pk__in=Handoff.objects.order_by("-pk")[: number // 2]).update(owner=sam)

    def queries(tab):
        opened(client, show=tab)
        with CaptureQueriesContext(connection) as taken:
            opened(client, show=tab)
        return len(taken)

    hand_over(4)
    client.force_login(sam)
    few = [queries(tab) for tab in inbox.TABS]
    hand_over(296)
    assert [queries(tab) for tab in inbox.TABS] == few
    assert max(few) <= 13


def test_why_now_says_once_that_the_line_was_crossed_and_shows_what_a_person_adds(client, sam):
    lead, note = make_lead(name="Greta Holm"), "Crossed the MQL line of 60 points"
    offered = lifecycle.offer(lead, origin=Handoff.Origin.LINE, note=note)
    client.force_login(sam)
    pages = (reverse("handoff:inbox_item", args=[offered.pk]), lead.get_absolute_url())
    for address in pages:
        text = client.get(address).text
        shown = text[text.index("Why now") :]
        assert "the MQL line, " in shown, address  # what set it off, with the points it stood at
        assert f'said">{note}' not in shown, address
    client.force_login(make_user("mia"))
    client.post(reverse("handoff:act", args=[lead.pk, "top_up"]), {"note": "Their tariff ends in March", "was": note})
    client.force_login(sam)
    for address in pages:
        assert 'said">Their tariff ends in March' in client.get(address).text, address


def test_the_number_to_call_stands_once_and_is_dialled_by_a_click(client):
    handoff = make_handoff(phone="+4331681123")
    client.force_login(make_user("sam", team="sales"))
    text = client.get(reverse("handoff:inbox_item", args=[handoff.pk])).text
    assert text.count('<a href="tel:+4331681123">') == 1
    assert '<a href="tel:+4331681123">Call +4331681123</a>' in text
    Handoff.objects.filter(pk=handoff.pk).update(brief={**handoff.brief, "next_step": "Send the sheet"})
    text = client.get(reverse("handoff:inbox_item", args=[handoff.pk])).text
    assert text.count('<a href="tel:+4331681123">+4331681123</a>') == 1
