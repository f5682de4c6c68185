"""Whatever comes in is kept, and one person is one lead."""

import pytest
from django.core.exceptions import ValidationError

from leads import capture
from leads.models import Company, Identity, Lead, Signal, Submission
from tests.factories import make_lead, make_user


def captured(**payload):
    return capture.process([capture.accept(payload, way="api")])[0].lead


def test_one_person_is_one_lead_however_they_write_their_address():
    first = captured(email="Lena.Fischer@Fehr.Example", name="Lena Fischer")
    again = captured(email="lena.fischer@fehr.example", phone="+43 662 123456")
    assert again == first
    first.refresh_from_db()
    assert (first.name, first.phone) == ("Lena Fischer", "+43662123456")
    assert set(first.identities.values_list("kind", flat=True)) == {"email", "phone"}


def test_colleagues_who_share_a_phone_are_two_people():
    lena = captured(email="lena@fehr.example", phone="+43 662 123456")
    georg = captured(email="georg@fehr.example", phone="+43 662 123456")
    assert lena != georg
    assert captured(phone="+43 662 123456", name="Somebody") not in (lena, georg)


def test_an_external_id_is_known_by_its_system():
    assert captured(external_id="7", system="olist") == captured(external_id="7", system="olist")
    assert captured(external_id="7", system="other") != captured(external_id="7", system="olist")


def test_what_is_known_is_not_overwritten_and_the_first_touch_stays():
    lead = captured(email="lena@fehr.example", name="Lena", source="social")
    captured(email="lena@fehr.example", name="L. Fischer", source="email", job_title="Head of energy")
    lead.refresh_from_db()
    assert (lead.name, lead.source.slug, lead.job_title) == ("Lena", "social", "Head of energy")


def test_people_of_one_domain_work_for_one_company_and_free_mail_is_none():
    lena, georg = captured(email="lena@fehr.example"), captured(email="georg@fehr.example")
    assert lena.company == georg.company
    assert captured(email="lena@gmail.com").company is None
    assert Company.objects.count() == 1


def test_a_batch_with_one_person_twice_makes_one_lead():
    submissions = [capture.accept({"email": "lena@fehr.example", "name": name}, way="api") for name in ("Lena", "L.")]
    submissions.append(capture.accept({"email": "georg@fehr.example"}, way="api"))
    assert capture.process_waiting() == 3
    assert Lead.objects.count() == 2
    assert not Submission.objects.filter(processed_at=None).exists()


def test_the_same_key_is_the_same_submission():
    first = capture.accept({"email": "lena@fehr.example"}, way="api", key="abc")
    assert capture.accept({"email": "lena@fehr.example"}, way="api", key="abc") == first


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"email": "lena@"}, "email"),
        ({"name": "Nobody"}, "email"),
        ({"email": "a@b.example", "phone": "12"}, "phone"),
        ({"email": "a@b.example", "first_seen_at": "2026-02-30"}, "first_seen_at"),
        ({"email": "a@b.example", "country": "Austria"}, "country"),
        ({"email": "a@b.example", "value": "a lot"}, "value"),
        ({"email": "a@b.example", "value": "NaN"}, "value"),
        ({"email": "a@b.example", "stage": "won"}, "stage"),
        ({"email": "a@b.example", "name": "x" * 201}, "name"),
        ({"email": ["a@b.example"]}, "email"),
        ({"email": "a@b.example", "company": {"size": "inf"}}, "company"),
    ],
)
def test_what_nobody_could_make_a_lead_of_is_refused_by_field(payload, field):
    with pytest.raises(ValidationError) as refused:
        capture.accept(payload, way="api")
    assert list(refused.value.message_dict) == [field]
    assert not Submission.objects.exists()


def test_nuls_are_left_out_and_the_rest_is_kept():
    assert captured(email="a@b.example", name="Le\x00na", custom={"note": "x\x00y"}).name == "Lena"


def test_one_bad_submission_does_not_keep_the_others_waiting():
    capture.accept({"email": "lena@fehr.example"}, way="api")
    bad = Submission.objects.create(way="api", payload={"email": "never checked"})
    capture.process_waiting()
    bad.refresh_from_db()
    assert Lead.objects.count() == 1
    assert "not an e-mail address" in bad.error


def test_points_of_a_profile_and_its_touches_add_up_and_cross_the_line_once():
    lead = make_lead(job_title="Head of energy", company={"name": "Alpmilch", "size": 310}, phone="+43 662 123456")
    for _visit in range(6):
        capture.log(lead, kind="web:pricing", actor=make_user("mia"))
        lead.refresh_from_db()
        assert sum(part["points"] for part in lead.score.parts) == lead.score.total
        assert sum(part["points"] for part in lead.score.parts if part["group"] == "fit") == lead.score.fit
    assert Signal.objects.filter(lead=lead, kind="mql_line").count() == 1


def test_an_identity_names_only_one_lead():
    lead = make_lead(email="lena@fehr.example")
    other = make_lead()
    capture.identity.remember([(other.pk, ("email", "", "lena@fehr.example"))])
    assert Identity.objects.get(value="lena@fehr.example").lead == lead
