"""Threads, edits and deletions with their trace, files, watchers, both sides, shout-outs: through the front door."""

import os
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import measure
from handoff import attachments, conversation, lifecycle, shoutouts, sides, watching
from handoff.models import Attachment, Comment, Notice, ShoutOut, SideNote, Watch
from leads.models import Activity
from tests.factories import make_handoff, make_lead, make_user

PDF = b"%PDF-1.7 an offer"


@pytest.fixture(autouse=True)
def place(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


@pytest.fixture
def ruth():
    return make_user("ruth", team="management")


@pytest.fixture
def lead():
    return make_lead(name="Lena Fischer")


def said(client, person, address, data=None, **more):
    client.force_login(person)
    return client.post(address, data or {}, **more)


def told(person, kind=""):
    return list(
        Notice.objects.filter(person=person, kind__startswith=kind).order_by("pk").values_list("text", flat=True)
    )


def upload(name="offer.pdf", content=PDF):
    return SimpleUploadedFile(name, content)


# Threads


def test_a_reply_stands_below_its_comment_and_is_told_to_who_is_answered(client, lead, mia, sam):
    first = conversation.comment(lead, actor=mia, text="The film is cut")
    answer = said(client, sam, reverse("handoff:reply", args=[first.pk]), {"text": "Seen, thank you"})
    assert answer.status_code == 302
    reply = Activity.objects.get(text="Seen, thank you")
    assert Comment.objects.get(activity=reply).parent == first
    assert told(mia, "comment") == ["Sam answered you on Lena Fischer: Seen, thank you"]
    again = said(client, mia, reverse("handoff:reply", args=[reply.pk]), {"text": "Good"})
    assert again.status_code == 302
    assert Comment.objects.get(activity__text="Good").parent == first
    text = client.get(lead.get_absolute_url()).text
    replies = text[text.index(f'id="replies{first.pk}"') :]
    assert replies.index("Seen, thank you") < replies.index("Good")
    assert text[text.index('id="timeline"') :].count("Seen, thank you") == 1


def test_a_reply_whose_comment_is_on_an_earlier_page_stands_by_itself(client, lead, mia, sam):
    first = conversation.comment(lead, actor=mia, text="Long ago")
    Activity.objects.bulk_create(Activity(lead=lead, kind="web:page", text=f"Page {n}.") for n in range(60))
    conversation.comment(lead, actor=sam, text="A late answer", reply_to=first)
    client.force_login(mia)
    text = client.get(lead.get_absolute_url()).text
    assert "A late answer" in text
    assert "Long ago" not in text
    assert reverse("handoff:thread", args=[Activity.objects.get(text="A late answer").pk]) in text
    whole = client.get(reverse("handoff:thread", args=[first.pk])).text
    assert "Long ago" in whole
    assert "A late answer" in whole


def test_the_earlier_replies_of_a_long_thread_are_asked_for(client, lead, mia):
    first = conversation.comment(lead, actor=mia, text="Begin")
    for number in range(8):
        conversation.comment(lead, actor=mia, text=f"Reply number {number}.", reply_to=first)
    client.force_login(mia)
    text = client.get(lead.get_absolute_url()).text
    assert "5 earlier replies" in text
    assert "Reply number 2." not in text
    assert "Reply number 0." in client.get(reverse("handoff:thread", args=[first.pk]), HTTP_HX_REQUEST="true").text


def test_an_edit_leaves_the_earlier_wording_and_tells_only_who_is_new(client, lead, mia, sam):
    eva = make_user("eva", team="sales")
    first = conversation.comment(lead, actor=mia, text="For you, @sam")
    edited = said(client, mia, reverse("handoff:comment_edit", args=[first.pk]), {"text": "For you, @sam and @eva"})
    assert edited.status_code == 302
    assert (len(told(sam)), len(told(eva))) == (1, 1)
    client.force_login(sam)
    assert "For you, @sam<" in client.get(reverse("handoff:comment_trace", args=[first.pk])).text.replace("\n", "")
    assert reverse("handoff:comment_trace", args=[first.pk]) in client.get(lead.get_absolute_url()).text
    empty = said(client, mia, reverse("handoff:comment_edit", args=[first.pk]), {"text": " "})
    assert (empty.status_code, Activity.objects.get(pk=first.pk).text) == (422, "For you, @sam and @eva")


def test_a_deleted_comment_leaves_its_line_and_managers_the_trace(client, lead, mia, sam, ruth):
    first = conversation.comment(lead, actor=mia, text="Not for everybody, @sam", files=[upload()])
    conversation.comment(lead, actor=sam, text="An answer stays", reply_to=first)
    found = Attachment.objects.get()
    assert said(client, mia, reverse("handoff:comment_delete", args=[first.pk])).status_code == 302
    client.force_login(sam)
    text = client.get(lead.get_absolute_url()).text
    assert "Comment deleted by <b>Mia</b>" in text
    assert "An answer stays" in text
    assert "Not for everybody" not in text
    assert client.get(reverse("handoff:file", args=[found.pk])).status_code == 404
    assert client.get(reverse("handoff:comment_trace", args=[first.pk])).status_code == 403
    assert told(sam, "comment:mention") == ["Mia deleted a comment on Lena Fischer."]
    client.force_login(ruth)
    trace = client.get(reverse("handoff:comment_trace", args=[first.pk])).text
    assert "Not for everybody, @sam" in trace
    assert "offer.pdf" in trace
    again = said(client, ruth, reverse("handoff:comment_delete", args=[first.pk]))
    assert (again.status_code, "deleted in between" in again.text) == (422, True)
    late = said(client, sam, reverse("handoff:reply", args=[first.pk]), {"text": "Too late"})
    assert (late.status_code, "Too late" in late.text) == (422, True)


@pytest.mark.parametrize(
    ("who", "edits", "deletes"),
    [("mia", 302, 302), ("ines", 403, 403), ("sam", 403, 403), ("ruth", 403, 302), ("", 302, 302)],
)
def test_who_may_edit_and_delete_a_comment(client, lead, mia, sam, ruth, who, edits, deletes):
    make_user("ines")
    first = conversation.comment(lead, actor=mia, text="Mine")
    client.logout()
    if who:
        client.force_login(make_user(who))
    codes = [
        client.post(reverse(f"handoff:comment_{act}", args=[first.pk]), {"text": "Theirs"}).status_code
        for act in ("edit", "delete")
    ]
    assert codes == [edits, deletes]
    text = Activity.objects.get(pk=first.pk).text
    assert text == {"mia": "", "ruth": ""}.get(who, "Mine")


def test_the_words_survive_a_refusal(client, lead, mia):
    long = "word " * 1_200
    answer = said(client, mia, reverse("handoff:comment", args=[lead.pk]), {"text": long}, HTTP_HX_REQUEST="true")
    assert (answer.status_code, "may have 5,000 characters" in answer.text, long.strip() in answer.text) == (
        422, True, True,
    )  # fmt: skip


def test_a_program_answers_by_the_id_of_a_comment_on_the_same_lead(client, lead, mia, sam):
    first = conversation.comment(lead, actor=mia, text="The film is cut")
    address = f"/api/v1/leads/{lead.pk}/activities/"
    more = {"content_type": "application/json"}
    assert (
        said(client, sam, address, {"kind": "comment", "text": "Seen", "reply_to": first.pk}, **more).status_code == 201
    )
    assert Comment.objects.get(activity__text="Seen").parent == first
    other = conversation.comment(make_lead(), actor=mia, text="Elsewhere")
    refused = said(client, sam, address, {"kind": "comment", "text": "Seen", "reply_to": other.pk}, **more)
    assert (refused.status_code, "not on this lead" in refused.text) == (422, True)


# Files


def test_a_file_is_kept_privately_and_given_out_as_a_download_only(client, lead, mia, sam, place):
    sent = {"text": "The offer", "files": [upload("../../Offer\u202e 2026 .pdf")]}
    assert said(client, mia, reverse("handoff:comment", args=[lead.pk]), sent).status_code == 302
    found = Attachment.objects.get()
    assert (found.name, found.size) == ("Offer 2026.pdf", len(PDF))
    path = place / found.place
    assert (path.read_bytes(), oct(path.stat().st_mode)[-3:], oct(path.parent.stat().st_mode)[-3:]) == (
        PDF,
        "600",
        "700",
    )
    client.force_login(sam)
    answer = client.get(reverse("handoff:file", args=[found.pk]))
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="Offer 2026.pdf"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "Offer 2026.pdf" in client.get(lead.get_absolute_url()).text
    assert "Offer 2026.pdf" in client.get(reverse("handoff:files", args=[lead.pk])).text
    client.logout()
    assert client.get(reverse("handoff:file", args=[found.pk])).status_code == 302
    path.unlink()
    client.force_login(sam)
    assert client.get(reverse("handoff:file", args=[found.pk])).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("tool.exe", b"MZ\x90", "files of this kind are not taken"),
        ("offer.pdf.exe", PDF, "files of this kind are not taken"),
        ("no_ending", PDF, "files of this kind are not taken"),
        ("offer.pdf", b"MZ\x90\x00 a program", "is not what its ending says"),
        ("picture.png", b"<html><script>alert(1)</script>", "is not what its ending says"),
        ("list.csv", b"a;b\x00c", "is not the text that its ending says"),
        ("empty.txt", b"", "is empty"),
        ("large.txt", b"x" * 2_001, "may have up to"),
    ],
)
def test_a_file_that_may_not_be_kept_is_refused_with_the_words_left(
    client, lead, mia, place, settings, name, content, why
):
    settings.ATTACHMENT_MAX_BYTES = 2_000
    sent = {"text": "Kept words", "files": [upload(), upload(name, content)]}
    answer = said(client, mia, reverse("handoff:comment", args=[lead.pk]), sent, HTTP_HX_REQUEST="true")
    assert (answer.status_code, why in answer.text, "Kept words" in answer.text) == (422, True, True), answer.text
    assert not Attachment.objects.exists()
    assert [path for path in place.rglob("*") if path.is_file()] == []
    assert not lead.activities.filter(kind="comment").exists()


