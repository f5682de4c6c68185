"""Somebody is added in one line, from any page."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from leads.identity import read_line
from leads.models import Lead, Submission
from tests.factories import make_lead, make_user


@pytest.fixture
def mia(client):
    mia = make_user("mia", team="marketing")
    client.force_login(mia)
    return mia


def say(client, line, **headers):
    return client.post(reverse("leads:quick"), {"line": line, "token": "t"}, headers=headers)


@pytest.mark.parametrize(
    "line",
    [
        "Lena Fehr, lena@fehr.example, +43 1 234 5678, Brauhaus Fehr",
        "Lena Fehr <lena@fehr.example>; Brauhaus Fehr; +43 1 234 5678",
        "lena@fehr.example Lena Fehr, Brauhaus Fehr +43 1 234 5678",
        "  +43 1 234 5678 | Lena Fehr | Brauhaus Fehr | lena@fehr.example ",
    ],
)
def test_a_line_is_read_in_whatever_order_it_is_said(line):
    said = {"name": "Lena Fehr", "email": "lena@fehr.example", "phone": "+43 1 234 5678"}
    assert read_line(line) == {**said, "company": {"name": "Brauhaus Fehr"}}


def test_a_company_alone_is_known_by_its_ending():
    assert read_line("Fehr GmbH, office@fehr.example") == {
        "email": "office@fehr.example",
        "company": {"name": "Fehr GmbH"},
    }


words = st.text(st.characters(codec="utf-8", categories=("L", "Zs")), min_size=1, max_size=20)


@given(words.filter(str.strip), words.filter(str.strip))
def test_no_name_is_lost_or_cut(name, company):
    said = read_line(f"{name}, lena@fehr.example, {company}")
    assert said["name"] == name.strip()
    assert said["company"] == {"name": company.strip()}


def test_a_name_and_an_email_are_a_lead_and_the_page_stays(client, mia):
    answer = say(client, "Lena Fehr lena@fehr.example", HX_Request="true")
    lead = Lead.objects.get()
    assert (lead.name, lead.email, lead.marketer) == ("Lena Fehr", "lena@fehr.example", mia)
    assert Submission.objects.get().way == "hand"
    assert answer.status_code == 204
    assert lead.get_absolute_url() in answer.headers["HX-Trigger"]


def test_without_a_script_the_box_is_a_page_of_its_own(client, mia):
    assert "Who is it?" in client.get(reverse("leads:quick")).text
    assert say(client, "lena@fehr.example").url == Lead.objects.get().get_absolute_url()


def test_the_same_box_sent_twice_is_one_lead(client, mia):
    say(client, "Lena Fehr lena@fehr.example")
    say(client, "Lena Fehr lena@fehr.example")
    assert Lead.objects.count() == Submission.objects.count() == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Lena Fehr", "A lead needs an e-mail, a phone or its number in another system."),
        ("lena@fehr.example, max@fehr.example", "This line holds two e-mails."),
        ("Lena, Fehr, Wien, lena@fehr.example", "not Wien"),
        ("Lena 01 234 56 78", "Begin with + and the country code."),
        ("", "This field is required."),
    ],
)
def test_what_cannot_be_read_is_said_under_the_box_and_kept_in_it(client, mia, line, why):
    answer = say(client, line, HX_Request="true")
    assert answer.status_code == 422
    assert why in answer.text
    assert f'value="{line}"' in answer.text or not line
    assert not Lead.objects.exists()


def test_while_one_types_it_says_what_is_understood_and_who_may_be_meant(client, mia):
    lena = make_lead(name="Lena Fehr", email="lena@fehr.example", phone="+4312345678", company={"name": "Brauhaus"})
    by_email = client.get(reverse("leads:alike"), {"line": "L. F. lena@fehr.example"}).text
    assert "is here already" in by_email
    assert lena.get_absolute_url() in by_email
    assert "has this phone" in client.get(reverse("leads:alike"), {"line": "Max, +43 1 234 5678"}).text
    assert "has such a name" in client.get(reverse("leads:alike"), {"line": "fehr lena"}).text
    assert "Brauhaus" in client.get(reverse("leads:alike"), {"line": "fehr lena"}).text
    assert not client.get(reverse("leads:alike"), {"line": "Max Moser"}).text.count("note")
    assert not client.get(reverse("leads:alike"), {"line": ""}).text.strip()


def test_who_may_be_meant_is_asked_in_as_many_queries_however_many_are_like_it(
    client, mia, django_assert_max_num_queries
):
    for number in range(6):
        make_lead(name=f"Lena Fehr {number}", email=f"lena{number}@fehr.example", phone="+4312345678")
    with django_assert_max_num_queries(6):
        text = client.get(reverse("leads:alike"), {"line": "Lena Fehr, lena1@fehr.example, +43 1 234 5678"}).text
    assert text.count("note row") == 3


def test_nobody_signed_out_adds_or_asks(client):
    for name in ("leads:quick", "leads:alike"):
        assert client.get(reverse(name)).status_code == 302
    assert say(client, "lena@fehr.example").status_code == 302
    assert not Lead.objects.exists()
