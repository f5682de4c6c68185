"""A scripted year: what the page says of chances agrees with an independent recount, in plain Python, from the rows."""

import csv
import html
import io
import math
import re

import pytest
from django.urls import reverse

from leads import clock
from leads.models import LearnedModel, Outcome, Snapshot
from tests.dashboards.test_truth import file_of, read
from tests.factories import make_user
from tests.histories import a_year, learned

WON = {"won"}
ENDED = {"won", "lost", "disqualified"}


def recounted():
    """Each lead that ended and of which a chance was said before: month, won, and what was said by each rival."""
    ends = {}
    for outcome in Outcome.objects.filter(kind__in=ENDED).order_by("at", "pk"):
        ends[outcome.lead_id] = outcome
    level = LearnedModel.objects.get(version=1).parameters["b"]
    rows, seen, wins = [], 0, 0
    for outcome in sorted(ends.values(), key=lambda one: one.at):
        before = [
            one
            for one in Snapshot.objects.filter(lead=outcome.lead_id, at__lt=outcome.at).order_by("at")
            if one.probability is not None and one.moment in ("created", "offered")
        ]
        if before:
            then = ([one for one in before if one.moment == "offered"] or before)[-1]
            rows.append(
                {
                    "lead": outcome.lead_id,
                    "month": outcome.at.strftime("%Y-%m"),
                    "won": outcome.kind in WON,
                    "Chance": then.probability,
                    "Points": 1 / (1 + math.exp(-(level + 0.35 * then.points / 10))),
                    "Constant": wins / seen,
                }
            )
        seen, wins = seen + 1, wins + (outcome.kind in WON)
    return rows


def held(rows):
    """A constant says of all what it knew before the first."""
    return [{**row, "Constant": rows[0]["Constant"]} for row in rows]


def area(rows, name):
    won, lost = ([row[name] for row in rows if row["won"] == side] for side in (True, False))
    if not won or not lost:
        return None
    return sum((w > x) + (w == x) / 2 for w in won for x in lost) / (len(won) * len(lost))


def loss(rows, name):
    return -sum(math.log(row[name] if row["won"] else 1 - row[name]) for row in rows) / len(rows)


def the_three_to(month, months):
    return months[max(0, months.index(month) - 2) : months.index(month) + 1]


@pytest.fixture
def ruth(client, tmp_path):
    ruth = make_user("ruth", team="management")
    client.force_login(ruth)
    a_year(tmp_path)
    return ruth


def test_the_page_agrees_with_a_recount_month_by_month_and_tenth_by_tenth(client, ruth):
    rows = recounted()
    assert len(rows) == 60
    text = read(client).text
    assert "chances as they were said before 60 leads ended" in text
    months = sorted({row["month"] for row in rows})
    told = file_of(client, "months")
    assert [row["Month"] for row in told if row["By"] == "Chance"] == months
    for said in told:
        name, mine = said["By"], held([row for row in rows if row["month"] == said["Month"]])
        assert (int(said["Outcomes"]), int(said["Won"])) == (len(mine), sum(row["won"] for row in mine))
        assert float(said["Wins foretold"]) == pytest.approx(sum(row[name] for row in mine))
        window = held([row for row in rows if row["month"] in the_three_to(said["Month"], months)])
        assert int(said["Outcomes of three months"]) == len(window)
        assert float(said["Log loss"]) == pytest.approx(loss(window, name))
        expected = area(window, name)
        assert (said["AUC"] == "") if expected is None else float(said["AUC"]) == pytest.approx(expected)
    for name in ("Chance", "Points", "Constant"):
        order = sorted(held(rows), key=lambda row: row[name])
        for said in (row for row in file_of(client, "tenths") if row["By"] == name):
            place = int(said["Tenth"]) - 1
            group = order[6 * place : 6 * place + 6]
            assert int(said["Outcomes"]) == 6
            assert float(said["Foretold, %"]) == pytest.approx(100 * sum(one[name] for one in group) / 6, abs=0.006)
        assert sum(
            float(row["Won, %"]) for row in file_of(client, "tenths") if row["By"] == name
        ) / 10 == pytest.approx(100 * sum(row["won"] for row in rows) / 60, abs=0.01)
    assert area(rows, "Chance") > area(held(rows), "Constant") == 0.5


def test_every_number_of_months_and_tenths_opens_the_leads_that_it_counts(client, ruth):
    rows, opened = recounted(), {}
    for address, count in re.findall(r'href="(/is-it-true/leads/[^"]+)">(\d+)<', read(client).text):
        query = html.unescape(address).partition("?")[2]
        assert f'data-total="{count}"' in client.get(html.unescape(address)).text
        file = client.get(f"/is-it-true/leads.csv?{query}")
        listed = list(csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
        assert len(listed) == int(count)
        opened[query] = {int(row["Number"]) for row in listed}
    months = {row["month"] for row in rows}
    for month in months:
        mine = [row for row in rows if row["month"] == month]
        assert opened[f"month={month}"] == {row["lead"] for row in mine}
        assert opened.get(f"month={month}&won=1", set()) == {row["lead"] for row in mine if row["won"]}
    order = [row["lead"] for row in sorted(rows, key=lambda row: row["Chance"])]
    assert len(opened["tenth=10"]) == 6
    assert {lead for number in range(1, 11) for lead in opened[f"tenth={number}"]} == set(order)
    assert opened["tenth=10"] != opened["tenth=1"]


@pytest.mark.parametrize("query", ["", "tenth=99", "tenth=x", "month=2026-13", "tenth=1&after=x", "month=2026-01"])
def test_a_list_that_nobody_could_mean_counts_nobody_or_begins_at_the_top(client, query):
    client.force_login(make_user("ruth", team="management"))
    assert client.get(f"/is-it-true/leads/?{query}").status_code == 200
    assert "Nothing is counted here" in client.get(f"/is-it-true/leads/?{query}").text


def test_what_was_said_stays_as_it_was_said_when_another_version_counts(client, ruth):
    before = file_of(client, "tenths")
    said = learned()
    assert said["outcomes"] == 360
    client.post(reverse("handoff:learning_live", args=[1]))
    after = file_of(client, "tenths")
    assert [row for row in after if row["By"] == "Chance"] == [row for row in before if row["By"] == "Chance"]


def test_a_worse_model_is_refused_in_the_year_and_the_page_says_why(client, ruth):
    live = learned()["live"]
    again = learned()
    assert (again["result"], again["live"]) == ("refused", live)
    assert again["why"] in read(client).text
    with clock.at(Outcome.objects.latest("at").at):
        assert LearnedModel.objects.get(state="live").version == live