@pytest.mark.parametrize("name", ["drawing.svg", "page.html"])
def test_what_a_browser_would_run_is_a_download_like_everything_else(client, lead, mia, settings, name):
    settings.ATTACHMENT_TYPES = ["svg", "html"]
    conversation.comment(lead, actor=mia, files=[upload(name, b"<svg onload='alert(1)'/>")])
    client.force_login(mia)
    answer = client.get(reverse("handoff:file", args=[Attachment.objects.get().pk]))
    assert b"alert" in b"".join(answer.streaming_content)
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_file_whose_words_were_not_kept_is_swept_and_one_on_its_way_is_not(lead, mia, place):
    kept = attachments.keep([upload()])[0]
    conversation.comment(lead, actor=mia, files=[upload()])
    named = Attachment.objects.get()
    assert attachments.sweep() == 0
    old = time.time() - 90_000
    for each in (kept.place, named.place):
        os.utime(place / each, (old, old))
    assert attachments.sweep() == 1
    assert not (place / kept.place).exists()
    assert (place / named.place).exists()


@pytest.mark.parametrize(("who", "code"), [("mia", 302), ("ines", 403), ("sam", 403), ("ruth", 302), ("", 302)])
def test_who_may_remove_a_file(client, lead, mia, sam, ruth, who, code):
    make_user("ines")
    conversation.comment(lead, actor=mia, text="Here", files=[upload()])
    found = Attachment.objects.get()
    client.logout()
    if who:
        client.force_login(make_user(who))
    assert client.post(reverse("handoff:file_remove", args=[found.pk])).status_code == code
    found.refresh_from_db()
    assert bool(found.removed_at) == (who in ("mia", "ruth"))
    if who == "mia":
        text = client.get(lead.get_absolute_url()).text
        assert "<b>Mia</b> removed a file" in text
        assert reverse("handoff:file", args=[found.pk]) not in text


