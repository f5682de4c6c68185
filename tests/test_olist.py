"""A real marketing funnel, where its files are: 8,000 leads and 842 wins, by the importer and two mapping files."""

import os
import statistics
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Count, Q

from handoff import invariants
from handoff.models import Deal
from leads.models import Lead, Signal, Submission

HERE = Path(__file__).resolve().parent
FILES = Path(os.environ.get("SMARKETING_DATA") or HERE.parent.parent / "shared" / "data")
OLIST, BANK = FILES / "olist", FILES / "uci_bank" / "bank-additional-full.csv"

WON_OF_LEADS = {
    "organic_search": (271, 2296),
    "paid_search": (195, 1586),
    "social": (75, 1350),
    "unknown": (193, 1159),
    "direct_traffic": (56, 499),
    "email": (15, 493),
    "referral": (24, 284),
    "display": (6, 118),
    "other": (4, 150),
    "other_publicities": (3, 65),
}

pytestmark = pytest.mark.skipif(not OLIST.is_dir(), reason=f"The real files are not here (SMARKETING_DATA): {FILES}")


def bring_in(capsys, name, mapping):
    call_command("import_leads", str(OLIST / name), mapping=HERE / "data" / mapping)
    said = capsys.readouterr()
    return said.out.splitlines()[-1], said.err


def both(capsys):
    leads = bring_in(capsys, "olist_marketing_qualified_leads_dataset.csv", "olist_leads.json")
    return leads, bring_in(capsys, "olist_closed_deals_dataset.csv", "olist_deals.json")


def days_to_win():
    won = Deal.objects.filter(status="won").values_list("closed_at", "leads__first_seen_at")
    return [(closed - seen).total_seconds() / 86_400 for closed, seen in won]


def test_8000_leads_and_842_customers_come_in_as_it_happened_and_the_second_time_changes_nothing(capsys):
    (leads, no_complaint), (deals, complaint) = both(capsys)
    assert leads == "8000 rows: 8000 new, 0 updated, 0 unchanged, 0 refused, 0 warnings"
    assert no_complaint == ""
    assert deals == "842 rows: 0 new, 842 updated, 0 unchanged, 0 refused, 1 warnings"
    assert "expected a moment after the first contact of 2018-03-08" in complaint

    assert (Lead.objects.count(), Lead.objects.filter(stage="customer").count()) == (8000, 842)
    by_source = Lead.objects.values_list("source__slug").annotate(Count("pk"), won=Count("pk", Q(stage="customer")))
    assert {slug: (won, leads) for slug, leads, won in by_source} == WON_OF_LEADS
    assert round(statistics.median(days_to_win()), 1) == 14.7
    assert sum(days < 0 for days in days_to_win()) == 1
    assert not Signal.objects.filter(handled_at=None).exists()
    assert [violation for violation in invariants.violations() if violation.broken] == []

    submissions = Submission.objects.count()
    (leads, _complaint), (deals, _again) = both(capsys)
    assert leads == "8000 rows: 0 new, 0 updated, 8000 unchanged, 0 refused, 0 warnings"
    assert deals == "842 rows: 0 new, 0 updated, 842 unchanged, 0 refused, 1 warnings"
    assert Submission.objects.count() == submissions


def test_41188_phone_contacts_without_a_key_pass_a_dry_run(capsys):
    if not BANK.is_file():
        pytest.skip(f"{BANK} is not here")
    call_command("import_leads", str(BANK), mapping=HERE / "data" / "bank.json", dry_run=True)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "41188 rows: 41188 new, 0 updated, 0 unchanged, 0 refused, 0 warnings"
    assert not Lead.objects.exists()
