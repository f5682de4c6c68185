"""Who watches a lead hears of the touches that colleagues log: under the bell, and by mail only if they want it."""

import pytest
from django.urls import reverse

from handoff import notices, watching
from handoff.models import Delivery, Notice, NoticeChoices
from tests.factories import make_handoff, make_user


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def log(client, lead, kind, **said):
    return client.post(reverse("handoff:log", args=[lead.pk]), {"kind": kind, "tap": "1", **said})


def heard(person):
    return list(Notice.objects.filter(person=person, kind="lead:touch").order_by("pk").values_list("text", flat=True))


def test_a_watcher_hears_of_a_touch_with_its_words_and_who_logged_it_does_not(client, sam):
    lead, mia, ruth = (
        make_handoff("sal", name="Katrin Hofer").lead,
        make_user("mia"),
        make_user("ruth", team="management"),
    )
    for person in (mia, sam):
        watching.choose(lead, actor=person, on=True)
    client.force_login(sam)
    log(client, lead, "call:left_message", text="Back on\nMonday")
    log(client, lead, "note", text="Prefers mornings")
    assert heard(mia) == [
        "Sam called Katrin Hofer and left a message. Back on Monday",
        "Sam noted something on Katrin Hofer. Prefers mornings",
    ]
    assert (heard(sam), heard(ruth)) == ([], [])
    client.force_login(mia)
    assert "left a message. Back on Monday" in client.get(reverse("handoff:notices")).text
    assert "A touch on a lead you watch" in client.get(reverse("handoff:notice_choices")).text


def test_who_stopped_watching_hears_no_more(client, sam):
    lead, mia = make_handoff("sal").lead, make_user("mia")
    watching.choose(lead, actor=mia, on=True)
    watching.choose(lead, actor=mia, on=False)
    client.force_login(sam)
    log(client, lead, "call:spoke")
    assert heard(mia) == []


def test_it_is_mailed_to_who_asks_for_it_and_to_nobody_else(client, sam):
    lead, mia, max_ = make_handoff("sal").lead, make_user("mia"), make_user("max")
    for person in (mia, max_):
        watching.choose(lead, actor=person, on=True)
    NoticeChoices.objects.create(person=max_, by_kind={"lead:touch": {"mail": "now"}})
    notices.deliver()
    client.force_login(sam)
    log(client, lead, "meeting:met")
    notices.deliver()
    assert list(Delivery.objects.filter(kind="lead:touch").values_list("person", flat=True)) == [max_.pk]


def test_a_mail_that_was_only_kept_is_no_touch_and_one_that_leaves_is(client, sam, settings):
    lead, mia = make_handoff("sal", name="Katrin Hofer").lead, make_user("mia")
    watching.choose(lead, actor=mia, on=True)
    client.force_login(sam)
    words = {"subject": "Prices", "text": "As promised"}
    client.post(reverse("handoff:email", args=[lead.pk]), words)
    assert heard(mia) == []
    settings.EMAIL_CONFIGURED = True
    client.post(reverse("handoff:email", args=[lead.pk]), words)
    assert heard(mia) == ["Sam wrote to Katrin Hofer. As promised"]