# Watchers


def test_who_watches_hears_of_acts_and_comments_once(client, mia, sam, ruth):
    handoff = make_handoff(name="Lena Fischer")
    lead = handoff.lead
    assert said(client, ruth, reverse("handoff:watch", args=[lead.pk]), {"on": "1"}).status_code == 302
    assert 'aria-pressed="true"' in client.get(lead.get_absolute_url()).text
    lifecycle.claim(handoff, actor=sam)
    watching.choose(lead, actor=mia, on=True)
    lifecycle.accept(lead, actor=sam)
    assert told(ruth, "lead:watched") == ["Sam claimed Lena Fischer.", "Sam accepted Lena Fischer."]
    assert (told(mia, "handoff:accept"), told(mia, "lead:watched")) == (["Sam accepted Lena Fischer."], [])
    conversation.comment(lead, actor=sam, text="Ready, @mia and @ruth?")
    assert (len(told(mia, "comment")), len(told(ruth, "comment"))) == (1, 1)
    said(client, ruth, reverse("handoff:watch", args=[lead.pk]), {"on": "0"})
    conversation.comment(lead, actor=mia, text="Yes")
    assert len(told(ruth)) == 3


def test_who_talks_or_is_named_watches_unless_they_said_no(lead, mia, sam, ruth):
    conversation.comment(lead, actor=mia, text="For @sam, and all of @management")
    assert set(Watch.objects.on().values_list("person", flat=True)) == {mia.pk, sam.pk}
    watching.choose(lead, actor=sam, on=False)
    conversation.comment(lead, actor=mia, text="Once more, @sam")
    assert {watcher.pk for watcher in watching.of(lead)} == {mia.pk}


