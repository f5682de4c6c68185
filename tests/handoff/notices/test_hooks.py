"""Chats and programs that are told: each event once, signed, patiently, and never into a private network."""

import json
import time
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from standardwebhooks.webhooks import Webhook

from accounts import measure
from handoff import notices
from handoff.models import Delivery, Hook, Message, Notice
from handoff.notices import hooks, posting
from tests.factories import make_lead, make_user

PAGE = reverse("handoff:webhooks")


@pytest.fixture
def ruth():
    return make_user("ruth", team="management")


def offer(*people, number=1, lead=None, text="Offered"):
    for n in range(number):
        notices.write(kind="handoff:offer", to=people, text=f"{text} {n}", event=f"{text}:{n}", lead=lead)


def set_up(ruth, receiver, style="slack", **said):
    return hooks.add(actor=ruth, name="Sales", style=style, url=receiver.url, kinds=["handoff:offer"], **said)


def posted():
    """The one message for a hook; mails are kept beside it, since no mail server is named."""
    return Message.objects.get(channel="hook")


def again():
    """As if time had passed: what rests or waits may be tried."""
    Hook.objects.update(rests_until=None)
    Message.objects.filter(sent_at=None).update(due_at="2020-01-01T00:00Z")
    return notices.deliver()


def test_an_event_told_to_many_people_is_posted_to_a_chat_once(receiver, ruth):
    set_up(ruth, receiver)
    lead = make_lead(name="Katrin <Hofer>")
    team = [make_user(name, team="sales") for name in ("sam", "priya", "tom")]
    notices.write(kind="handoff:offer", to=team, text=f"{lead} is offered & waits", event="e:1", lead=lead)
    notices.deliver()
    notices.deliver()
    assert len(receiver.said) == 1
    link = f"https://smarketing.example.org{lead.get_absolute_url()}"
    assert receiver.said[0]["text"] == f"Katrin &lt;Hofer&gt; is offered &amp; waits <{link}|Open>"
    assert receiver.said[0]["blocks"][0]["text"]["text"] == receiver.said[0]["text"]
    assert "smarketing-repeat" not in {name.lower() for name in receiver.got[0][1]}


def test_mattermost_reads_markdown_and_nobody_can_slip_some_in(receiver, ruth):
    set_up(ruth, receiver, style="mattermost")
    notices.write(kind="handoff:offer", to=[make_user("sam", team="sales")], text="[x](y) @all", event="e")
    notices.deliver()
    said = receiver.said[0]["text"]
    assert said.startswith("\\[x\\]\\(y\\) @\u200ball [Open](https://")  # it reads @all through a backslash


def test_many_at_once_are_one_post_to_a_chat_and_each_one_to_a_program(receiver, ruth):
    set_up(ruth, receiver)
    set_up(ruth, receiver, style="webhook")
    offer(make_user("sam", team="sales"), number=8)
    notices.deliver()
    chats = [said for said in receiver.said if "text" in said]
    assert len(chats) == 1
    assert chats[0]["text"].endswith("and 3 more")
    assert len(receiver.said) - len(chats) == 8


def test_a_program_can_check_who_has_signed(receiver, ruth):
    hook = set_up(ruth, receiver, style="webhook")
    lead, sam = make_lead(name="Katrin Hofer"), make_user("sam", team="sales")
    notices.write(kind="handoff:offer", to=[sam], text="Offered", event="handoff:7:offer", lead=lead, actor=ruth)
    notices.deliver()
    _path, headers, body = receiver.got[0]
    said = Webhook(hook.secret).verify(body, headers)
    assert said["type"] == "handoff.offer"
    assert said["data"]["event"] == "handoff:7:offer"
    assert said["data"]["lead"]["id"] == lead.pk
    assert said["data"]["actor"]["username"] == "ruth"


def test_what_is_for_one_person_alone_goes_to_no_shared_chat(receiver, ruth):
    hook = set_up(ruth, receiver)
    Hook.objects.filter(pk=hook.pk).update(kinds=["comment:mention"])
    notices.write(kind="comment:mention", to=[make_user("sam")], text="You", event="e")
    notices.deliver()
    assert receiver.got == []


def test_a_dead_chat_loses_nothing_and_keeps_no_other_waiting(receiver, ruth):
    dead = set_up(ruth, receiver)
    receiver.stop()
    sam = make_user("sam", team="sales")
    offer(sam, text="a")
    offer(sam, text="b")
    assert notices.deliver() == 0
    dead.refresh_from_db()
    assert dead.failures == 1  # it rests after the first: the second was not even tried
    assert dead.rests_until
    assert Message.objects.filter(channel="hook", tried_at=None, sent_at=None).count() == 2
    receiver.start()
    again()
    assert [said["text"].split()[0] for said in receiver.said] == ["a", "b"]
    assert all("again" not in said["text"] for said in receiver.said)  # it certainly had not arrived
    dead.refresh_from_db()
    assert (dead.failures, dead.rests_until) == (0, None)


