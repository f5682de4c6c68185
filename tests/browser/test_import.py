"""A file on its way in, as a marketer sees it."""

import pytest
from django.urls import reverse

from handoff import tasks
from leads import exchange
from leads.models import Import, Lead
from tests.browser.everybody import held
from tests.factories import make_user


@pytest.fixture
def mia(transactional_db):
    return make_user("mia")


@pytest.fixture
def contacts(tmp_path):
    path = tmp_path / "contacts.csv"
    path.write_text(
        "Name,Work e-mail,Company,Status,Close date\n"
        "Lena Fehr,lena@fehr.example,Fehr GmbH,Closed won,2026-03-02\n"
        "Omar Haddad,omar@,Haddad SA,,\n"
        "Noor Vis,noor@vis.example,Vis BV,,\n"
    )
    return path


def test_from_upload_to_the_leads_it_brought(page_of, mia, contacts):
    page = page_of(mia)
    page.goto("/import/")
    page.get_by_label("Drop a file here, or choose one").set_input_files(contacts)
    page.get_by_role("button", name="Look into it").click()
    assert page.get_by_label("Work e-mail").input_value() == "email"
    assert page.get_by_label("Column that says how it ended").input_value() == "Status"
    page.get_by_label("Source, where the file has none").fill("fair")
    page.get_by_role("button", name="See what would happen").click()
    page.get_by_text("All 3 rows were tried out; nothing is written yet.").wait_for()
    assert page.get_by_role("row", name="omar@").inner_text().split("\t")[0].strip() == "3"
    assert not Lead.objects.exists()
    page.get_by_role("button", name="Import 2 rows").dblclick()
    page.get_by_text("3 rows are done.").wait_for()
    with page.expect_download() as refused:
        page.get_by_role("link", name="Refused rows, to mend").click()
    assert "omar@,Haddad SA" in refused.value.path().read_text("utf-8-sig")
    page.get_by_role("link", name="Leads it brought or changed").click()
    page.get_by_role("link", name="Lena Fehr").wait_for()
    assert page.get_by_role("row").count() == 3
    assert Lead.objects.get(name="Lena Fehr").stage == "customer"


def test_a_long_file_shows_how_far_it_is_and_its_page_ends_by_itself(page_of, mia, worker, tmp_path):
    worker.rest()
    path = tmp_path / "people.csv"
    rows = "".join(f"person.with.a.long.address.{n}@firm.example,Person {n}\n" for n in range(2_000))
    path.write_text("email,name\n" + rows)
    page = page_of(mia)
    page.goto("/import/")
    page.get_by_label("Drop a file here, or choose one").set_input_files(path)
    page.get_by_role("button", name="Look into it").click()
    page.get_by_role("button", name="See what would happen").click()
    page.get_by_role("button", name="Import 2,000 rows").or_(
        page.get_by_role("button", name="Import 2000 rows")
    ).click()
    page.get_by_role("progressbar").wait_for()
    page.get_by_text("Waiting for the worker").wait_for()
    address = page.url
    page.close()  # the tab may be closed

    worker.listen()
    tasks.catch_up.delay()
    page = page_of(mia)
    page.goto(address)
    page.get_by_text("rows are done.").wait_for(timeout=60_000)
    assert Lead.objects.count() == 2_000
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2_500)
    assert not [url for url in asked if "/import/" in url]


def test_a_file_is_dropped_and_a_wrong_one_is_told(page_of, mia):
    page = page_of(mia)
    page.goto("/import/")
    data = page.evaluate_handle(
        "() => { const data = new DataTransfer(); data.items.add(new File(['%PDF-1.7 x'], 'offer.csv')); return data }"
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": data})
    page.get_by_role("button", name="Look into it").click()
    assert "This is a file of the kind PDF" in page.get_by_role("alert").first.inner_text()


def test_axe_finds_nothing_and_nothing_scrolls_sideways(page_of, mia, contacts):
    page = page_of(mia)
    page.goto("/import/")
    held(page)
    upload = exchange.receive(
        "A very long name of a file from an old system (final) (2).csv", [contacts.read_bytes()], actor=mia
    )
    here = reverse("handoff:import_show", args=[upload.pk])
    page.goto(here)
    held(page)
    page.get_by_role("button", name="See what would happen").click()
    page.get_by_text("nothing is written yet").wait_for()
    held(page)
    Import.objects.filter(pk=upload.pk).update(state="running", rows=3, rows_done=1)
    page.goto(here)
    page.get_by_role("progressbar").wait_for()
    held(page)
    exchange.run_waiting()
    page.get_by_text("rows are done.").wait_for()
    held(page)
    page.goto("/import/")
    held(page)
