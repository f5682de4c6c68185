"""Returns that say "not what we agreed on", where they gather: the change that they ask for, with its replay."""

import pytest
from django.urls import reverse

from handoff import agreement, lifecycle
from handoff.foresight import Foresight
from handoff.models import Agreement, Handoff
from handoff.proposal import Evidence
from leads.models import Scorecard
from tests.factories import make_agreement, make_handoffs, make_reason, make_user
from tests.handoff.contract.offering import offered, returned, won, words
from tests.histories import history, leads_of

AGREEMENT = reverse("handoff:agreement")
EVIDENCE, BEGIN = (reverse(f"handoff:agreement_{name}") for name in ("evidence", "begin"))


def test_returns_that_gather_below_some_points_propose_a_higher_line_with_the_evidence(client, mia, sam):
    client.force_login(mia)
    assert client.get(EVIDENCE).text.strip() == ""
    for number in range(5):
        returned(sam, name=f"Small {number}")
    won = offered("meeting:met", "email:reply", name="Wanda Winner")
    lifecycle.accept(won, actor=sam)
    page = words(client.get(EVIDENCE))
    assert "5 of 6 answered offers" in page
    assert "5 returns it would have kept out" in page
    assert "0 that became customers" in page
    client.post(BEGIN)
    draft = Agreement.objects.drafts().get()
    assert 62 < draft.mql_line <= 65
    assert "5 of 6 answered offers" in draft.why
    assert draft.drafted_by == mia
    held = Foresight(draft, Agreement.objects.in_force())
    assert {str(offer.handoff.lead) for offer in held.returned_kept_out} == {f"Small {n}" for n in range(5)}
    assert "Draft v2 is open" in words(client.get(EVIDENCE))


def test_returns_that_lack_a_fact_propose_to_ask_for_it(sam):
    for _number in range(5):
        returned(sam, "not_a_buyer", "meeting:met", phone="")
    for _number in range(3):
        lead = offered("event:attended", job_title="Director", country="")
        lifecycle.accept(lead, actor=sam)
        lifecycle.qualify(lead, actor=sam)
    best = Evidence.gather().best
    assert (best.terms["required_facts"], len(best.returned), len(best.qualified)) == (["phone"], 5, 0)


@pytest.mark.parametrize(("returns", "accepted", "proposed"), [(2, 0, False), (3, 9, True), (3, 10, False)])
def test_three_returns_of_few_offers_propose_something_and_three_of_many_are_an_accident(
    client, mia, sam, returns, accepted, proposed
):
    for _number in range(returns):
        returned(sam)
    for lead in make_handoffs(accepted):
        answer = {"accepted_at": lead.offered_at, "owner": sam, "accepted_by": sam, "lane": "sal"}
        Handoff.objects.filter(pk=lead.pk).update(origin="line", due_at=None, promise="", **answer)
    client.force_login(make_user("ruth", team="management"))
    assert bool(client.get(EVIDENCE).text.strip()) == proposed


@pytest.mark.parametrize(("returns", "more"), [(0, 3), (1, 2), (2, 1)])
def test_the_agreement_says_how_many_more_returns_a_proposal_takes(client, sam, returns, more):
    for _number in range(returns):
        returned(sam)
    client.force_login(sam)
    page = client.get(AGREEMENT).text
    assert f'hx-get="{EVIDENCE}?still=1"' in page
    assert f"{more} more return" in client.get(EVIDENCE, {"still": 1}).text
    for _number in range(more):
        returned(sam)
    assert "The returns ask for a change" in client.get(EVIDENCE, {"still": 1}).text


def test_returns_that_nothing_separates_are_told_without_a_line(sam):
    for _number in range(5):
        returned(sam)
        kept = offered()
        lifecycle.accept(kept, actor=sam)
        lifecycle.qualify(kept, actor=sam)
    evidence = Evidence.gather()
    assert (evidence.gathers, evidence.best) == (True, None)


def test_three_returns_that_share_a_rule_propose_to_halve_or_drop_it(client, mia, sam):
    for number in range(3):
        returned(sam, "not_a_buyer", *["web:page"] * 5, name=f"Page reader {number}")
    for _number in range(2):
        won(sam, "form:submit")
    client.force_login(mia)
    page = words(client.get(EVIDENCE))
    assert "3 of 5 answered offers" in page
    assert "“Other pages” gives no points, 3 of these would have been kept out" in page
    assert "0 that became customers" in page
    client.post(BEGIN)
    draft = Agreement.objects.drafts().get()
    assert [rule["label"] for rule in Scorecard.objects.get(in_force=True).points["engagement"] if rule not in
            draft.points["engagement"]] == ["Other pages"]  # fmt: skip
    held = Foresight(draft, Agreement.objects.in_force())
    assert {str(offer.handoff.lead) for offer in held.returned_kept_out} == {f"Page reader {n}" for n in range(3)}
    assert held.wins_lost == []
    page = words(client.get(reverse("handoff:agreement_draft")))
    assert "3 of 5 answered offers" in page
    assert "no such rule" in page


