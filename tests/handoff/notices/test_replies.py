"""A reply to a mail about a lead stands on the lead, once, and only from whom the mail went to."""

import io
from email.message import EmailMessage
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from handoff import conversation, notices
from handoff.notices.addresses import reply_to
from leads.models import Activity
from tests.factories import make_lead, make_user


@pytest.fixture(autouse=True)
def _address(settings):
    settings.REPLY_ADDRESS = "reply+{token}@in.example.org"


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def lead():
    return make_lead(name="Katrin Hofer")


@pytest.fixture
def deliver(monkeypatch, capsys):
    """Pipe a mail into the command, as a mail server does; return its exit code and what it says."""

    def pipe(mail):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(bytes(mail))))
        code = 0
        try:
            call_command("receive_mail")
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        return code, (said.out + said.err).strip()

    return pipe


def answer(lead, person, text, *, sender=None, ident="<1@mail.example>", **headers):
    mail = EmailMessage()
    mail["From"] = f"{person} <{sender or person.email}>"
    mail["To"] = f"Smarketing <{reply_to(lead.pk, person.pk)}>"
    mail["Message-ID"] = ident
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def comments(lead):
    return list(
        Activity.objects.filter(lead=lead, kind="comment").order_by("id").values_list("actor__username", "text")
    )


def test_what_a_colleague_answers_stands_on_the_lead_without_what_they_answered(deliver, lead, mia):
    sam = make_user("sam", team="sales")
    written = "She is back on Monday, @sam.\n\nMia\n\nOn Tue, 24 Nov 2026 Sam wrote:\n> Who calls her?\n"
    assert deliver(answer(lead, mia, written)) == (0, f"Said on lead {lead.pk}.")
    assert comments(lead) == [("mia", "She is back on Monday, @sam.\n\nMia")]
    assert sam.notices.filter(kind="comment:mention").count() == 1


def test_a_mail_that_is_delivered_twice_is_said_once_also_after_it_was_deleted(deliver, lead, mia):
    deliver(answer(lead, mia, "Once"))
    deliver(answer(lead, mia, "Once"))
    assert comments(lead) == [("mia", "Once")]
    conversation.delete(Activity.objects.get(lead=lead, kind="comment"), actor=mia)
    assert deliver(answer(lead, mia, "Once"))[0] == 0
    assert comments(lead) == [("mia", "")]
    deliver(answer(lead, mia, "Another", ident="<2@mail.example>"))
    assert comments(lead)[-1] == ("mia", "Another")


def test_nobody_else_may_use_the_address(deliver, lead, mia):
    for mail in (
        answer(lead, mia, "It was me", sender="somebody@else.example"),
        answer(lead, make_user("gone", is_active=False), "Still here"),
    ):
        code, said = deliver(mail)
        assert (code, "one person alone" in said) == (65, True)
    forged = answer(lead, mia, "Guessed")
    forged.replace_header("To", f"reply+{lead.pk}-{mia.pk}-00000000000000000000@in.example.org")
    assert deliver(forged) == (65, "This address is none of ours. Answer a mail of ours, or open the lead.")
    assert comments(lead) == []


def test_automatic_answers_empty_ones_and_huge_ones_are_sent_back(deliver, lead, mia):
    assert deliver(answer(lead, mia, "Back on Monday", Auto_Submitted="auto-replied"))[0] == 65
    assert deliver(answer(lead, mia, "> only what was there")) == (65, "Write a few words first.")
    assert deliver(answer(lead, mia, "x" * (2 * 2**20 + 1)))[0] == 65
    assert deliver(b"\xff\xfe no mail at all")[0] == 65
    assert comments(lead) == []


def test_a_reply_in_html_is_read_as_words(deliver, lead, mia):
    mail = answer(lead, mia, "")
    mail.set_content("<div>Yes &amp; no<br>&lt;b&gt;</div><script>x</script>", subtype="html")
    mail["Delivered-To"] = reply_to(lead.pk, mia.pk)
    assert deliver(mail)[0] == 0
    assert "Yes" in comments(lead)[0][1]
    assert "<script" not in comments(lead)[0][1]


def test_the_address_of_a_mail_that_we_sent_brings_the_answer_back(deliver, lead, mia, mails):
    conversation.comment(lead, actor=make_user("sam", team="sales"), text="@mia can you call her?")
    notices.deliver()
    mail = answer(lead, mia, "I will.")
    mail.replace_header("To", mails.one["Reply-To"])
    assert deliver(mail)[0] == 0
    assert comments(lead)[-1] == ("mia", "I will.")
