"""Learning through the commands and the worker: from a file of outcomes to the chance of a new lead, and why."""

import csv
import io
import math
import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from statistics import fmean

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from handoff import deals, lifecycle
from leads import capture, clock, editing, learning, scoring
from leads.learning import fitting, training
from leads.learning.features import known_at
from leads.learning.labels import labelled
from leads.learning.words import text
from leads.models import Chance, LeadScore, LearnedModel, Learning, Outcome, Snapshot, Suspect
from leads.tasks import learn, refresh_chances
from smarketing.celery import app
from tests.factories import make_handoff, make_lead, make_leads, make_reason, make_user
from tests.histories import history, leads_of, learned

FILES = Path(os.environ.get("SMARKETING_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
BANK = FILES / "uci_bank" / "bank-additional-full.csv"


def scored(tmp_path, **options):
    out = tmp_path / "scored.csv"
    call_command("score", out=out, stdout=io.StringIO(), stderr=io.StringIO(), **options)
    with out.open() as file:
        return {row["external_id"]: row for row in csv.DictReader(file)}


def sums(chance):
    return math.fsum([chance.base, *(logit for _name, _value, logit in chance.parts)])


def test_from_a_file_with_outcomes_to_the_chance_of_a_new_lead_and_why(tmp_path):
    history(tmp_path, leads_of(400) + leads_of(40, first=1_000, ended=False, seed=2))
    said = learned()
    assert said["result"] == "promoted"
    assert said["outcomes"] == 400
    assert said["held_out"]["model"]["log_loss"] < said["held_out"]["points"]["log_loss"]
    assert said["held_out"]["model"]["outcomes"] == 80
    rows = scored(tmp_path)
    assert len(rows) == 440
    assert list(rows["0"]) == ["external_id", "probability", "fit", "engagement", "reasons"]
    new = {row["key"]: row for row in leads_of(40, first=1_000, ended=False, seed=2)}
    by_job = {job: [rows[str(key)] for key, row in new.items() if row["job"] == job] for job in ("student", "clerk")}
    student, clerk = (fmean(float(row["probability"]) for row in found) for found in by_job.values())
    assert student > 0.4 > 0.25 > clerk
    assert all("Job: student" in row["reasons"] for row in by_job["student"])
    assert all(sums(chance) == chance.logit for chance in Chance.objects.all())


def test_only_the_leads_that_a_file_names_are_scored(tmp_path):
    history(tmp_path, leads_of(30))
    ids = tmp_path / "ids.txt"
    ids.write_text("3\n7\nnobody\n")
    assert sorted(scored(tmp_path, ids=ids)) == ["3", "7"]


def test_before_anything_is_learned_the_points_say_the_chance():
    cold, warm = make_lead(), make_lead(phone="+43 1 2345678", job_title="Head of purchasing")
    chances = {chance.lead_id: chance for chance in Chance.objects.all()}
    assert chances[cold.pk].probability < chances[warm.pk].probability < 0.5
    assert LearnedModel.objects.get(state="live").is_points


def test_a_chance_by_the_points_is_explained_by_the_parts_of_the_points_and_they_sum_to_it(client):
    make_leads(30)
    lead = make_lead(phone="+43 1 2345678", job_title="Head of purchasing")
    for _number in range(12):
        capture.log(lead, kind="web:pricing")
    refresh_chances()
    chance, score = Chance.objects.get(lead=lead), LeadScore.objects.get(lead=lead)
    assert sums(chance) == chance.logit
    told = {text(part): round(part[2] / 0.035) for part in chance.parts}
    average = told.pop("the points that a lead has on average")
    assert average < 0
    assert told == {part["label"]: part["points"] for part in score.parts}
    assert min(told.values()) < 0, "what a rule brings beyond its cap is a part as well"
    client.force_login(make_user("mia"))
    page = client.get(lead.get_absolute_url()).text
    assert "the points that a lead has on average" in page
    assert "the agreed points" not in page


def test_what_comes_in_is_answered_at_once_by_the_scorecard(tmp_path):
    history(tmp_path, leads_of(400))
    learned()
    lead = make_lead(custom={"job": "student"})
    chance = Chance.objects.get(lead=lead)
    assert str(chance.model) == "m2"
    assert sums(chance) == chance.logit
    assert any(name == "custom.job" and value == "student" and logit > 0 for name, value, logit in chance.parts)


def test_what_was_known_is_kept_at_creation_offer_and_outcome():
    handoff = make_handoff(job_title="Clerk")
    lifecycle.return_to_marketing(
        handoff.lead,
        actor=make_user("sam", team="sales"),
        reason=make_reason("return", "below_fit"),
        verdict="Too small",
    )
    moments = list(Snapshot.objects.filter(lead=handoff.lead).order_by("pk"))
    assert [one.moment for one in moments] == ["created", "offered", "outcome"]
    assert all(one.features["job_title"] == "Clerk" for one in moments)
    assert Outcome.objects.get(kind="returned").reason_class == "definitional"


def test_a_worse_model_is_refused_and_the_better_one_stays(tmp_path):
    history(tmp_path, leads_of(400))
    assert learned()["result"] == "promoted"
    again = learned()
    assert again["result"] == "refused"
    assert again["live"] == 2
    assert "stays" in again["why"] or "counted stays" in again["why"]
    assert again["held_out"]["live"]["log_loss"] <= again["held_out"]["model"]["log_loss"]


def test_one_outcome_or_one_class_leaves_the_live_score_and_says_why(tmp_path):
    make_lead()
    assert learned()["result"] == "kept"
    history(tmp_path, [{"key": 1, "job": "student", "age": 3, "ended": "yes"}])
    assert learned()["result"] == "kept"
    history(tmp_path, [{"key": n, "job": "student", "age": 3, "ended": "yes"} for n in range(2, 60)], name="more")
    said = learned()
    assert said["result"] == "kept"
    assert "all of one kind" in said["why"]
    assert Learning.objects.get().said == said["why"]
    assert LearnedModel.objects.get(state="live").version == 1


def test_a_file_of_bad_columns_is_learned_from_all_the_same(tmp_path):
    endless = ["inf", "-inf", "nan", "1e400"]
    bad = [
        {**row, "same": "x", "unique": f"u{row['key']}", "blank": "", "endless": endless[row["key"] % 4]}
        for row in leads_of(300)
    ]
    history(tmp_path, bad)
    assert learned()["result"] == "promoted"
    assert all(0 < float(row["probability"]) < 1 for row in scored(tmp_path).values())


def test_a_column_that_is_known_only_once_it_is_over_is_found_and_kept_out(tmp_path):
    rows = [{**row, "duration": random.Random(row["key"]).randint(1, 900)} for row in leads_of(200)]
    new = [{**row, "duration": ""} for row in leads_of(50, first=1_000, ended=False)]
    history(tmp_path, rows + new)
    said = learned()
    assert said["kept_out"] == ["custom.duration"]
    suspect = Suspect.objects.get()
    assert suspect.evidence == {"kind": "fuller", "closed": 1.0, "new": 0.0}
    parameters = LearnedModel.objects.get(version=said["version"]).parameters
    assert "custom.duration" not in [column["name"] for column in parameters["columns"]]
    training.decide(suspect, trusted=True, actor=make_user("ruth", team="management"))
    assert learned()["kept_out"] == []


def test_what_somebody_filled_in_later_was_not_known_at_creation(tmp_path):
    mia, lead = make_user("mia"), make_lead(custom={"plan": "small"})
    created = lead.first_seen_at
    editing.edit(lead, actor=mia, changes={"custom": {"plan": "small", "budget": "yes"}, "job_title": "Head"})
    Snapshot.objects.all().delete()
    then, now = known_at([(lead.pk, created), (lead.pk, timezone.now())])
    assert (then.features.get("custom.budget") or "", then.features["job_title"]) == ("", "")
    assert (now.features["custom.budget"], now.features["job_title"]) == ("yes", "Head")


def test_nobody_who_is_still_open_is_called_lost_too_early():
    rep = make_user("sam", team="sales")
    now = timezone.now()
    for days in range(1, 13):
        with clock.at(now - timedelta(days=40)):
            lead = make_lead("bofu", rep=rep)
        with clock.at(now - timedelta(days=40 - days)):
            deals.win(lead.deals.get(), actor=rep)
    with clock.at(now - timedelta(days=5)):
        make_lead()
    found = labelled(Learning.objects.get_or_create(pk=1)[0])
    assert (len(found.found), found.wins) == (12, 12)
    with clock.at(now - timedelta(days=30)):
        old = make_lead()
    found = labelled(Learning.objects.get())
    assert [label.lead for label in found.found if not label.won] == [old.pk]


def test_accepted_stands_in_for_won_only_when_somebody_says_so():
    make_handoff("sal")
    terms = Learning.objects.get_or_create(pk=1)[0]
    assert labelled(terms).found == []
    terms.accepted_counts = True
    found = labelled(terms)
    assert (found.target, found.wins) == ("accepted", 1)


def test_two_trainings_at_once_are_one(tmp_path):
    history(tmp_path, leads_of(60))
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock('leads_learnedmodel'::regclass::int, 0)")
        assert learned()["result"] == "busy"
        cursor.execute("SELECT pg_advisory_unlock_all()")
    other.close()
    assert learned()["result"] in ("promoted", "refused")


def test_a_training_that_breaks_leaves_the_live_model(tmp_path, monkeypatch):
    history(tmp_path, leads_of(400))
    learned()

    def broken(*args, **options):
        raise MemoryError

    monkeypatch.setattr(fitting, "teach", broken)
    with pytest.raises(MemoryError):
        call_command("learn", stdout=io.StringIO())
    assert LearnedModel.objects.get(state="live").version == 2
    monkeypatch.undo()
    assert learned()["result"] == "refused"


def test_the_worker_learns_when_there_is_enough_and_says_the_chances_anew(tmp_path):
    assert learn() == ""
    history(tmp_path, leads_of(200))
    assert learn() == "promoted"
    assert learn() == ""
    assert refresh_chances() == 200
    assert refresh_chances() == 0
    history(tmp_path, leads_of(60, first=5_000, seed=7), name="more")
    assert learn() in ("promoted", "refused")


def test_one_click_leads_back(tmp_path):
    history(tmp_path, leads_of(400))
    learned()
    learning.go_live(LearnedModel.objects.get(version=1), actor=make_user("ruth", team="management"))
    assert LearnedModel.objects.get(state="live").version == 1
    assert LearnedModel.objects.get(version=2).state == "kept"


def test_a_new_touch_moves_the_chance():
    lead = make_lead()
    before = Chance.objects.get(lead=lead).probability
    for _number in range(3):
        capture.log(lead, kind="web:pricing")
    assert Chance.objects.get(lead=lead).probability > before


def test_many_leads_cost_as_many_queries_as_few(django_assert_max_num_queries):
    few, many = make_leads(3), make_leads(300)
    now = timezone.now()
    for leads in (few, many):
        with django_assert_max_num_queries(11):
            learning.answer(scoring.rescore([lead.pk for lead in leads], at=now))


@pytest.mark.skipif(not BANK.is_file(), reason=f"The real file is not here (SMARKETING_DATA): {BANK}")
def test_a_real_file_of_phone_contacts_is_learned_from_without_code(tmp_path):
    lines = BANK.read_text().splitlines()
    some = random.Random(5).sample(lines[1:], 2_000)
    rows = [row.split(";") for row in some]
    for row in rows[:500]:
        row[-1] = row[10] = ""
    file, mapping = tmp_path / "bank.csv", Path(__file__).resolve().parents[1] / "data" / "bank.json"
    file.write_text("\n".join([lines[0], *(";".join(row) for row in rows)]) + "\n")
    call_command("import_leads", file, mapping=mapping, stdout=io.StringIO(), stderr=io.StringIO())
    said = learned()
    assert said["result"] == "promoted"
    assert said["kept_out"] == ["custom.duration"]
    assert said["held_out"]["model"]["auc"] > 0.7
    found = scored(tmp_path)
    chances = {key.partition(":")[2]: float(row["probability"]) for key, row in found.items()}
    truth = {str(number): row.split(";")[-1] == '"yes"' for number, row in enumerate(some[:500], 2)}
    won = [chances[number] for number, yes in truth.items() if yes]
    lost = [chances[number] for number, yes in truth.items() if not yes]
    right = sum((w > x) + (w == x) / 2 for w in won for x in lost) / (len(won) * len(lost))
    assert right > 0.7


def test_the_trees_part_comes_for_leads_that_were_answered_at_once(tmp_path):
    """Where neither fact alone says anything and both together say all, only trees see it."""
    dice = random.Random(3)
    rows = []
    for number in range(900):
        a, b = dice.choice("xy"), dice.choice("xy")
        rows.append(
            {"key": number, "a": a, "b": b, "ended": "yes" if dice.random() < (0.9 if a == b else 0.1) else "no"}
        )
    history(tmp_path, rows)
    assert learned()["result"] == "promoted"
    refresh_chances()
    assert refresh_chances() == 0
    lead = make_lead(custom={"a": "x", "b": "x"})
    at_once = Chance.objects.get(lead=lead)
    assert at_once.waits
    assert "@booster" not in [name for name, _value, _logit in at_once.parts]
    assert refresh_chances() == 1
    whole = Chance.objects.get(lead=lead)
    assert not whole.waits
    assert "@booster" in [name for name, _value, _logit in whole.parts]
    assert sums(whole) == whole.logit
    assert whole.probability > at_once.probability + 0.2
    assert refresh_chances() == 0


def test_a_chance_is_kept_with_the_moment_as_it_was_said_then(tmp_path):
    history(tmp_path, leads_of(400))
    learned()
    lead = make_lead("mofu", custom={"job": "student"})
    created, offered = Snapshot.objects.filter(lead=lead).order_by("pk")
    assert str(created.model) == str(offered.model) == "m2"
    assert offered.probability == Chance.objects.get(lead=lead).probability
    learning.go_live(LearnedModel.objects.get(version=1))
    offered.refresh_from_db()
    assert str(offered.model) == "m2"
    with pytest.raises(IntegrityError, match="snapshot_chance_has_model"), transaction.atomic():
        Snapshot.objects.filter(pk=offered.pk).update(probability=1.5)


def test_what_knew_the_outcome_is_replaced_by_the_next_training_however_well_it_foresees(tmp_path):
    rows = [{**row, "phase": row["ended"]} for row in leads_of(300)]
    history(tmp_path, rows)
    ruth = make_user("ruth", team="management")
    assert learned()["result"] == "promoted"
    assert "custom.phase" in LearnedModel.objects.get(state="live").columns
    history(tmp_path, [{**row, "phase": ""} for row in leads_of(60, first=1_000, ended=False)], name="new")
    said = learned()
    assert said["kept_out"] == ["custom.phase"]
    assert said["result"] == "promoted"
    assert "custom.phase" not in LearnedModel.objects.get(state="live").columns
    assert not training.is_due()
    training.decide(Suspect.objects.get(), trusted=True, actor=ruth)
    assert learned()["result"] == "promoted"
    training.decide(Suspect.objects.get(), trusted=False, actor=ruth)
    assert learn() == "promoted"
    assert "custom.phase" not in LearnedModel.objects.get(state="live").columns


@pytest.mark.parametrize("more", ["five in a hundred", "a day"])
def test_the_beat_asks_and_the_worker_learns_when_it_is_due(tmp_path, more):
    history(tmp_path, leads_of(200))
    asked = app.conf.beat_schedule["outcomes to learn from"]
    assert app.tasks[asked["task"]] == learn
    assert asked["schedule"] <= 600
    assert learn() == "promoted"
    if more == "a day":
        assert learn() == ""
        with clock.at(timezone.now() + timedelta(days=1, minutes=1)):
            assert learn() in ("promoted", "refused")
        return
    history(tmp_path, leads_of(9, first=5_000, seed=7), name="nine")
    assert learn() == ""
    history(tmp_path, leads_of(1, first=6_000, seed=7), name="ten")
    assert learn() in ("promoted", "refused")


def test_fifty_new_outcomes_are_enough_however_many_there_are():
    terms = Learning.objects.get_or_create(pk=1)[0]
    leads = make_leads(51)
    Outcome.objects.bulk_create(Outcome(lead=lead, kind="lost", at=timezone.now()) for lead in leads)
    terms.tried_at = terms.began_at = timezone.now()
    terms.outcomes_then = 1
    assert training.counted() == 51
    terms.save()
    assert training.is_due()
    training.NEW_SHARE, kept = 1e9, training.NEW_SHARE
    try:
        assert training.is_due()
        terms.outcomes_then = 2
        terms.save()
        assert not training.is_due()
    finally:
        training.NEW_SHARE = kept


def test_a_worker_killed_in_training_leaves_what_counts_and_the_page_says_why(transactional_db, client, tmp_path):
    history(tmp_path, leads_of(400))
    learned()
    client.force_login(make_user("ruth", team="management"))
    began = Learning.objects.get().began_at
    process = subprocess.Popen(
        [sys.executable, "manage.py", "learn"],
        cwd=Path(__file__).resolve().parents[2],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_DATABASE": connection.settings_dict["NAME"],
        },
    )
    try:
        until = time.monotonic() + 120
        while Learning.objects.get().began_at == began:
            assert process.poll() is None, "it ended before it began"
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    while training.is_running():
        time.sleep(0.05)
    assert LearnedModel.objects.get(state="live").version == 2
    text = client.get("/is-it-true/").text
    assert "did not end: its process was stopped. m2 stays" in text
    assert learn() == ""
    with clock.at(timezone.now() + timedelta(hours=1, minutes=1)):
        assert learn() in ("promoted", "refused")
    assert "did not end" not in client.get("/is-it-true/").text
