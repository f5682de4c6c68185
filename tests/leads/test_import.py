"""`manage.py import_leads`: files of other systems become leads, deals and their history, and never twice."""

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from handoff import invariants
from handoff.models import Deal, Notice
from leads import exchange
from leads.exchange.fields import suggest
from leads.models import Activity, Import, ImportProblem, Lead, Outcome, Signal, StageChange, Submission, Visit
from tests.factories import make_lead, make_user

SMALL = Path(__file__).resolve().parent.parent / "data" / "small"


EMAILS = {"columns": {"email": "email", "name": "name"}}


def everything():
    """How much there is of everything that an import could write."""
    models = (Lead, Activity, StageChange, Visit, Signal, Submission, Deal, Outcome)
    return {model.__name__: model.objects.count() for model in models}


# The main path: leads of one file, wins of another


def test_two_files_of_another_system_become_leads_customers_and_their_dated_history(run):
    assert run(SMALL / "leads.csv", SMALL / "leads.json").last == (
        "12 rows: 12 new, 0 updated, 0 unchanged, 0 refused, 0 warnings"
    )
    ran = run(SMALL / "deals.csv", SMALL / "deals.json")
    assert ran.last == "4 rows: 0 new, 4 updated, 0 unchanged, 0 refused, 1 warnings"
    assert "row 5, won_date: expected a moment after the first contact of 2018-03-08 00:00" in ran.complained
    lead = Lead.objects.get(identities__system="shop", identities__value="e5b6")
    assert (lead.stage, lead.source.slug, lead.custom) == ("customer", "organic_search", {"landing_page_id": "p-b4"})
    assert lead.first_seen_at == datetime(2018, 2, 21, tzinfo=UTC)
    won = datetime(2018, 2, 26, 19, 58, 54, tzinfo=UTC)
    assert lead.customer_since == won
    assert list(lead.visits.order_by("seq").values_list("stage", "entered_at", "left_at", "imported")) == [
        ("tofu", lead.first_seen_at, won, True),
        ("customer", won, None, True),
    ]
    deal = lead.deals.get()
    assert (deal.status, deal.amount, deal.closed_at, deal.imported) == ("won", Decimal("1200.00"), won, True)
    assert deal.custom == {"seller_id": "s-1", "sdr_id": "r-4", "segment": "pet"}
    assert list(lead.activities.order_by("at").values_list("kind", "at", "imported")) == [
        ("lead:imported", lead.first_seen_at, True),
        ("deal:win", won, True),
    ]


def test_sources_are_counted_as_the_file_says_and_empty_ones_take_the_default(run):
    run(SMALL / "leads.csv", SMALL / "leads.json")
    run(SMALL / "deals.csv", SMALL / "deals.json")
    assert Lead.objects.filter(source__slug="organic_search").count() == 4
    assert Lead.objects.filter(source__slug="organic_search", stage="customer").count() == 3
    assert Lead.objects.filter(source__slug="unknown").count() == 2


def test_history_starts_no_clock_and_tells_nobody(run):
    make_user("mia"), make_user("sam", team="sales"), make_user("ruth", team="management")
    run(SMALL / "leads.csv", SMALL / "leads.json")
    run(SMALL / "deals.csv", SMALL / "deals.json")
    assert not Notice.objects.exists()


def test_when_the_command_ends_nothing_waits_for_a_worker_and_the_pipeline_is_whole(run):
    for name in ("leads", "deals", "calls", "contacts"):
        run(SMALL / f"{name}.csv", SMALL / f"{name}.json")
    assert not Signal.objects.filter(handled_at=None).exists()
    assert not Submission.objects.filter(processed_at=None).exists()
    assert [violation for violation in invariants.violations() if violation.broken] == []
    assert set(Import.objects.values_list("state", flat=True)) == {"done"}