def test_who_says_not_now_is_asked_again_after_the_time_it_asked_for(receiver, ruth):
    hook = set_up(ruth, receiver)
    receiver.answers, receiver.headers = [429, 500, 200], {"Retry-After": "600"}
    offer(make_user("sam", team="sales"))
    notices.deliver()
    hook.refresh_from_db()
    assert (hook.rests_until - posted().due_at).total_seconds() == pytest.approx(0, abs=5)
    assert hook.rests_until.timestamp() - posted().made_at.timestamp() > 590
    again()
    again()
    assert len(receiver.got) == 3
    assert posted().sent_at


@pytest.fixture
def made(monkeypatch):
    """The clients that are made from here on."""
    found = []

    class Counted(posting.Client):
        def __init__(self):
            super().__init__()
            found.append(self)

    posting.close()
    monkeypatch.setattr(posting, "Client", Counted)
    yield found
    posting.close()


def test_a_sweep_without_webhooks_makes_no_client_and_many_sweeps_share_one(receiver, ruth, made):
    offer(make_user("sam", team="sales"))
    notices.deliver()
    assert made == []
    set_up(ruth, receiver)
    for number in range(3):
        offer(make_user("sam", team="sales"), text=f"Offered in sweep {number}")
        notices.deliver()
    assert len(receiver.said) == 3
    assert len(made) == 1
    notices.hang_up()
    assert made[0].is_closed
    offer(make_user("sam", team="sales"), text="Offered after that")
    notices.deliver()
    assert (len(receiver.said), len(made)) == (4, 2)


def test_an_answer_that_never_came_is_posted_once_more_and_marked(receiver, ruth, monkeypatch):
    set_up(ruth, receiver)
    offer(make_user("sam", team="sales"))
    monkeypatch.setattr(posting, "TIMEOUT", 0.2)
    slow = receiver.server.RequestHandlerClass
    taken = slow.do_POST

    def hang_up(handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        receiver.got.append((handler.path, dict(handler.headers), body))
        handler.connection.close()

    slow.do_POST = hang_up
    notices.deliver()
    slow.do_POST = taken
    again()
    assert len(receiver.said) == 2
    assert receiver.said[1]["text"].endswith("(sent again: the first may have arrived)")
    again()
    assert len(receiver.said) == 2


def test_what_nobody_answers_twice_is_not_sent_a_third_time(receiver, ruth):
    set_up(ruth, receiver)
    offer(make_user("sam", team="sales"))
    notices.prepare()
    Message.objects.filter(channel="hook").update(tried_at="2020-01-01T00:00Z", repeats=1, due_at="2020-01-01T00:00Z")
    notices.deliver()
    assert receiver.got == []
    assert "nobody knows whether it arrived" in posted().why


def test_an_address_that_is_gone_is_switched_off_and_managers_are_told(receiver, ruth):
    hook = set_up(ruth, receiver)
    receiver.answers = [410]
    sam = make_user("sam", team="sales")
    offer(sam, number=2)
    notices.deliver()
    hook.refresh_from_db()
    assert hook.disabled_at
    assert Notice.objects.get(person=ruth).text.startswith("The webhook Sales is switched off")
    offer(sam, text="Later")
    again()
    assert len(receiver.got) == 1
    hooks.switch(hook, on=True)
    receiver.answers = [200]
    offer(sam, text="Now")
    again()
    assert [said["text"].split()[0] for said in receiver.said][1:] == ["Now"]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x", "https://10.0.0.8/x", "https://192.168.1.1/x", "https://169.254.169.254/latest",
        "https://[::1]/x", "https://[::ffff:10.0.0.1]/x", "https://[64:ff9b::a00:1]/x", "https://[fd00::1]/x",
        "https://localhost/x", "https://0.0.0.0/x", "https://2130706433/x", "https://[2002:7f00:1::]/x",
        "https://100.64.0.1/x", "https://224.0.0.1/x", "http://93.184.216.34/x", "ftp://93.184.216.34/x",
        "https://user:pass@93.184.216.34/x", "https://[::7f00:1]/x",
    ],
)  # fmt: skip
def test_a_private_or_odd_address_is_refused(url, ruth):
    with pytest.raises(ValidationError):
        hooks.add(actor=ruth, name="x", style="slack", url=url, kinds=[])


def test_a_name_that_turns_private_after_it_was_checked_is_not_reached(receiver, ruth, settings):
    set_up(ruth, receiver)
    settings.WEBHOOK_NETWORKS = []
    offer(make_user("sam", team="sales"))
    notices.deliver()
    assert receiver.got == []
    assert posted().why == "The address leads into a private network."