# Both sides


def test_each_team_notes_its_own_side_and_both_read_both(client, lead, mia, sam):
    address = reverse("handoff:side", args=[lead.pk, "marketing"])
    words = {"known": "Tariff ends in January", "needed": "Who signs", "seen": "0"}
    assert said(client, mia, address, words).status_code == 302
    client.force_login(sam)
    text = client.get(lead.get_absolute_url()).text
    assert "Tariff ends in January" in text
    assert "Who signs" in text
    assert said(client, mia, address, {"known": "Tariff ends in March", "seen": "1"}).status_code == 302
    assert "Tariff ends in January" in client.get(reverse("handoff:side_history", args=[lead.pk, "marketing"])).text
    stale = said(client, make_user("ines"), address, {"known": "Another word", "seen": "1"})
    assert (stale.status_code, "Mia wrote this anew" in stale.text, "Another word" in stale.text) == (422, True, True)
    assert SideNote.objects.count() == 2


@pytest.mark.parametrize(
    ("who", "team", "code"),
    [
        ("mia", "marketing", 302), ("mia", "sales", 403), ("sam", "sales", 302), ("sam", "marketing", 403),
        ("ruth", "sales", 302), ("ruth", "marketing", 302), ("ruth", "management", 404),
    ],
)  # fmt: skip
def test_who_may_note_a_side(client, lead, mia, sam, ruth, who, team, code):
    address = reverse("handoff:side", args=[lead.pk, team])
    answer = said(client, make_user(who), address, {"known": "A word", "seen": "0"})
    assert (answer.status_code, SideNote.objects.exists()) == (code, code == 302)


# Shout-outs


