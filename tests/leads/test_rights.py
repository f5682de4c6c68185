"""Team x stage x act x field: the whole table, the outsider and the wrong team included."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.choices import Team
from handoff.forms import ACTS as FORMS
from leads import rights
from leads.editing import FIELDS
from personas.choices import Stage
from tests.factories import make_lead, make_user

M, S = {"marketing"}, {"sales"}
B, NOBODY = M | S, set()
#: product.md, written out once more by hand: act -> (tofu, mofu, bofu, customer, out); None: the stage has no such act.
TABLE = {
    "view": (B, B, B, B, B),
    "comment": (B, B, B, B, B),
    "edit": (M, B, S, B, M),
    "log": (M, B, S, B, M),
    "offer": (M, None, None, None, None),
    "claim_early": (S, None, None, None, None),
    "claim": (None, S, None, None, None),
    "accept": (None, S, None, None, None),
    "return": (None, S, None, None, None),
    "reassign": (None, S, None, None, None),
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
    "edit_deal": (S, S, S, S, S),
    "disqualify": (M, B, S, B, None),
    "expand": (None, None, None, B, None),
    "churn": (None, None, None, B, None),
    "reopen": (None, None, None, None, M),
}
CELLS = [(act, stage, teams) for act, row in TABLE.items() for stage, teams in zip(Stage.values, row, strict=True)]


class At:
    def __init__(self, stage):
        self.stage = stage


def test_the_table_names_every_act_that_has_a_form():
    assert set(TABLE) == set(rights.ACTS)
    assert set(FORMS) <= set(TABLE)


@pytest.mark.parametrize(("act", "stage", "teams"), CELLS)
def test_an_act_is_open_to_exactly_these_teams(act, stage, teams):
    for team in Team.values:
        expected = teams is not None and (team in teams or team == "management")
        assert rights.may(make_user(f"{team}-person", team=team), act, At(stage)) is expected, team


@pytest.mark.parametrize("stage", Stage.values)
def test_nobody_signed_out_or_deactivated_may_do_anything(stage):
    gone = make_user("gone", team="management", is_active=False)
    for outsider in (AnonymousUser(), gone):
        assert not any(rights.may(outsider, act, At(stage)) for act in TABLE)


@pytest.mark.parametrize("field", FIELDS)
def test_in_bofu_marketing_keeps_source_campaign_and_persona_and_nothing_else(field):
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    kept = field in ("source", "campaign", "persona")
    assert rights.may_edit(mia, field, At("bofu")) is kept
    assert rights.may_edit(sam, field, At("bofu")) is not kept


@pytest.mark.parametrize(("act", "stage", "teams"), [cell for cell in CELLS if cell[0] in FORMS])
def test_the_door_refuses_the_wrong_team_and_says_who_may(client, act, stage, teams):
    lead = make_lead(stage)
    for team in {"marketing", "sales"} - (teams or set()):
        client.force_login(make_user(f"{team}-person", team=team))
        response = client.post(reverse("handoff:act", args=[lead.pk, act]))
        assert response.status_code == (422 if teams is None else 403)
        assert "Nothing was changed" in response.text
        lead.refresh_from_db()
        assert lead.stage == stage


@pytest.mark.parametrize(("act", "stage", "teams"), [cell for cell in CELLS if cell[0] in FORMS and cell[2]])
def test_the_door_shows_the_form_to_the_right_team(client, act, stage, teams):
    lead = make_lead(stage)
    for team in (*teams, "management"):
        client.force_login(make_user(f"{team}-person", team=team))
        assert client.get(reverse("handoff:act", args=[lead.pk, act])).status_code == 200


def test_the_outsider_is_sent_to_sign_in(client):
    lead = make_lead()
    for act in FORMS:
        response = client.post(reverse("handoff:act", args=[lead.pk, act]))
        assert (response.status_code, response.url.split("?")[0]) == (302, reverse("account_login"))


def test_an_act_or_a_lead_that_does_not_exist_is_not_found(client):
    client.force_login(make_user("mia"))
    assert client.post(reverse("handoff:act", args=[make_lead().pk, "teleport"])).status_code == 404
    assert client.post(reverse("handoff:act", args=[999_999, "offer"])).status_code == 404


def test_a_refusal_says_who_may():
    with pytest.raises(PermissionDenied, match="this is for sales"):
        rights.permit(make_user("mia"), "accept", At("mofu"))