def test_sales_makes_no_draft_that_changes_points_neither_of_returns_nor_of_what_was_put_away(client, mia, sam):
    for number in range(3):
        returned(sam, "not_a_buyer", *["web:page"] * 5, name=f"Page reader {number}")
    for _number in range(2):
        won(sam, "form:submit")
    client.force_login(sam)
    page = client.get(EVIDENCE).text
    assert ("for marketing to write" in page, "Make a draft of it" in page) == (True, False)
    assert client.post(BEGIN).status_code == 403
    client.force_login(mia)
    client.post(BEGIN)
    draft = Agreement.objects.drafts().get()
    agreement.drop(draft, actor=mia, seen=draft.edit)
    client.force_login(sam)
    taken = client.post(reverse("handoff:agreement_take_up", args=[draft.version]))
    assert (taken.status_code, Agreement.objects.drafts().exists()) == (403, False)


def test_a_proposal_that_nothing_asks_for_any_more_begins_no_draft(client, mia, sam):
    for number in range(3):
        returned(sam, "not_a_buyer", *["web:page"] * 5, name=f"Page reader {number}")
    client.force_login(mia)
    assert "Make a draft of it" in client.get(EVIDENCE).text
    Handoff.objects.filter(end=Handoff.End.RETURNED).update(end=Handoff.End.UNDONE, reason=None)
    answer = client.post(BEGIN, follow=True)
    assert "The returns no longer ask for a change. Nothing was begun." in answer.text
    assert not Agreement.objects.drafts().exists()


def test_a_fact_that_returned_leads_share_is_proposed_as_a_rule_that_takes_points(client, mia, sam):
    for number in range(3):
        returned(
            sam, "not_a_buyer", "email:reply", company={"name": f"Shop {number}", "size": 90, "industry": "Retail"}
        )
    for number in range(4):
        won(sam, "email:reply", company={"name": f"Works {number}", "size": 90, "industry": "Steel"})
    best = Evidence.gather().best
    assert best.words == "a lead whose industry is Retail loses 10 points"
    assert (len(best.returned), len(best.won)) == (3, 0)
    client.force_login(mia)
    client.post(BEGIN)
    assert Agreement.objects.drafts().get().points["fit"][-1] == {
        "label": "Industry is Retail", "field": "industry", "op": "is", "value": "Retail", "points": -10,
    }  # fmt: skip


def test_a_rule_that_wins_share_is_raised_together_with_the_line(sam):
    make_agreement(mql_line=59)
    for kinds in (["email:reply"], ["form:submit"], ["web:pricing", "web:pricing"]):
        returned(sam, "not_a_buyer", *kinds)
    for _number in range(3):
        won(sam, "call:spoke")
    best = Evidence.gather().best
    assert best.words == "“Spoke on the phone” gives 22 instead of 12 points, and the MQL line rises to 69 points"
    assert (len(best.returned), len(best.won), best.terms["mql_line"]) == (3, 0, 69)


def test_what_has_been_agreed_against_since_asks_for_nothing_more(client, mia, sam):
    for _number in range(3):
        returned(sam)
    assert Evidence.gather().gathers
    make_agreement(mql_line=70)
    assert not Evidence.gather().gathers
    client.force_login(mia)
    assert client.get(EVIDENCE).text.strip() == ""


def test_on_an_imported_history_three_returns_by_a_person_show_a_proposal(client, mia, sam, tmp_path):
    history(tmp_path, leads_of(30))
    client.force_login(sam)
    for number in range(3):
        lead = offered("web:pricing", "web:pricing", name=f"Looked {number}")
        words_said = {"reason": make_reason("return", "below_fit").pk, "verdict": "Only looked at prices"}
        done = client.post(reverse("handoff:act", args=[lead.pk, "return"]), words_said, headers={"hx-request": "true"})
        assert done.status_code < 300
    client.force_login(mia)
    page = words(client.get(EVIDENCE))
    assert "3 of 3 answered offers" in page
    assert "3 returns it would have kept out" in page
    client.post(BEGIN)
    draft = words(client.get(reverse("handoff:agreement_draft")))
    assert "3 of 3 answered offers" in draft
    page = client.get(reverse("handoff:agreement_foresight"))
    assert len(page.context["ahead"].returned_kept_out) == 3
