"""Histories of leads with outcomes, brought in as files and learned from by the commands."""

import csv
import io
import json
import random

from django.core.management import call_command

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
