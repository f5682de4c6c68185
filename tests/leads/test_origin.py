"""Where somebody came from is kept as it came, and the first touch stays the first."""

import pytest
from django.core.exceptions import ValidationError

from leads import capture
from leads.identity import origin
from tests.factories import make_lead, make_user

AD = "https://www.Volt.example/tariffs?utm_source=Google&utm_medium=cpc&utm_campaign=Peak+load&gclid=abc&x=1"
VISITOR = "6a1f6c2e-7f1c-4a34-9d7e-0d2f7b1a9c11"


def captured(**payload):
    lead = capture.process([capture.accept({"email": "lena@fehr.example", **payload}, way="form")])[0].lead
    lead.refresh_from_db()
    return lead


def test_a_lead_carries_the_source_and_campaign_of_the_ad_and_the_raw_parameters():
    touch = origin.of_url(AD, "https://www.google.com/")
    lead = captured(origin={**touch, "visitor": VISITOR})
    assert (lead.source.slug, lead.campaign.name) == ("google", "Peak load")
    assert lead.first_touch == {
        "url": AD,
        "referrer": "https://www.google.com/",
        "utm": {"source": "Google", "medium": "cpc", "campaign": "Peak load"},
        "click_ids": {"gclid": "abc"},
        "visitor": VISITOR,
    }
    assert lead.activities.get(kind="form:submit").data["origin"] == lead.first_touch


def test_a_later_touch_is_told_on_its_line_and_the_first_one_stays():
    captured(origin=origin.of_url("https://volt.example/?utm_source=newsletter"))
    lead = captured(origin=origin.of_url(AD))
    assert (lead.source.slug, lead.campaign) == ("newsletter", None)
    assert lead.first_touch["utm"] == {"source": "newsletter"}
    assert lead.activities.order_by("-id")[0].data["origin"]["utm"]["campaign"] == "Peak load"


def test_what_the_sender_names_goes_before_what_the_address_tells():
    lead = captured(source="fair", origin=origin.of_url(AD))
    assert (lead.source.slug, lead.campaign.name) == ("fair", "Peak load")


def test_who_was_here_before_keeps_the_touch_that_a_colleague_typed():
    lead = make_lead(email="lena@fehr.example", source="fair", actor=make_user("mia"))
    captured(origin=origin.of_url(AD))
    lead.refresh_from_db()
    assert (lead.source.slug, lead.campaign, lead.first_touch) == ("fair", None, None)


def test_who_was_here_without_any_touch_gets_the_first_that_is_known():
    make_lead(email="lena@fehr.example", source="")
    make_lead(email="georg@fehr.example", source="")
    touched = [
        {"email": "lena@fehr.example", "origin": origin.of_url(AD)},
        {"email": "georg@fehr.example", "phone": "+43662123456"},
    ]
    lena, georg = (done.lead for done in capture.process([capture.accept(each, way="form") for each in touched]))
    lena.refresh_from_db()
    georg.refresh_from_db()
    assert (lena.source.slug, lena.first_touch["utm"]["medium"]) == ("google", "cpc")
    assert (georg.source, georg.first_touch, georg.phone) == (None, None, "+43662123456")


@pytest.mark.parametrize(
    ("url", "referrer", "source"),
    [
        ("https://volt.example/?fbclid=1", "", "facebook"),
        ("https://volt.example/?msclkid=1", "", "bing"),
        ("https://volt.example/?li_fat_id=1", "", "linkedin"),
        ("https://volt.example/", "https://www.google.co.uk/search?q=tariffs", "organic_search"),
        ("https://volt.example/", "https://t.co/abc", "social"),
        ("https://volt.example/", "https://m.facebook.com/", "social"),
        ("https://volt.example/", "https://blog.example.org/meters", "referral"),
        ("https://volt.example/", "https://www.volt.example/prices", ""),
        ("https://volt.example/", "", ""),
        ("javascript:alert(1)", "data:x", ""),
        ("https://[volt", "", ""),
    ],
)
def test_a_touch_without_tags_is_told_by_whose_ad_or_what_page_led_here(url, referrer, source):
    assert origin.read(origin.of_url(url, referrer)).source == source


def test_an_address_of_thousands_of_parameters_is_cut():
    url = "https://volt.example/?" + "&".join(f"p{n}=1" for n in range(20_000)) + "&utm_source=" + "x" * 9_000
    said = origin.of_url(url)
    assert (len(said["url"]), said.get("utm")) == (origin.ADDRESS_LENGTH, None)
    assert origin.of_url("https://volt.example/?utm_source=" + "x" * 9_000)["utm"] == {"source": "x" * 500}


@pytest.mark.parametrize(
    "said",
    [
        "google", ["google"], {"who": "me"}, {"url": 5}, {"url": "javascript:alert(1)"}, {"utm": {"sauce": "x"}},
        {"utm": {"source": 5}}, {"utm": {"source": "x" * 501}}, {"click_ids": ["gclid"]}, {"visitor": "me"},
        {"visitor": 5}, {"referrer": {"a": 1}},
    ],
)  # fmt: skip
def test_an_origin_that_is_none_is_refused_by_its_field(said):
    with pytest.raises(ValidationError) as refused:
        capture.accept({"email": "lena@fehr.example", "origin": said}, way="form")
    assert list(refused.value.message_dict) == ["origin"]
