from django.urls import reverse

from tests.factories import make_handoff, make_lead, make_user


def test_a_lead_handed_over_by_marketing_waits_in_the_inbox_of_sales(client):
    lead, mia, sam = make_lead(), make_user("mia"), make_user("sam", team="sales")
    client.force_login(mia)
    client.post(reverse("handoff:act", args=[lead.pk, "offer"]), {"note": "Asked for prices"})
    lead.refresh_from_db()
    assert lead.stage == "mofu"
    client.force_login(sam)
    assert lead.name in client.get(reverse("handoff:inbox")).text
    assert lead.stage_changes.values_list("old", "new", "actor").last() == ("tofu", "mofu", mia.pk)


def test_marketing_cannot_hand_over_what_is_already_in_the_middle(client):
    lead = make_handoff().lead
    client.force_login(make_user("mia", team="marketing"))
    response = client.post(reverse("handoff:act", args=[lead.pk, "offer"]))
    assert (response.status_code, lead.handoffs.count()) == (422, 1)
    assert "Nothing was changed" in response.text
