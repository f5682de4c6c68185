"""What came in and could not be processed waits in a list with its reason; people mend it, or put it away."""

import json

import pytest
from django.db import DataError
from django.urls import reverse

from leads import capture
from leads.models import Lead, Submission
from tests.factories import make_user

LIST = reverse("leads:submissions")


@pytest.fixture
def mia(client):
    mia = make_user("mia", team="marketing")
    client.force_login(mia)
    return mia


def kept(key="k", **payload):
    return capture.keep({"name": "Lena Fischer", "email": "no address", **payload}, way="webhook", key=key)


def page_of(submission):
    return reverse("leads:submission", args=[submission.pk])


def test_it_waits_with_its_reason_and_everybody_who_may_sees_how_many(client, mia):
    kept()
    listed = client.get(LIST).text
    assert "Lena Fischer" in listed
    assert "email: no address is not an e-mail address." in listed
    assert "To mend" in client.get(reverse("handoff:my_day")).text
    client.force_login(make_user("sam", team="sales"))
    assert "To mend" not in client.get(reverse("handoff:my_day")).text
    assert client.get(LIST).status_code == 403


def test_mended_and_run_again_it_is_a_lead_and_what_came_stays_raw(client, mia):
    submission = kept(company={"name": "Fehr", "size": 310}, custom={"plant": "Graz"}, shoe_size=44)
    page = client.get(page_of(submission)).text
    assert "no address is not an e-mail address." in page or "This is not a field of a lead." in page
    said = {"name": "Lena Fischer", "email": "lena@fehr.example", "company": "Fehr AG"}
    again = client.post(
        page_of(submission), {**said, "rest": json.dumps({"custom": {"plant": "Graz"}, "shoe_size": 44})}
    )
    assert again.status_code == 422
    assert "shoe_size: This is not a field of a lead." in again.text
    rest = {"company": {"size": 310}, "custom": {"plant": "Graz"}}
    done = client.post(page_of(submission), {**said, "rest": json.dumps(rest)}, follow=True)
    assert "Mended: it is Lena Fischer now." in done.text
    lead = Lead.objects.get(email="lena@fehr.example")
    assert (lead.company.name, lead.company.size, lead.custom) == ("Fehr AG", 310, {"plant": "Graz"})
    submission.refresh_from_db()
    assert (submission.lead, submission.settled_by, submission.raw["shoe_size"]) == (lead, mia, 44)
    assert "Nothing to mend" in client.get(LIST).text
    assert client.get(page_of(submission)).url == lead.get_absolute_url()


def test_what_is_wrong_stands_at_its_field(client, mia):
    submission = kept(email="a@fehr.example", phone="x", country="Austria")
    page = client.get(page_of(submission))
    assert page.status_code == 200
    assert set(page.context["form"].errors) == {"phone", "country"}
    assert client.post(page_of(submission), {"name": "Lena", "rest": "{"}).status_code == 422
    assert client.post(page_of(submission), {"name": "Lena", "rest": "[]"}).status_code == 422
    assert not Lead.objects.exists()


def test_put_away_with_a_reason_it_leaves_the_list_and_is_still_here(client, mia):
    submission = kept()
    address = reverse("leads:submission_put_away", args=[submission.pk])
    assert client.post(address, {"why": ""}).status_code == 422
    client.post(address, {"why": "Spam"})
    assert "Lena Fischer" not in client.get(LIST).text
    away = client.get(LIST, {"put_away": ""}).text
    assert "Spam" in away
    assert "Mia" in away
    assert capture.process_waiting() == 0
    client.post(page_of(submission), {"name": "Lena", "email": "lena@fehr.example"})  # it was none after all
    submission.refresh_from_db()
    assert (submission.put_away, submission.lead.email) == ("", "lena@fehr.example")


def test_two_who_mend_the_same_make_one_lead(client, mia):
    submission = kept()
    said = {"name": "Lena", "email": "lena@fehr.example"}
    client.post(page_of(submission), said)
    client.post(page_of(submission), {**said, "email": "other@fehr.example"})
    client.post(reverse("leads:submission_put_away", args=[submission.pk]), {"why": "Spam"})
    assert Lead.objects.get().email == "lena@fehr.example"
    submission.refresh_from_db()
    assert submission.put_away == ""


def test_after_a_fault_that_is_over_all_are_run_again(client, mia, monkeypatch):
    submission = capture.accept({"name": "Lena", "email": "lena@fehr.example"}, way="api")
    with monkeypatch.context() as broken:
        broken.setattr(capture, "_leads", lambda *_said: (_ for _ in ()).throw(DataError("the disk is odd")))
        for _attempt in range(6):
            capture.process_waiting()
    submission.refresh_from_db()
    assert submission.state == "failed"
    assert "the disk is odd" in client.get(LIST).text
    unreadable = kept()
    assert "2 are tried again now." in client.post(reverse("leads:submissions_again"), follow=True).text
    capture.process_waiting()
    submission.refresh_from_db()
    unreadable.refresh_from_db()
    assert submission.lead.email == "lena@fehr.example"
    assert (unreadable.lead, unreadable.error) == (None, "email: no address is not an e-mail address.")


def test_the_list_is_paged_by_key_and_costs_the_same_for_many(client, mia, django_assert_max_num_queries):
    for number in range(60):
        kept(key=f"k{number}", name=f"Nobody {number}")
    with django_assert_max_num_queries(5):
        page = client.get(LIST)
    assert page.text.count("Nobody") == 50
    rest = client.get(LIST, {"after": page.context["next"]})
    assert rest.text.count("Nobody") == 10
    assert client.get(LIST, {"after": "x"}).status_code == 200
    assert Submission.objects.to_mend().count() == 60


def test_sales_can_neither_read_nor_mend_nor_put_away(client):
    submission = kept()
    client.force_login(make_user("sam", team="sales"))
    assert client.get(page_of(submission)).status_code == 403
    acts = [
        page_of(submission),
        reverse("leads:submission_put_away", args=[submission.pk]),
        reverse("leads:submissions_again"),
    ]
    assert {client.post(address, {"why": "x"}).status_code for address in acts} == {403}
