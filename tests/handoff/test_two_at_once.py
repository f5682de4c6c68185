"""Two people, or fifty, at the same moment: real threads, real transactions."""

import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import ApiToken
from handoff import agreement, answers, deals, lifecycle
from handoff.models import Agreement, Deed, Handoff
from leads import capture
from leads.models import Company, Lead, Scorecard, Signal
from tests.factories import make_deal, make_draft, make_handoff, make_lead, make_reason, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """Run the acts on threads of their own; give what each returned, or the ValidationError that refused it."""

    def run(act):
        try:
            return act()
        except ValidationError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(min(len(acts), 16)) as pool:
        return list(pool.map(run, acts))


def refused(answers):
    return [answer for answer in answers if isinstance(answer, ValidationError)]


def test_fifty_claim_one_wins_and_the_others_are_told_who():
    handoff = make_handoff()
    reps = [make_user(f"rep{number}", team="sales") for number in range(50)]
    answers = at_once(*(lambda rep=rep: lifecycle.claim(Handoff.objects.get(pk=handoff.pk), actor=rep) for rep in reps))
    handoff.refresh_from_db()
    assert len(refused(answers)) == 49
    assert all(f"{handoff.owner} has claimed this lead" in answer.messages[0] for answer in refused(answers))
    assert handoff.lead.activities.filter(kind="handoff:claim").count() == 1


def test_fifty_claim_over_http_one_wins_and_the_others_are_told_who(live_server):
    handoff = make_handoff()
    reps = [make_user(f"rep{number}", team="sales") for number in range(50)]
    tokens = [ApiToken.objects.create(rep)[1] for rep in reps]
    place, together = urlsplit(live_server.url), threading.Barrier(50, timeout=60)

    def claim(token):
        line = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        line.connect()
        together.wait()
        line.request("POST", f"/api/v1/handoffs/{handoff.pk}/claim/", headers={"Authorization": f"Token {token}"})
        answer = line.getresponse()
        said = json.loads(answer.read())
        line.close()
        return answer.status, said

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(claim, tokens))
    handoff.refresh_from_db()
    assert sorted(status for status, _said in answers) == [200] + [409] * 49
    assert {said["owner"] for status, said in answers if status == 200} == {handoff.owner.username}
    told = f"{handoff.owner} has claimed this lead already. Nothing was changed."
    assert {said["detail"] for status, said in answers if status == 409} == {told}
    assert handoff.lead.activities.filter(kind="handoff:claim").count() == 1
    assert Deed.objects.filter(lead=handoff.lead, act="claim").count() == 1


def test_a_hundred_captures_of_one_person_make_one_lead():
    def capture_one(number):
        payload = {"email": "lena@fehr.example", "name": f"Lena {number}", "company": {"name": "Fehr"}}
        return capture.process([capture.accept(payload, way="api")])

    answers = at_once(*(lambda number=number: capture_one(number) for number in range(100)))
    assert not refused(answers)
    assert (Lead.objects.count(), Company.objects.count()) == (1, 1)
    assert Lead.objects.get().activities.count() == 100


def test_two_batches_with_the_same_people_in_other_orders_do_not_wait_for_each_other():
    emails = [f"p{number}@firm{number % 3}.example" for number in range(40)]
    for email in [*emails, *reversed(emails)]:
        capture.accept({"email": email}, way="api")
    answers = at_once(*(lambda: capture.process_waiting(limit=20) for _ in range(8)))
    assert sum(answers) == 80
    assert Lead.objects.count() == 40


def test_winning_and_losing_one_deal_at_once_does_one_of_them():
    deal, sam = make_deal(), make_user("sam", team="sales")
    lose = make_reason("lose")
    answers = at_once(
        lambda: deals.win(deal, actor=sam),
        lambda: deals.lose(deal, actor=sam, reason=lose),
        lambda: deals.win(deal, actor=sam),
    )
    assert len(refused(answers)) == 2
    assert deal.leads.get().stage_changes.filter(old="bofu").count() == 1


def test_one_signal_is_answered_once_by_many_sweeps():
    lead = make_lead()
    Signal.objects.create(lead=lead, kind="hand_raise", at=lead.created_at)
    counts = at_once(*(answers.answer_signals for _ in range(8)))
    assert sum(counts) == 1
    assert lead.handoffs.count() == 1


def test_accepting_and_withdrawing_at_once_leaves_one_story():
    handoff = make_handoff()
    lead, sam, mia = handoff.lead, make_user("sam", team="sales"), make_user("mia")
    reason = make_reason("withdraw")
    at_once(
        lambda: lifecycle.accept(lead, actor=sam),
        lambda: lifecycle.withdraw(lead, actor=mia, reason=reason),
    )
    lead.refresh_from_db()
    assert lead.stage == "tofu"
    assert lead.handoffs.get().end == "withdrawn"


def test_both_teams_sign_at_once_and_it_is_in_force_once():
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    draft = make_draft(by=mia, mql_line=45)
    answers = at_once(
        lambda: agreement.sign(draft, actor=mia, team="marketing", seen=draft.edit),
        lambda: agreement.sign(draft, actor=sam, team="sales", seen=draft.edit),
    )
    assert not refused(answers)
    assert Agreement.objects.in_force() == draft
    assert Agreement.objects.filter(ended_at=None).count() == 1
    assert Scorecard.objects.filter(in_force=True).count() == 1


def test_who_signs_while_somebody_changes_the_draft_signs_the_words_they_saw_or_none():
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    draft = make_draft(by=mia, mql_line=45)
    answers = at_once(
        lambda: agreement.sign(draft, actor=mia, team="marketing", seen=draft.edit),
        lambda: agreement.amend(draft, actor=sam, seen=draft.edit, mql_line=50),
    )
    draft.refresh_from_db()
    standing = list(draft.signatures.standing().values_list("edit", flat=True))
    assert (draft.edit, standing, len(refused(answers)) <= 1) == (2, [], True)


def test_two_begin_a_draft_and_there_is_one():
    people = [make_user("mia"), make_user("sam", team="sales")]
    answers = at_once(*(lambda who=who: agreement.begin(actor=who, mql_line=45) for who in people))
    assert (len(refused(answers)), Agreement.objects.drafts().count()) == (1, 1)
