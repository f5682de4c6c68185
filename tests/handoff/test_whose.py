"""Whose a lead is while it is offered: its hand-off says so, and every page says the same."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from handoff import lifecycle
from handoff.models import Queue
from handoff.routing import rules
from leads import editing
from leads.models import Lead
from tests.factories import make_lead, make_reason, make_user


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


@pytest.fixture
def routed(sam):
    """A lead that a rule gave to Sam, and that has not been answered yet."""
    rules.save_rule(name="Austria", rep=sam, countries=["AT"])
    return make_lead("mofu", name="Lena", country="AT")


def test_an_offer_routed_to_a_rep_is_theirs_on_every_page(client, routed, sam):
    client.force_login(sam)
    table = client.get(reverse("leads:table"), {"owner": "sam"})
    board = client.get(reverse("handoff:board"), {"owner": "sam"})
    inbox = client.get(reverse("handoff:inbox"))
    page = client.get(routed.get_absolute_url())
    assert "Lena" in table.text
    assert "Lena" in board.text
    assert "Yours" in inbox.text
    assert "<dt>Sales rep</dt><dd>Sam</dd>" in page.text
    assert "Lena" not in client.get(reverse("leads:table"), {"owner": "nobody"}).text


def test_the_api_and_the_export_name_the_same_rep(client, routed, sam):
    client.force_login(sam)
    found = client.get(f"/api/v1/leads/{routed.pk}/").json()
    assert (found["rep"], found["handoff"]["owner"]) == ("sam", "sam")
    assert client.get("/api/v1/leads/", {"owner": "sam"}).json()["results"][0]["owner"] == "sam"
    exported = b"".join(client.get(reverse("leads:export"), {"owner": "sam"}).streaming_content).decode()
    assert "Lena" in exported
    assert ",sam," in exported


def test_an_offer_in_a_queue_has_no_rep_and_the_lead_page_names_the_queue(client, sam):
    lead = make_lead("mofu", name="Lena")
    client.force_login(sam)
    assert "<dt>Sales rep</dt><dd>Unowned, in All of sales</dd>" in client.get(lead.get_absolute_url()).text
    assert "Lena" in client.get(reverse("leads:table"), {"owner": "nobody"}).text


def test_who_takes_a_lead_early_has_it(client, sam):
    lead = make_lead()
    lifecycle.claim_early(lead, actor=sam, note="Called us")
    lead.refresh_from_db()
    assert lead.rep == sam


def test_the_rep_of_a_lead_in_the_middle_is_changed_by_passing_it_on_alone(routed):
    priya = make_user("priya", team="sales")
    with pytest.raises(ValidationError, match="The hand-off says whose it is"):
        editing.edit(routed, actor=priya, changes={"rep": priya})
    routed.refresh_from_db()
    assert routed.rep.username == "sam"


def test_an_offer_that_no_rep_took_leaves_the_lead_with_the_rep_who_had_it_before(sam):
    lead = make_lead("customer", rep=sam)
    handoff = lifecycle.offer(lead, actor=make_user("mia"), queue=Queue.default(), note="A second plant")
    lead.refresh_from_db()
    assert (handoff.owner, lead.rep) == (None, None)
    lifecycle.withdraw(lead, actor=make_user("mia"), reason=make_reason("withdraw"))
    lead.refresh_from_db()
    assert (lead.stage, lead.rep) == ("customer", sam)


def _offered_and_taken_back(lead):
    """The rep of a lead once marketing has put an offer into a queue and taken it back."""
    handoff = lifecycle.offer(lead, actor=make_user("mia"), queue=Queue.default(), note="A second plant")
    assert (handoff.owner, Lead.objects.get(pk=lead.pk).rep) == (None, None)
    lifecycle.withdraw(lead, actor=make_user("mia"), reason=make_reason("withdraw"))
    return Lead.objects.get(pk=lead.pk).rep


def test_a_rep_who_was_named_by_hand_has_the_lead_again_when_no_rep_took_the_offer(sam):
    lead = make_lead()
    editing.edit(lead, actor=make_user("mia"), changes={"rep": sam}, version=lead.version)
    assert _offered_and_taken_back(Lead.objects.get(pk=lead.pk)) == sam


def test_a_customer_who_was_handed_over_stays_with_the_colleague_who_has_them_now(sam):
    lead, priya = make_lead("customer", rep=sam), make_user("priya", team="sales")
    editing.edit(lead, actor=sam, changes={"rep": priya}, version=lead.version)
    assert _offered_and_taken_back(Lead.objects.get(pk=lead.pk)) == priya


def test_a_lead_does_not_go_back_to_a_rep_who_has_left(sam):
    lead = make_lead("customer", rep=sam)
    sam.is_active = False
    sam.save()
    assert _offered_and_taken_back(lead) is None


def test_whose_a_lead_was_is_kept_where_its_offer_lay_in_a_queue_before_the_rule(sam):
    lead = make_lead("mofu")
    lead.handoffs.update(brief={"trigger": "Asked to talk"})
    Lead.objects.filter(pk=lead.pk).update(rep=sam)
    import_module("handoff.migrations.0030_rep_has_handoff").settle(apps, SimpleNamespace(connection=connection))
    assert Lead.objects.get(pk=lead.pk).rep is None
    lifecycle.withdraw(lead, actor=make_user("mia"), reason=make_reason("withdraw"))
    assert Lead.objects.get(pk=lead.pk).rep == sam
