"""Importing in the browser: upload, map, try out, start, watch, and what became of every row."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from handoff import tasks
from leads import exchange
from leads.models import Import, ImportPiece, ImportProblem, Lead, Submission
from tests.factories import make_user

SMALL = Path(__file__).resolve().parent.parent / "data" / "small"
CONTACTS = (SMALL / "contacts.csv").read_bytes()


@pytest.fixture
def mia(client):
    mia = make_user("mia")
    client.force_login(mia)
    return mia


def send(client, content=CONTACTS, name="contacts.csv", **more):
    content = content.encode() if isinstance(content, str) else content
    return client.post(reverse("handoff:import"), {"file": SimpleUploadedFile(name, content), **more})


def form_of(response):
    """What the mapping form would send as it stands."""
    said = {}
    for name, body in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', response.text, re.S):
        said[name] = (re.findall(r'<option value="([^"]*)" selected', body) or [""])[0]
    for tag in re.findall(r"<input[^>]+>", response.text):
        fields = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if fields.get("type") == "text":
            said[fields["name"]] = fields.get("value", "")
        elif fields.get("type") in ("radio", "checkbox") and " checked" in tag:
            said[fields["name"]] = fields.get("value", "on")
    return said


def mapped(client, content=CONTACTS, name="contacts.csv", **said):
    """Upload a file and keep the suggested mapping, changed as said; returns the import."""
    to = send(client, content, name).url
    response = client.post(to, {**form_of(client.get(to)), **said})
    assert response.status_code == 302, re.findall(r'role="alert".*?</div>', response.text, re.S)
    return Import.objects.get(pk=to.strip("/").split("/")[-1])


def address(upload, name="show"):
    return reverse(f"handoff:import_{name}", args=[upload.pk])


# The main path


def test_marketing_uploads_a_file_and_the_columns_explain_themselves(client, mia):
    response = send(client)
    assert response.status_code == 302
    page = client.get(response.url)
    said = form_of(page)
    assert [said[f"c{n}"] for n in range(9)] == [
        "name", "email", "phone", "job_title", "company.name", "company.size", "country", "value", "first_seen_at",
    ]  # fmt: skip
    assert "Lena Fehr" in page.text
    assert "UTF-8" in page.text
    assert not Lead.objects.exists()


def test_what_would_happen_is_shown_before_anything_is_written(client, mia):
    upload = mapped(client, CONTACTS + b"Nobody,nobody@,,,,,,,\n")
    page = client.get(address(upload)).text
    assert "All 4 rows were tried out; nothing is written yet" in page
    assert "Import 3 rows" in page  # one of the four is refused
    assert "an e-mail address" in page
    assert "nobody@" in page
    assert not Lead.objects.exists()
    assert not Submission.objects.exists()


def test_a_short_file_is_there_as_soon_as_it_is_started(client, mia):
    upload = mapped(client, source="fair")
    page = client.post(address(upload, "start"), follow=True)
    assert "3 rows are done" in page.text
    lena = Lead.objects.get(email="lena.fehr@alpenlicht.example")
    assert (lena.marketer, lena.source.slug) == (mia, "fair")
    assert "every 1s" not in page.text
    assert not ImportPiece.objects.exists()
    listed = client.get(reverse("leads:table"), {"file": upload.pk}).text
    assert "Lena Fehr" in listed
    assert "contacts.csv" in listed


def test_outcomes_in_a_file_are_recognised_and_followed(client, mia):
    rows = "".join(f"p{n}@firm.example,{'Closed won' if n % 3 else 'Closed lost'},2026-05-0{n}\n" for n in range(1, 7))
    to = send(client, f"email,status,close date\n{rows}").url
    said = form_of(client.get(to))
    assert (said["outcome"], said["won"], said["lost"], said["at"]) == (
        "status", "Closed won", "Closed lost", "close date",
    )  # fmt: skip
    client.post(to, said)
    client.post(f"{to}start/")
    assert Lead.objects.filter(stage="customer").count() == 4


def test_a_yes_is_an_outcome_only_where_the_column_says_so(client, mia):
    page = client.get(send(client, "email,housing,y\nlena@fehr.example,yes,no\nomar@fehr.example,no,yes\n").url)
    assert (form_of(page)["outcome"], form_of(page)["won"]) == ("y", "yes")
    page = client.get(send(client, "email,housing\nlena@fehr.example,yes\nomar@fehr.example,no\n").url)
    assert form_of(page)["outcome"] == ""


def test_a_file_without_a_key_makes_a_lead_of_each_row(client, mia):
    to = send(client, "age,job\n31,baker\n44,nurse\n").url
    said = form_of(client.get(to))
    assert said["by_row"] == "on"
    client.post(to, {**said, "c0": "custom", "c1": "custom"})
    client.post(f"{to}start/")
    assert sorted(lead.custom["job"] for lead in Lead.objects.all()) == ["baker", "nurse"]


def test_a_file_with_the_same_columns_is_mapped_as_the_last_one(client, mia):
    first = mapped(client, "who,mail\nLena,lena@fehr.example\n", c0="name", c1="email", source="fair")
    client.post(address(first, "start"))
    page = client.get(send(client, "who,mail\nOmar,omar@fehr.example\n", "second.csv").url)
    assert "Filled in as for contacts.csv" in page.text
    assert (form_of(page)["c0"], form_of(page)["source"]) == ("name", "fair")


def test_a_mapping_that_cannot_be_meant_comes_back_with_its_sentences(client, mia):
    to = send(client).url
    said = form_of(client.get(to))
    response = client.post(to, {**said, "c0": "email"})
    assert response.status_code == 422
    assert "Two columns are mapped to email; choose one." in response.text
    response = client.post(to, {**said, "c0": "stage"})
    assert "A stage is never imported" in response.text
    assert Import.objects.get().state == "mapping"


def test_the_separator_can_be_said_where_it_was_guessed_wrong(client, mia):
    to = send(client, "email,a;email;b\nx,y;lena@fehr.example;z\n").url
    page = client.get(to, {"map": "", "separator": ";"})
    assert form_of(page)["c1"] == "email"


# Watching


def test_a_long_file_is_left_to_the_worker_and_its_page_asks_until_it_is_over(client, mia, monkeypatch):
    rows = "".join(f"person.with.a.long.address.{n}@firm.example,Person {n}\n" for n in range(2_000))
    upload = mapped(client, "email,name\n" + rows)
    page = client.post(address(upload, "start"), follow=True).text
    assert 'hx-trigger="every 1s"' in page
    assert "Waiting for the worker" in page
    assert "background worker" not in page
    assert not Lead.objects.exists()

    Import.objects.filter(pk=upload.pk).update(state="running", rows=2_000, rows_done=500)
    part = client.get(address(upload), headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert 'aria-valuenow="25"' in part
    assert "500 of 2,000 rows" in part

    Import.objects.filter(pk=upload.pk).update(state="waiting", rows=0, rows_done=0)
    tasks.catch_up()
    part = client.get(address(upload), headers={"HX-Request": "true"}).text
    assert "every 1s" not in part
    assert "2,000 rows are done" in part
    assert Lead.objects.count() == 2_000


def test_a_double_click_on_start_imports_once(client, mia):
    upload = mapped(client)
    for _click in range(2):
        assert client.post(address(upload, "start")).status_code == 302
    assert (Lead.objects.count(), Submission.objects.count()) == (3, 3)
    assert not exchange.start(upload, actor=mia)


def test_the_same_file_twice_is_one_upload_and_later_said(client, mia):
    assert send(client).url == send(client).url
    upload = mapped(client)
    client.post(address(upload, "start"))
    again = mapped(client, name="again.csv")
    page = client.get(address(again)).text
    assert "Mia imported this very file already" in page
    client.post(address(again, "start"))
    again.refresh_from_db()
    assert (again.counts["unchanged"], Lead.objects.count()) == (3, 3)


def test_an_import_that_has_begun_keeps_its_mapping(client, mia):
    upload = mapped(client)
    client.post(address(upload, "start"))
    page = client.post(address(upload), {"c0": "email"}, follow=True).text
    assert "This import has begun, so its mapping stands" in page


def test_a_file_that_nobody_wants_is_put_away(client, mia):
    upload = mapped(client)
    assert "was put away" in client.post(address(upload, "discard"), follow=True).text
    assert not ImportPiece.objects.exists()
    done = mapped(client)
    client.post(address(done, "start"))
    assert "it is kept" in client.post(address(done, "discard"), follow=True).text


def test_what_nobody_imported_is_forgotten_after_two_weeks(client, mia):
    upload = mapped(client)
    tasks.forget_abandoned_files()
    assert Import.objects.exists()
    Import.objects.filter(pk=upload.pk).update(created_at=timezone.now() - timedelta(days=15))
    tasks.forget_abandoned_files()
    assert not Import.objects.exists()


def test_an_import_that_stopped_goes_on_where_it_was(client, mia):
    rows = "".join(f"p{n}@firm.example,Person {n}\n" for n in range(700))
    upload = mapped(client, "email,name\n" + rows)
    exchange.start(upload, actor=mia)
    run = exchange.Importing(upload, exchange.uploads.Pieces(upload))
    next(iter(run.chunks()))
    Import.objects.filter(pk=upload.pk).update(state="failed", error="Something broke after row 501.")
    page = client.get(address(upload)).text
    assert "Something broke after row 501." in page
    assert "Go on from there" in page
    client.post(address(upload, "start"))
    upload.refresh_from_db()
    assert (upload.state, upload.counts["new"], upload.rows_done) == ("done", 700, 700)
    assert Lead.objects.count() == Submission.objects.count() == 700


# What was refused


def downloaded(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_problems_and_refused_rows_are_downloaded_and_the_mended_ones_come_in(client, mia):
    upload = mapped(client, 'email,name\nlena@fehr.example,Lena\n=1+1@,"Omar\n"\nnoor@,Noor\n')
    page = client.post(address(upload, "start"), follow=True).text
    assert "Refused rows, to mend" in page
    problems = downloaded(client.get(address(upload, "problems")))
    assert problems[0] == ["row", "column", "expected", "found", "kind"]
    assert problems[1] == ["3", "email", "an e-mail address", "'=1+1@", "refused"]
    refused = downloaded(client.get(address(upload, "refused")))
    assert refused[0] == ["email", "name", "refused because"]
    assert refused[2] == ["noor@", "Noor", "row 4, email: expected an e-mail address, found noor@"]
    mended = "email,name,refused because\nnoor@fehr.example,Noor,it had no end\n"
    again = mapped(client, mended, "mended.csv")
    client.post(address(again, "start"))
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["Lena", "Noor"]


# Hostile and wrong files


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"%PDF-1.7 ...", "leads.csv", "This is a file of the kind PDF. Save it as CSV first."),
        (b"PK\x03\x04....", "leads.csv", "This is a file of the kind Excel or ZIP. Save it as CSV first."),
        (b"email,name\n", "leads.csv", "This file has a header and no row below it."),
        (b"email,name\n\n,\n", "leads.csv", "This file has a header and no row below it."),
        (b"\n", "leads.csv", "This file is empty."),
        (("x," * 1_001).encode(), "leads.csv", "This file has"),
    ],
)
def test_a_file_that_is_no_table_is_refused_and_nothing_is_kept(client, mia, content, name, said):
    response = send(client, content, name)
    assert response.status_code == 422
    assert said in response.text
    assert not Import.objects.exists()
    assert not ImportPiece.objects.exists()


def test_a_file_that_is_too_large_is_refused_while_it_arrives(client, mia, settings):
    settings.IMPORT_MAX_BYTES = 100_000
    response = send(client, b"email\n" + b"x" * 200_000)
    assert response.status_code == 422
    assert "This file is larger than 97.7\xa0KB. Nothing was kept; split it." in response.text
    assert not Import.objects.exists()
    assert send(client, b"email\nlena@fehr.example\n" + b"\n" * 90_000).status_code == 302


def test_no_file_is_asked_for_and_a_name_of_another_folder_is_only_a_name(client, mia):
    response = client.post(reverse("handoff:import"))
    assert response.status_code == 422
    assert "Choose a file first." in response.text
    send(client, CONTACTS, "../../etc/<b>passwd</b>.csv")
    page = client.get(reverse("handoff:import")).text
    assert "<b>passwd" not in page
    assert "../" not in Import.objects.get().name


def test_an_upload_needs_the_token_of_its_page(mia):
    client = Client(enforce_csrf_checks=True)
    client.force_login(mia)
    assert send(client).status_code == 403
    client.get(reverse("handoff:import"))
    token = client.cookies["csrftoken"].value
    assert send(client, csrfmiddlewaretoken=token).status_code == 302


def test_1000_columns_can_be_mapped(client, mia):
    header = ",".join(["email", *(f"c{n}" for n in range(999))])
    upload = mapped(client, f"{header}\nlena@fehr.example{',v' * 999}\n", unmapped="custom")
    client.post(address(upload, "start"))
    assert len(Lead.objects.get().custom) == 999


def test_a_long_file_is_tried_out_only_so_far(client, mia, monkeypatch):
    monkeypatch.setattr(exchange.uploads, "TRIAL_SECONDS", 0)
    rows = "".join(f"p{n}@firm.example,Person {n}\n" for n in range(1_200))
    page = client.get(address(mapped(client, "email,name\n" + rows))).text
    assert "The first 500 rows were tried out, since the file is long" in page
    assert "Import the whole file" in page


# Who may


def test_sales_and_the_outsider_may_not_import_and_management_may(client, mia):
    upload = mapped(client)
    client.force_login(make_user("sam", team="sales"))
    for response in (
        client.get(reverse("handoff:import")),
        send(client),
        client.get(address(upload)),
        client.post(address(upload, "start")),
        client.post(address(upload, "discard")),
        client.get(address(upload, "problems")),
        client.get(address(upload, "refused")),
    ):
        assert response.status_code == 403
        assert "This is for marketing." in response.text
    client.logout()
    assert client.get(address(upload)).status_code == 302
    client.force_login(make_user("ruth", team="management"))
    assert "3 rows are done" in client.post(address(upload, "start"), follow=True).text


# What it costs


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(url).status_code == 200
    return len(found)


def test_pages_ask_as_many_questions_of_300_rows_as_of_3(client, mia):
    counts = []
    for number in (3, 300):
        rows = "".join(f"p{n}@firm{number}.example,Person {n},{n}\n" for n in range(number))
        upload = mapped(client, "email,name,extra\n" + rows + "x@,y,\n" * (number // 3), f"{number}.csv")
        tried, mapping = queries(client, address(upload)), queries(client, address(upload) + "?map")
        client.post(address(upload, "start"))
        assert ImportProblem.objects.filter(upload=upload).count() == number // 3
        counts.append((tried, mapping, queries(client, address(upload)), queries(client, "/import/")))
        Import.objects.bulk_create(Import(name=f"{n}.csv", state="done", actor=mia) for n in range(number))
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 20, counts
