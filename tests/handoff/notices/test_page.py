"""What a person was told: newest first, read by opening, each with its lead."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from handoff import conversation, lifecycle
from handoff.models import Notice
from handoff.views import notices
from tests.factories import make_handoff, make_lead, make_reason, make_user

PAGE = reverse("handoff:notices")


def tell(person, number=1, text="Told"):
    lead = make_lead()
    Notice.objects.bulk_create(
        Notice(person=person, kind="comment:mention", lead=lead, text=f"{text} {n}", event=f"{text}:{n}")
        for n in range(number)
    )
    return lead


def test_a_mention_is_told_with_its_lead_and_read_by_opening(client):
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    lead = make_lead()
    conversation.comment(lead, actor=sam, text="@mia the board wants per-line figures")
    client.force_login(mia)
    assert Notice.objects.filter(person=mia).unread().count() == 1
    text = client.get(PAGE).text
    assert "the board wants per-line figures" in text
    assert lead.get_absolute_url() in text
    assert ">new<" in text
    assert not Notice.objects.filter(person=mia).unread().exists()
    assert ">new<" not in client.get(PAGE).text


def test_marketing_reads_why_a_lead_came_back(client):
    handoff = make_handoff(name="Paula Berger")
    lifecycle.return_to_marketing(
        handoff.lead, actor=make_user("sam", team="sales"), reason=make_reason("return", "below_fit"), verdict="Forty"
    )
    client.force_login(make_user("mia"))
    assert "Sam returned Paula Berger because: Below the fit line. Forty." in client.get(PAGE).text


def test_others_notices_are_nobody_elses(client):
    tell(make_user("sam", team="sales"), text="For Sam")
    client.force_login(make_user("mia"))
    text = client.get(PAGE).text
    assert "For Sam" not in text
    assert "Nothing to tell you yet" in text
    assert client.get(PAGE, {"after": "x"}).status_code == 200
    client.logout()
    assert client.get(PAGE).status_code == 302


def test_the_list_goes_on_by_key_and_only_what_was_shown_is_read(client, monkeypatch):
    monkeypatch.setattr(notices, "PAGE", 2)
    mia = make_user("mia")
    tell(mia, 5)
    client.force_login(mia)
    first = client.get(PAGE)
    assert "Told 4" in first.text
    assert "3 more unread" in first.text
    second = client.get(PAGE, {"after": first.context["next"]})
    assert "Told 2" in second.text
    assert "Told 4" not in second.text
    assert Notice.objects.filter(person=mia).unread().count() == 1
    response = client.post(PAGE, follow=True)
    assert "1 notice is read." in response.text
    assert not Notice.objects.filter(person=mia).unread().exists()


def test_the_list_takes_as_many_queries_for_300_notices_as_for_3(client):
    mia = make_user("mia")
    tell(mia, 3)
    client.force_login(mia)

    def queries():
        with CaptureQueriesContext(connection) as taken:
            client.get(PAGE)
        return len(taken)

    client.get(PAGE)
    few = queries()
    tell(mia, 297, text="More")
    client.get(PAGE)
    assert queries() == few <= 8