def test_the_same_file_again_changes_nothing(run):
    for name in ("leads", "deals", "calls", "contacts"):
        run(SMALL / f"{name}.csv", SMALL / f"{name}.json")
    before, leads = everything(), list(Lead.objects.order_by("pk").values())
    for name, rows, warnings in (("leads", 12, 0), ("deals", 4, 1), ("calls", 4, 0), ("contacts", 3, 0)):
        last = run(SMALL / f"{name}.csv", SMALL / f"{name}.json").last
        assert last == f"{rows} rows: 0 new, 0 updated, {rows} unchanged, 0 refused, {warnings} warnings"
    assert everything() == before
    assert list(Lead.objects.order_by("pk").values()) == leads


def test_a_dry_run_counts_the_same_and_writes_nothing(run):
    before = everything()
    for name in ("leads", "calls", "contacts"):
        dry = run(SMALL / f"{name}.csv", SMALL / f"{name}.json", dry_run=True)
        assert everything() == before
        assert dry.last == run(SMALL / f"{name}.csv", SMALL / f"{name}.json").last
        before = everything()
    dry = run(SMALL / "deals.csv", SMALL / "deals.json", dry_run=True)
    assert everything() == before
    assert dry.last == run(SMALL / "deals.csv", SMALL / "deals.json").last
    assert Import.objects.count() == 4


def test_a_file_that_changed_brings_only_what_is_new_in_it(run, file):
    run(SMALL / "leads.csv", SMALL / "leads.json")
    text = (SMALL / "leads.csv").read_text().replace("18e3,2017-06-14,unknown,", "18e3,2017-06-14,unknown,p-09")
    ran = run(file(text + "6d98,2018-06-01,social,p-88\n"), SMALL / "leads.json")
    assert ran.last == "13 rows: 1 new, 1 updated, 11 unchanged, 0 refused, 0 warnings"
    assert Lead.objects.get(identities__value="18e3").custom == {"landing_page_id": "p-09"}


def test_outcomes_of_people_who_are_not_here_are_refused_by_name(run):
    ran = run(SMALL / "deals.csv", SMALL / "deals.json")
    assert ran.last == "4 rows: 0 new, 0 updated, 0 unchanged, 4 refused, 0 warnings"
    assert "row 2, lead_id: expected an external id of shop that is known" in ran.complained
    assert not Lead.objects.exists()


# Files without a key, and with people


def test_a_file_without_a_key_makes_one_lead_a_row_and_keeps_every_column(run):
    ran = run(SMALL / "calls.csv", SMALL / "calls.json")
    assert ran.last == "4 rows: 4 new, 0 updated, 0 unchanged, 0 refused, 0 warnings"
    won = Lead.objects.get(stage="customer")
    assert won.custom == {"age": "41", "job": "blue-collar", "campaign": "1"}
    assert won.customer_since == datetime(2010, 5, 4, tzinfo=UTC)
    lost = Lead.objects.filter(deals__status="lost")
    assert list(lost.values_list("stage", flat=True)) == ["tofu", "tofu"]
    assert Deal.objects.count() == 3  # 'maybe' is neither


def test_people_come_in_with_company_phone_and_value(run):
    assert run(SMALL / "contacts.csv", SMALL / "contacts.json").last.startswith("3 rows: 3 new")
    lena = Lead.objects.get(email="lena.fehr@alpenlicht.example")
    assert (lena.phone, lena.job_title, lena.country, lena.value) == (
        "+436641234567",
        "Head of purchasing",
        "AT",
        Decimal("4500.00"),
    )
    assert (lena.company.name, lena.company.size, lena.company.domain) == ("Alpenlicht GmbH", 120, "alpenlicht.example")
    assert Lead.objects.get(email="mira@solar.example").value == Decimal("12000.50")
    assert Lead.objects.get(email="chidi@lagosworks.example").name == "Okafor, Chidi"


def test_a_person_who_is_here_already_is_updated_and_keeps_the_first_touch(run, file):
    lead = make_lead(email="lena.fehr@alpenlicht.example", name="L. Fehr", source="webinar")
    run(SMALL / "contacts.csv", SMALL / "contacts.json")
    lead.refresh_from_db()
    assert (lead.name, lead.source.slug) == ("Lena Fehr", "webinar")
    assert lead.first_seen_at == datetime(2026, 3, 2, tzinfo=UTC)
    assert lead.activities.filter(kind="lead:imported", imported=True).exists()


