"""Is it true?: what chances foretold against what happened, and what managers do about it."""

import csv
import io

import pytest
from django.urls import reverse

from leads.models import LearnedModel
from tests.factories import make_user
from tests.histories import history, leads_of, learned

PAGE = "/is-it-true/"


@pytest.fixture
def ruth(client):
    ruth = make_user("ruth", team="management")
    client.force_login(ruth)
    return ruth


def read(client, **asked):
    response = client.get(PAGE, asked)
    assert response.status_code == 200
    return response


def file_of(client, table):
    response = client.get("/is-it-true.csv", {"table": table})
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


def test_before_there_is_anything_to_learn_from_the_page_says_what_is_missing(client, ruth, tmp_path):
    history(tmp_path, leads_of(9))
    assert "9 of 100 outcomes are here" in read(client).text


def test_after_a_training_the_held_out_figures_of_what_counts_stand_beside_points_and_a_constant(
    client, ruth, tmp_path
):
    history(tmp_path, leads_of(400))
    said = learned()
    text = read(client).text
    assert "the newest 80 outcomes, held out of the training of m2" in text
    for name, rival in (("Chance", "model"), ("Points", "points"), ("Constant", "constant")):
        rows = [row for row in file_of(client, "tenths") if row["By"] == name]
        assert [int(row["Outcomes"]) for row in rows] == [8] * 10
        for row, tenth in zip(rows, said["held_out"][rival]["tenths"], strict=True):
            assert float(row["Foretold, %"]) == pytest.approx(100 * tenth["predicted"], abs=0.01)
        assert f"{said['held_out'][rival]['log_loss']:.3f}" in text


def test_one_click_of_a_manager_lets_an_earlier_version_count_and_a_second_leads_back(client, ruth, tmp_path):
    history(tmp_path, leads_of(400))
    learned()
    assert "Let m1 count" in read(client).text
    answer = client.post(reverse("handoff:learning_live", args=[1]), follow=True)
    assert "m1 counts now" in answer.text
    assert "Chosen by Ruth." in answer.text
    assert LearnedModel.objects.get(state="live").version == 1
    client.post(reverse("handoff:learning_live", args=[2]))
    assert LearnedModel.objects.get(state="live").version == 2


def test_a_version_that_was_not_taken_cannot_count(client, ruth, tmp_path):
    history(tmp_path, leads_of(400))
    learned()
    assert learned()["result"] == "refused"
    assert "Let m3 count" not in read(client).text
    answer = client.post(reverse("handoff:learning_live", args=[3]), follow=True)
    assert "m3 was not taken, so it cannot count. Nothing was changed." in answer.text
    assert LearnedModel.objects.get(state="live").version == 2


@pytest.mark.parametrize("team", ["marketing", "sales"])
def test_both_teams_read_it_and_only_managers_act(client, tmp_path, team):
    client.force_login(make_user(team=team))
    history(tmp_path, leads_of(400))
    learned()
    assert "Let m1 count" not in read(client).text
    refused = client.post(reverse("handoff:learning_live", args=[1]))
    assert refused.status_code == 403
    assert "This is for management." in refused.text
    assert LearnedModel.objects.get(state="live").version == 2
