"""Mail about what happened: through a real mail server, one a person and event, many at once in one, none of one's own."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import people
from handoff import conversation, lifecycle, notices
from handoff.models import Delivery, Message, Notice, NoticeChoices
from tests.factories import make_handoff, make_lead, make_reason, make_user


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def tell(*people, number=1, kind="handoff:offer", lead=None, actor=None, text="Told"):
    for n in range(number):
        notices.write(kind=kind, to=people, text=f"{text} {n}", event=f"{text}:{n}", lead=lead, actor=actor)


def test_a_mention_reaches_the_colleague_by_mail_with_its_lead_and_not_the_one_who_wrote_it(mails, mia, sam):
    lead = make_lead(name="Katrin Hofer")
    conversation.comment(lead, actor=sam, text="@mia @sam the board wants <b>figures</b>")
    notices.deliver()
    mail = mails.one
    assert mail.to == [mia.email]
    assert mail["Subject"] == "Sam mentioned you on Katrin Hofer: @mia @sam the board wants <b>figures</b>"
    link = f"https://smarketing.example.org{lead.get_absolute_url()}"
    assert link in mail.get_body(["plain"]).get_content()
    html = mail.get_body(["html"]).get_content()
    assert link in html
    assert "&lt;b&gt;figures" in html
    assert "<mj-" not in html
    notices.deliver()
    assert len(mails.mails) == 1


def test_mails_of_one_lead_stand_in_one_thread_and_a_reply_finds_the_lead(mails, mia, sam, settings):
    settings.REPLY_ADDRESS = "reply+{token}@in.example.org"
    lead, other = make_lead(), make_lead()
    for one, text in ((lead, "first"), (lead, "second"), (other, "third")):
        conversation.comment(one, actor=sam, text=f"@mia {text}")
    notices.deliver()
    threads = [mail["References"] for mail in mails.mails]
    assert threads[0] == threads[1] != threads[2]
    assert [mail["In-Reply-To"] for mail in mails.mails] == threads
    assert len({mail["Message-ID"] for mail in mails.mails}) == 3
    token = mails.mails[0]["Reply-To"].removeprefix("reply+").removesuffix("@in.example.org")
    assert len(f"reply+{token}") <= 64
    assert notices.addresses.read_reply_token(token.upper()) == (lead.pk, mia.pk)
    assert notices.addresses.read_reply_token(token.replace(str(lead.pk), str(other.pk), 1)) is None
    assert "timeline" in mails.mails[0].get_body(["plain"]).get_content()


def test_without_an_address_for_replies_no_mail_pretends_to_have_one(mails, mia, sam):
    conversation.comment(make_lead(), actor=sam, text="@mia hello")
    notices.deliver()
    assert mails.one["Reply-To"] is None
    assert "Nobody reads replies to this mail" in mails.one.get_body(["plain"]).get_content()


def test_many_of_a_kind_at_once_are_one_mail_that_says_how_many_more(mails, mia, sam):
    tell(sam, number=42)
    notices.deliver()
    assert mails.one["Subject"] == "42 notices: A lead is offered"
    assert "and 37 more" in mails.one.get_body(["plain"]).get_content()
    assert "Told 0" in mails.one.get_body(["html"]).get_content()


def test_what_follows_soon_after_many_mails_waits_for_one_mail(mails, sam, time_machine):
    time_machine.move_to("2026-11-24T10:02:00Z", tick=False)
    for text in ("a", "b", "c", "d", "e"):
        tell(sam, text=text)
        notices.deliver()
    assert len(mails.mails) == 5
    for text in ("f", "g", "h"):
        tell(sam, text=text)
        notices.deliver()
    assert len(mails.mails) == 5
    time_machine.move_to("2026-11-24T10:15:00Z", tick=False)
    notices.deliver()
    assert len(mails.mails) == 8  # three are few enough to be told one by one


def test_nothing_is_said_twice_when_an_event_is_told_again(mails, sam):
    tell(sam)
    notices.deliver()
    tell(sam)
    notices.deliver()
    assert (len(mails.mails), Notice.objects.count(), Delivery.objects.count()) == (1, 1, 1)


def test_somebody_who_has_left_gets_no_mail(mails, sam):
    tell(sam)
    sam.is_active = False
    sam.save()
    notices.deliver()
    assert mails.mails == []


def test_a_daily_kind_comes_once_a_day_in_ones_own_time_zone_with_a_way_out(mails, client, mia, sam, time_machine):
    mia.time_zone = "Europe/Vienna"
    mia.save()
    time_machine.move_to("2026-11-24T10:00:00Z", tick=False)
    handoff = make_handoff(name="Paula Berger")
    lifecycle.accept(handoff.lead, actor=sam)
    tell(mia, kind="handoff:qualified", text="Qualified")
    notices.deliver()
    assert [mail.to for mail in mails.mails] == [[sam.email]]
    mails.mails.clear()
    time_machine.move_to("2026-11-25T06:59:00Z", tick=False)
    notices.deliver()
    assert mails.mails == []
    time_machine.move_to("2026-11-25T07:00:00Z", tick=False)
    notices.deliver()
    mail = mails.one
    assert mail["Subject"] == "2 notices, Wed 25 Nov, 08:00"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip(" <>").removeprefix("https://smarketing.example.org")
    assert client.get(link).status_code == 200
    assert client.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    tell(mia, kind="handoff:accept", text="Accepted")
    time_machine.move_to("2026-11-26T07:00:00Z", tick=False)
    notices.deliver()
    assert len(mails.mails) == 1
    assert client.post(link[:-3] + "x/").status_code == 404


def test_what_was_read_meanwhile_is_not_in_the_days_mail(mails, client, mia, time_machine):
    time_machine.move_to("2026-11-24T10:00:00Z", tick=False)
    tell(mia, kind="handoff:accept", text="Accepted")
    time_machine.move_to("2026-11-24T11:00:00Z", tick=False)
    client.force_login(mia)
    client.get(reverse("handoff:notices"))
    time_machine.move_to("2026-11-25T12:00:00Z", tick=False)
    notices.deliver()
    assert mails.mails == []
    assert not Delivery.objects.waiting().exists()


def test_quiet_hours_hold_a_mail_until_they_end(mails, client, sam, time_machine):
    sam.time_zone = "America/New_York"
    sam.save()
    client.force_login(sam)
    page = reverse("handoff:notice_choices")
    form = client.get(page).context["form"]
    said = {name: value for name in form.fields if (value := form[name].value())}
    said |= {"quiet_from": "18:00", "quiet_until": "08:30"}
    assert client.post(page, said).status_code == 302
    time_machine.move_to("2026-11-24T23:30:00Z", tick=False)  # 18:30 there
    tell(sam)
    notices.deliver()
    assert mails.mails == []
    time_machine.move_to("2026-11-25T13:30:00Z", tick=False)
    notices.deliver()
    assert mails.one["Subject"] == "Told 0"


def test_a_person_chooses_per_kind_and_way(mails, client, sam):
    client.force_login(sam)
    page = reverse("handoff:notice_choices")
    form = client.get(page).context["form"]
    said = {name: value for name in form.fields if (value := form[name].value())}
    said["mail.handoff:offer"] = "off"
    del said["app.comment:mention"]
    client.post(page, said)
    assert NoticeChoices.objects.get(person=sam).by_kind == {
        "handoff:offer": {"mail": "off"},
        "comment:mention": {"app": False},
    }
    tell(sam)
    tell(sam, kind="comment:mention", text="Mentioned", actor=make_user("mia"))
    notices.deliver()
    assert mails.one["Subject"] == "Mentioned 0"
    assert list(Notice.objects.filter(person=sam).unread().values_list("kind", flat=True)) == ["handoff:offer"]
    refused = client.post(page, {**said, "quiet_from": "08:00"})
    assert refused.status_code == 422
    assert "Say both when the quiet begins and when it ends" in refused.text


def test_a_choice_changes_what_still_waits(mails, client, mia, time_machine):
    time_machine.move_to("2026-11-24T10:00:00Z", tick=False)
    tell(mia, kind="handoff:accept", text="Accepted")
    tell(mia, kind="deal:win", text="Won")
    notices.deliver()
    client.force_login(mia)
    page = reverse("handoff:notice_choices")
    form = client.get(page).context["form"]
    said = {name: value for name in form.fields if (value := form[name].value())}
    client.post(page, {**said, "mail.handoff:accept": "now", "mail.deal:win": "off"})
    notices.deliver()
    assert mails.one["Subject"] == "Accepted 0"
    assert not Delivery.objects.waiting().exists()


def test_without_a_mail_server_mails_are_kept_to_be_read_and_a_line_says_so(client, mia, sam):
    conversation.comment(make_lead(name="Katrin Hofer"), actor=sam, text="@mia hello there")
    notices.deliver()
    client.force_login(mia)
    text = client.get(reverse("handoff:mail_unsent")).text
    assert "No mail leaves this installation" in text
    assert "Sam mentioned you on Katrin Hofer" in text
    mail = Message.objects.get()
    assert "hello there" in client.get(reverse("handoff:mail", args=[mail.pk])).text
    assert "No mail leaves this installation" in client.get(reverse("handoff:notice_choices")).text
    client.force_login(sam)
    assert client.get(reverse("handoff:mail", args=[mail.pk])).status_code == 404
    assert "hello" not in client.get(reverse("handoff:mail_unsent"), {"whose": "all"}).text
    client.force_login(make_user("ruth", team="management"))
    assert "Katrin Hofer" in client.get(reverse("handoff:mail_unsent"), {"whose": "all"}).text


def test_kept_mails_do_not_leave_in_a_flood_once_a_server_is_named(mails, settings, sam):
    settings.EMAIL_CONFIGURED = False
    tell(sam, number=3)
    notices.deliver()
    settings.EMAIL_CONFIGURED = True
    notices.deliver()
    assert mails.mails == []


def test_why_a_lead_came_back_is_mailed_to_its_marketer(mails, mia, sam):
    handoff = make_handoff(name="Paula Berger")
    notices.deliver()
    mails.mails.clear()
    reason = make_reason("return", "below_fit")
    lifecycle.return_to_marketing(handoff.lead, actor=sam, reason=reason, verdict="Forty")
    notices.deliver()
    assert mails.one.to == [mia.email]
    assert mails.one["Subject"] == "Sam returned Paula Berger because: Below the fit line. Forty."


def test_old_messages_are_forgotten_and_their_notices_stay(mails, sam):
    tell(sam)
    notices.deliver()
    Message.objects.update(made_at=timezone.now() - timedelta(days=91))
    assert notices.forget()
    assert (Message.objects.count(), Notice.objects.count()) == (0, 1)


def test_a_mail_that_was_written_before_its_reader_left_does_not_leave(mails):
    sam, priya = make_user("sam", team="sales"), make_user("priya", team="sales")
    notices.write(kind="handoff:offer", to=[sam, priya], text="Lena is offered", event="e:1")
    notices.prepare()
    assert Message.objects.filter(sent_at=None).count() == 2
    people.deactivate(sam)
    notices.deliver()
    assert [mail.to for mail in mails.mails] == [[priya.email]]
    kept = Message.objects.get(person=sam)
    assert (kept.sent_at, kept.why) == (None, "They could no longer sign in when it was to leave.")
    assert kept.stopped_at