def test_a_person_named_twice_in_a_file_is_one_lead_and_said(run, file):
    path = file("email,name\nlena@fehr.example,\nLENA@fehr.example,Lena Fehr\n")
    for dry in (True, False):
        ran = run(path, EMAILS, dry_run=dry)
        assert ran.last == "2 rows: 1 new, 1 updated, 0 unchanged, 0 refused, 1 warnings"
        assert "row 3, email: expected each person once in a file" in ran.complained
    assert Lead.objects.get().name == "Lena Fehr"


def test_a_person_named_twice_far_apart_is_one_lead_and_a_dry_run_knows_it(run, file):
    rows = "".join(f"p{n}@firm.example,Person {n}\n" for n in range(1, 700))
    path = file(f"email,name\nlena@fehr.example,\n{rows}lena@fehr.example,Lena Fehr\nlena@fehr.example,Lena Fehr\n")
    for dry in (True, False):
        last = run(path, EMAILS, dry_run=dry).last
        assert last == "702 rows: 700 new, 1 updated, 1 unchanged, 0 refused, 2 warnings", dry
    assert Lead.objects.get(email="lena@fehr.example").name == "Lena Fehr"


def test_an_email_that_names_somebody_else_stays_theirs(run, file):
    mapping = {"system": "crm", "columns": {"id": "external_id", "email": "email", "name": "name"}}
    run(file("id,email,name\n1,lena@fehr.example,Lena\n2,omar@fehr.example,Omar\n"), mapping)
    ran = run(file("id,email,name\n2,lena@fehr.example,Omar\n"), mapping)
    assert ran.last == "1 rows: 0 new, 0 updated, 1 unchanged, 0 refused, 1 warnings"
    assert "row 2, email: expected an e-mail of this lead" in ran.complained
    assert sorted(Lead.objects.values_list("name", "email")) == [
        ("Lena", "lena@fehr.example"),
        ("Omar", "omar@fehr.example"),
    ]


def test_an_import_never_goes_over_what_its_person_may_not_edit(run, file):
    deal = make_lead("bofu", email="lena@fehr.example", name="Lena Fehr", job_title="")
    path = file("email,name,title\nlena@fehr.example,Helena,CFO\n")
    mapping = {"columns": {"email": "email", "name": "name", "title": "job_title"}}
    upload = exchange.receive(path.name, [path.read_bytes()], actor=make_user("mia"))
    upload.mapping, upload.state = mapping, Import.State.WAITING
    upload.save()
    exchange.run_waiting()
    deal.refresh_from_db()
    assert (deal.name, deal.job_title) == ("Lena Fehr", "CFO")
    assert "in BOFU" in ImportProblem.objects.get(refused=False).expected or "yours to edit" in (
        ImportProblem.objects.get().expected
    )


def test_what_a_person_changed_since_is_told_by_the_timeline_when_a_file_goes_over_it(run, file):
    path = file("email,name\nlena@fehr.example,Lena Fehr\n")
    run(path, EMAILS)
    lead = Lead.objects.get()
    Lead.objects.filter(pk=lead.pk).update(name="Lena Fehr-Maier")
    assert run(path, EMAILS).last == "1 rows: 0 new, 1 updated, 0 unchanged, 0 refused, 0 warnings"
    assert lead.activities.order_by("-id")[0].data == {"changed": ["name"]}


def test_a_win_of_somebody_in_the_middle_ends_the_hand_off_as_purchased(run, file):
    lead = make_lead("mofu", external_id="77", system="crm")
    mapping = {"system": "crm", "columns": {"id": "external_id"}, "outcome": {"value": "won", "at": "on"}}
    run(file(f"id,on\n77,{timezone.now().date()}\n"), mapping)
    lead.refresh_from_db()
    assert lead.stage == "customer"
    assert lead.handoffs.get().end == "purchased"
    assert [violation for violation in invariants.violations() if violation.broken] == []


