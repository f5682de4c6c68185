"""Who may do what tried through the one door of every act: team x stage x act, the outsider too."""

import pytest
from django.urls import reverse

from handoff.forms import ACTS
from leads.models import StageChange
from personas.choices import Stage
from tests.factories import make_lead, make_user
from tests.leads.test_rights import TABLE as RIGHTS

#: act -> stage -> the teams that may, of the table that is written out by hand from product.md
TABLE = {act: dict(zip(Stage.values, row, strict=True)) for act, row in RIGHTS.items() if act in ACTS}
TEAMS = ("marketing", "sales", "management")


@pytest.mark.parametrize("stage", Stage.values)
@pytest.mark.parametrize("team", TEAMS)
def test_an_act_is_open_to_whom_the_table_names_and_to_nobody_else(client, team, stage):
    lead, person = make_lead(stage), make_user(f"{team}-person", team=team)
    client.force_login(person)
    changes = StageChange.objects.filter(lead=lead).count()
    for act, stages in TABLE.items():
        address = reverse("handoff:act", args=[lead.pk, act])
        # A GET shows the form; a POST that names another standing is refused after the rights, so that nothing moves.
        shown, done = client.get(address), client.post(address, {"seen": "elsewhere", "note": "Why"})
        if stages[stage] is None:
            assert (shown.status_code, done.status_code) == (422, 422), act
            assert "Nothing was changed" in done.text, act
        elif team == "management" or team in stages[stage]:
            assert shown.status_code == 200, act
            assert done.status_code in (302, 422), act
        else:
            assert (shown.status_code, done.status_code) == (403, 403), act
            assert "this is for" in done.text, act
    assert StageChange.objects.filter(lead=lead).count() == changes


@pytest.mark.parametrize("stage", Stage.values)
def test_the_outsider_may_nothing_at_all(client, stage):
    lead = make_lead(stage)
    for act in TABLE:
        address = reverse("handoff:act", args=[lead.pk, act])
        for answer in (client.get(address), client.post(address, {"seen": ""})):
            assert answer.status_code == 302
            assert answer.url.startswith(reverse("account_login"))
    lead.refresh_from_db()
    assert lead.stage == stage


def test_somebody_who_left_may_nothing_either(client):
    lead, kim = make_lead(), make_user("kim")
    client.force_login(kim)
    kim.is_active = False
    kim.save()
    assert client.post(reverse("handoff:act", args=[lead.pk, "offer"])).status_code == 302
    lead.refresh_from_db()
    assert lead.stage == "tofu"


def test_an_act_that_does_not_exist_is_not_found(client):
    client.force_login(make_user("mia"))
    assert client.post(reverse("handoff:act", args=[make_lead().pk, "teleport"])).status_code == 404
    assert client.post(reverse("handoff:act", args=[999_999, "offer"])).status_code == 404