def test_thanks_are_read_by_everybody_and_told_to_who_is_thanked(client, lead, mia, sam, ruth):
    address = reverse("handoff:shoutouts")
    answer = said(client, sam, address, {"whom": str(mia.pk), "text": "The brief made the call easy"})
    assert answer.status_code == 302
    assert told(mia, "shoutout") == ["Sam thanks you: The brief made the call easy"]
    eva = make_user("eva", team="sales")
    said(client, mia, reverse("handoff:thank", args=[lead.pk]), {"whom": "sales", "text": "For quick answers"})
    assert told(eva, "shoutout") == ["Mia thanks all of sales: For quick answers"]
    client.force_login(ruth)
    assert "The brief made the call easy" in client.get(address).text
    day = client.get("/").text
    assert "The brief made the call easy" in day
    assert "For quick answers" in day
    assert "For quick answers" not in client.get(address, {"team": "marketing"}).text
    assert "For quick answers" in client.get(lead.get_absolute_url()).text


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"whom": "", "text": "Thanks"}, "required"),
        ({"whom": "sales", "text": " "}, "Say what for"),
        ({"whom": "sales", "text": "x" * 501}, "Up to 500"),
        ({"whom": "999999", "text": "Thanks"}, "Select a valid choice"),
    ],
)
def test_thanks_without_words_or_for_nobody_are_asked_for_again(client, mia, words, why):
    answer = said(client, mia, reverse("handoff:shoutouts"), words, HTTP_HX_REQUEST="true")
    assert (answer.status_code, why in answer.text, ShoutOut.objects.count()) == (422, True, 0), answer.text


# As many queries for much as for little


def much(lead, count):
    mia, sam = make_user("mia"), make_user("sam", team="sales")
    for number in range(count):
        first = conversation.comment(lead, actor=mia, text=f"Word {number}")
        conversation.comment(lead, actor=sam, text=f"Answer {number}", reply_to=first)
    sides.note(lead, actor=mia, team="marketing", known=f"{count}", needed="", seen=SideNote.objects.count())
    for number in range(count):
        shoutouts.thank(actor=mia, to=sam, text=f"Thanks {number}", lead=lead)


def test_pages_take_as_many_queries_for_300_as_for_3(client, lead, ruth):
    addresses = [lead.get_absolute_url(), reverse("handoff:shoutouts"), reverse("handoff:files", args=[lead.pk])]
    much(lead, 3)
    client.force_login(ruth)
    addresses.append(reverse("handoff:thread", args=[Activity.objects.filter(kind="comment").first().pk]))
    few = []
    for address in addresses:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        few.append(len(queries))
    much(lead, 40)
    for address, number in zip(addresses, few, strict=True):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) == number, address
    assert few[0] <= 15


def test_whom_a_comment_may_mention_is_told_to_those_who_may_write_one(client, sam):
    make_user("nina", is_active=False)
    assert client.get(reverse("handoff:colleagues")).status_code == 302
    client.force_login(sam)
    people = client.get(reverse("handoff:colleagues")).json()["people"]
    assert ["sam", str(sam), "Sales", "sal"] in people
    assert ["marketing", "Marketing", "whole team", "mkt"] in people
    assert "nina" not in [username for username, *_rest in people]


def test_nobody_says_more_within_an_hour_than_a_person_can(client, mia, monkeypatch):
    monkeypatch.setitem(measure.MOST, "comment", measure.MOST["comment"]._replace(most=2))
    lead = make_lead()
    address = reverse("handoff:comment", args=[lead.pk])
    client.force_login(mia)
    for words in ("One", "Two"):
        assert client.post(address, {"text": words}).status_code == 302
    refused = client.post(address, {"text": "Three"})
    assert refused.status_code == 422
    assert "2 comments within an hour are as many as one person may send" in refused.text
    assert "Three" in refused.text
    assert lead.activities.filter(kind="comment").count() == 2
    client.force_login(make_user("sam", team="sales"))
    assert client.post(address, {"text": "Another person is not held up"}).status_code == 302