# Refusals


def test_refused_rows_are_written_to_a_file_that_no_spreadsheet_runs(run, file, tmp_path):
    path = file("email,name\nlena@fehr.example,Lena\n=cmd|' /C calc'!A0,Omar\n,Nobody\n")
    errors = tmp_path / "refused.csv"
    ran = run(path, EMAILS, errors=errors)
    assert ran.last == "3 rows: 1 new, 0 updated, 0 unchanged, 2 refused, 0 warnings"
    with errors.open(newline="") as written:
        rows = list(csv.reader(written))
    assert rows[0] == ["row", "column", "expected", "found"]
    assert rows[1][:3] == ["3", "email", "an e-mail address"]
    assert rows[1][3].startswith("'=cmd")
    assert rows[2] == ["4", "email", "an e-mail, a phone or an external id", ""]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"columns": {"email": "stage"}}, "A stage is never imported"),
        (
            {"columns": {"email": "e_mail"}},
            "e_mail is not a field. Fields are: external_id, name, first_name, last_name, email",
        ),
        ({"columns": {"email": ["email"]}}, "is not a field"),
        ({"columns": {}}, '"columns" maps at least one column'),
        ({"columns": {"name": "name"}}, "A lead needs an e-mail, a phone or its number in another system"),
        ({"columns": {"email": "email", "name": "email"}}, "Two columns are mapped to email"),
        ({"columns": {"@row": "name"}}, "@row can only be the external_id"),
        ({"columns": {"email": "email"}, "colour": 1}, "colour is not part of a mapping"),
        ({"columns": {"email": "email"}, "separator": ";;"}, '"separator" is one character'),
        ({"columns": {"email": "email"}, "unmapped": "keep"}, '"unmapped" is "custom" or "ignore"'),
        ({"columns": {"email": "email"}, "defaults": {"email": "a@b.example"}}, "so it has no default"),
        ({"columns": {"email": "email"}, "defaults": {"source": None}}, "is a text or a number"),
        ({"columns": {"email": "email"}, "outcome": {"won": ["yes"]}}, 'either a "column", or a "value"'),
        ({"columns": {"email": "email"}, "outcome": {"column": "name"}}, "which are"),
        ({"columns": {"email": "email"}, "outcome": {"value": "maybe"}}, '"won" or "lost"'),
        ({"columns": {"mail": "email"}}, "The file has no column mail. It has: email, name."),
        ([], 'A mapping is an object with "columns".'),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused_with_a_sentence_before_anything_is_read(file, mapping, said):
    path, written = file("email,name\nlena@fehr.example,Lena\n"), file(json.dumps(mapping), "map.json")
    with pytest.raises(CommandError) as error:
        call_command("import_leads", str(path), mapping=written)
    assert said in str(error.value)
    assert not Import.objects.exists()
    assert not Lead.objects.exists()


def test_a_mapping_that_is_no_json_and_a_file_that_is_missing_are_told(file):
    path = file("email\nlena@fehr.example\n")
    with pytest.raises(CommandError, match=r"is not JSON"):
        call_command("import_leads", str(path), mapping=file("columns: email", "map.json"))
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_leads", str(path) + "x", mapping=file(json.dumps(EMAILS), "map.json"))


def test_a_first_and_a_last_name_are_suggested_and_joined(run, tmp_path):
    header = ["First name", "Last Name", "Mail", "Firm"]
    chosen = suggest(header)
    assert chosen == {"First name": "first_name", "Last Name": "last_name", "Mail": "email", "Firm": "company.name"}
    path = tmp_path / "people.csv"
    path.write_text("First name,Last Name,Mail,Firm\nAnna,Berger,a@berger.example,Berger\nCher,,c@cher.example,\n")
    assert run(path, {"columns": chosen}).last.startswith("2 rows: 2 new")
    assert set(Lead.objects.values_list("name", flat=True)) == {"Anna Berger", "Cher"}
    assert run(path, {"columns": chosen}).last.startswith("2 rows: 0 new, 0 updated, 2 unchanged")