def test_who_answers_in_drops_is_hung_up_on(receiver, ruth, monkeypatch):
    set_up(ruth, receiver)
    offer(make_user("sam", team="sales"))
    monkeypatch.setattr(posting, "WHOLE", 0.5)

    def drip(handler):
        handler.rfile.read(int(handler.headers["Content-Length"]))
        with suppress(OSError):
            for _second in range(50):
                handler.wfile.write(b"H")
                time.sleep(0.1)

    receiver.server.RequestHandlerClass.do_POST = drip
    began = time.monotonic()
    notices.deliver()
    assert time.monotonic() - began < 3
    assert posted().why == "no answer in time"
    assert posted().sent_at is None


def test_a_redirect_is_not_followed(receiver, ruth):
    set_up(ruth, receiver)
    receiver.answers, receiver.headers = [307], {"Location": "http://169.254.169.254/"}
    offer(make_user("sam", team="sales"))
    notices.deliver()
    assert "It answered 307" in posted().why


def test_managers_set_one_up_see_its_secret_once_try_it_and_remove_it(client, receiver, ruth):
    client.force_login(ruth)
    said = {"name": "Warehouse", "style": "webhook", "url": receiver.url, "kinds": ["handoff:offer", "deal:win"]}
    made = client.post(PAGE, said)
    hook = Hook.objects.get()
    assert hook.secret in made.text
    assert hook.secret not in client.get(PAGE).text
    page = reverse("handoff:webhook", args=[hook.pk])
    assert receiver.url not in client.get(page).text
    tried = client.post(reverse("handoff:webhook_act", args=[hook.pk, "try"]), follow=True)
    assert "It arrived" in tried.text
    assert json.loads(receiver.got[0][2])["type"] == "trial"
    assert client.post(page, {"name": "DWH", "url": "", "kinds": ["deal:win"]}).status_code == 302
    hook.refresh_from_db()
    assert (hook.name, hook.kinds, hook.url) == ("DWH", ["deal:win"], receiver.url)
    client.post(reverse("handoff:webhook_act", args=[hook.pk, "off"]))
    assert Hook.objects.get().disabled_at
    client.post(reverse("handoff:webhook_act", args=[hook.pk, "remove"]))
    assert not Hook.objects.exists()
    refused = client.post(PAGE, {**said, "url": "https://10.1.1.1/x"})
    assert refused.status_code == 422
    assert "lies in a private network" in refused.text
    assert "Warehouse" in refused.text


def test_the_teams_may_not_set_up_what_the_company_tells(client, receiver):
    for person in (make_user("mia"), make_user("sam", team="sales")):
        client.force_login(person)
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, {"name": "x"}).status_code == 403
    client.logout()
    assert client.get(PAGE).status_code == 302


def test_a_person_connects_their_own_chat_and_chooses_what_it_is_told(client, receiver):
    sam = make_user("sam", team="sales")
    client.force_login(sam)
    page = reverse("handoff:notice_choices")
    client.post(reverse("handoff:own_chat"), {"style": "slack", "url": receiver.url})
    form = client.get(page).context["form"]
    kept = {name: value for name in form.fields if (value := form[name].value())}
    assert kept["chat.handoff:offer"]
    del kept["chat.handoff:offer"]
    client.post(page, kept)
    offer(sam)
    notices.write(kind="comment:mention", to=[sam, make_user("priya", team="sales")], text="You", event="e")
    notices.deliver()
    assert [said["text"].split()[0] for said in receiver.said] == ["You"]
    client.post(reverse("handoff:own_chat"), {"remove": "1"})
    notices.write(kind="comment:mention", to=[sam], text="You", event="e2")
    notices.deliver()
    assert len(receiver.said) == 1
    assert Delivery.objects.filter(hook__isnull=False).count() == 0


def test_the_chat_of_who_has_left_is_told_nothing_that_still_waited_for_them(receiver):
    sam = make_user("sam", team="sales")
    hooks.add(actor=sam, name="Sam", style="slack", url=receiver.url, kinds=[], own=True)
    offer(sam)
    notices.planning.plan()
    type(sam).objects.filter(pk=sam.pk).update(is_active=False)
    notices.deliver()
    assert receiver.got == []


def test_everything_that_is_wrong_with_a_webhook_is_told_at_once_and_at_its_field(client, ruth):
    client.force_login(ruth)
    refused = client.post(PAGE, {"style": "webhook", "url": "https://10.1.1.1/x"})
    form = refused.context["form"]
    assert refused.status_code == 422
    assert set(form.errors) == {"name", "url", "kinds"}
    assert "This field is required" not in refused.text
    for said in ("Give it a name.", "lies in a private network", "Choose at least one event."):
        assert said in refused.text
    assert form.non_field_errors() == []


def test_test_messages_are_posted_so_often_an_hour_and_then_the_page_says_when_to_go_on(
    client, receiver, ruth, monkeypatch
):
    monkeypatch.setitem(measure.MOST, "trial", measure.MOST["trial"]._replace(most=2))
    address = reverse("handoff:webhook_act", args=[set_up(ruth, receiver).pk, "try"])
    client.force_login(ruth)
    answers = [client.post(address) for _number in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
    assert "2 test messages an hour are as many as may be." in answers[-1].text
    assert len(receiver.got) == 2
