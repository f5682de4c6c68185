"""The agreement: drafted by anybody, signed by both teams in the browser, in force at the second signature."""

import pytest
from django.urls import reverse

from handoff.models import Agreement, Notice
from leads.models import Scorecard
from tests.factories import make_handoff, make_user

AGREEMENT, DRAFT, EDIT = (reverse(f"handoff:agreement{name}") for name in ("", "_draft", "_edit"))
BEGIN, SIGN, DROP = (reverse(f"handoff:agreement_{name}") for name in ("begin", "sign", "drop"))


@pytest.fixture
def mia():
    return make_user("mia", name="Mia Novak")


@pytest.fixture
def sam():
    return make_user("sam", team="sales", name="Sam Okafor")


@pytest.fixture
def ruth():
    return make_user("ruth", team="management", name="Ruth Lindqvist")


def said(**changes):
    """The form of the draft as a person sends it."""
    return {
        "mql_line": 60, "accept_within": "8 h", "attempt_within": "4 h", "hand_raise_within": "1 h",
        "contact_within": "24 h", "attempts": 5, "attempts_days": 10, "remind_before": "1 h", "escalate_after": "2 h",
        "reassign_after": "8 h", "reassign_most": 2, "time_zone": "UTC", "opens": "09:00", "closes": "17:30",
        "weekdays": [0, 1, 2, 3, 4], "holidays": "", "definition": Agreement.objects.in_force().definition,
        "seen": Agreement.objects.drafts().get().edit, **changes,
    }  # fmt: skip


def signed(client, person, team, seen=None):
    client.force_login(person)
    seen = Agreement.objects.drafts().get().edit if seen is None else seen
    return client.post(SIGN, {"team": team, "seen": seen}, follow=True)


def words(response):
    return " ".join(response.text.replace("&#x27;", "'").split())


def test_what_came_with_the_house_is_there_to_read_and_says_that_nobody_signed_it(client, sam):
    client.force_login(sam)
    page = words(client.get(AGREEMENT))
    for text in ("60 of 100 or more", "Pricing page", "8 h", "Mon-Fri 09:00-17:30 UTC", "Below the fit line"):
        assert text in page
    assert "Signed by nobody yet" in page
    assert "Propose a change" in page


def test_drafted_by_marketing_signed_by_both_and_in_force_at_the_second_signature(client, mia, sam, ruth):
    before = make_handoff()
    client.force_login(mia)
    assert client.post(BEGIN, follow=True).status_code == 200
    page = client.post(EDIT, said(mql_line=45, accept_within="2 h 30 min", holidays="AT"), follow=True)
    assert "v2 is saved." in page.text
    assert "<del><span" in page.text
    assert "2 h 30 min" in page.text
    page = signed(client, mia, "marketing")
    assert "You have signed v2." in page.text
    assert Agreement.objects.in_force().version == 1
    assert list(Notice.objects.filter(kind="agreement:to_sign").values_list("person", flat=True)) == [sam.pk]
    page = signed(client, sam, "sales")
    assert "Both have signed: v2 is in force." in page.text
    current = Agreement.objects.in_force()
    assert (current.version, current.mql_line, current.accept_within, current.holidays) == (2, 45, 150, "AT")
    assert current.agreed_by == sam
    assert Agreement.objects.get(version=1).ended_at == current.in_force_since
    assert Scorecard.objects.get(in_force=True) == current.scorecard
    told = Notice.objects.filter(kind="agreement:in_force").values_list("person__username", flat=True)
    assert set(told) == {"mia", "ruth"}
    before.refresh_from_db()
    assert before.agreement.version == 1
    assert make_handoff().agreement.version == 2
    assert "without the holidays of Austria" in words(client.get(AGREEMENT))
