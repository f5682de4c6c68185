"""Histories of leads with outcomes, brought in as files and learned from by the commands."""

import csv
import io
import json
import random
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from handoff import deals, lifecycle
from leads import clock
from tests.factories import make_lead, make_reason, make_user

MAPPING = {
    "system": "crm",
    "columns": {"key": "external_id"},
    "defaults": {"source": "fair"},
    "unmapped": "custom",
    "outcome": {"column": "ended", "won": ["yes"], "lost": ["no"]},
}


def history(tmp_path, rows, *, mapping=None, name="history"):
    """Bring in a file whose columns nobody has heard of before."""
    file, said = tmp_path / f"{name}.csv", tmp_path / f"{name}.json"
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    said.write_text(json.dumps({**MAPPING, **(mapping or {})}))
    call_command("import_leads", file, mapping=said, stdout=io.StringIO(), stderr=io.StringIO())


def leads_of(count, *, first=0, ended=True, seed=1, turned=False):
    """People of whom students are won three times in four, others hardly ever."""
    dice, rows = random.Random(seed), []
    for number in range(first, first + count):
        job = dice.choice(["student", "clerk", "manager", "retired"])
        won = dice.random() < (0.75 if (job == "student") != turned else 0.1)
        rows.append(
            {"key": number, "job": job, "age": dice.randint(18, 80), "ended": ("yes" if won else "no") if ended else ""}
        )
    return rows


def learned(**options):
    said = io.StringIO()
    call_command("learn", json=True, stdout=said, **options)
    return json.loads(said.getvalue())


def a_year(tmp_path, *, months=6, a_month=10):
    """A history from a file, learned from; then months of leads that people win or call lost, each at its own time.

    Students are won, others hardly ever. Ends this month.
    """
    now = timezone.now()
    begins = now - timedelta(days=30 * months + 20)
    rows = [
        {
            **row,
            "came": f"{begins - timedelta(days=90 - row['key'] % 60):%Y-%m-%d}",
            "over": f"{begins - timedelta(days=75 - row['key'] % 60):%Y-%m-%d}",
        }
        for row in leads_of(300)
    ]
    columns = {"key": "external_id", "came": "first_seen_at"}
    history(tmp_path, rows, mapping={"columns": columns, "outcome": {**MAPPING["outcome"], "at": "over"}})
    with clock.at(begins):
        assert learned()["result"] == "promoted"
    rep, mia, dice = make_user("sam", team="sales"), make_user("mia"), random.Random(7)
    for back in reversed(range(1, months + 1)):
        came = now - timedelta(days=30 * back)
        for number in range(a_month):
            job = dice.choice(["student", "clerk", "manager"])
            won = dice.random() < (0.7 if job == "student" else 0.15)
            with clock.at(came + timedelta(hours=number)):
                lead = make_lead("bofu" if won else "tofu", rep=rep, custom={"job": job, "age": 30 + number})
            with clock.at(came + timedelta(days=5 + number)):
                if won:
                    deals.win(lead.deals.get(), actor=rep)
                else:
                    lifecycle.disqualify(lead, actor=mia, reason=make_reason("disqualify"))
