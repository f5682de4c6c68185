"""Whose a lead is while it is offered: its hand-off says so, and every page says the same."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from handoff import lifecycle
from handoff.models import Queue
from handoff.routing import rules
from leads import editing
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
