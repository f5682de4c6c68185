"""docs/webhooks.md tells the truth: its receiver and its sender run, and its example is what is posted."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from handoff import answers, lifecycle, outgoing
from handoff.models import Endpoint
from leads import capture, inbound
from leads.inbound import mapping
from leads.models import Lead
from tests.factories import make_lead, make_user
from tests.smarketing.installations import free_port

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()


def block(language, word):
    (found,) = [code for code in re.findall(rf"```{language}\n(.*?)```", PAGE, re.S) if word in code]
    return found


def shape(said):
    return {name: shape(value) for name, value in said.items()} if isinstance(said, dict) else ...


@pytest.fixture
def told(settings):
    """A program as the page has it, which is told of what happens; its secret and what it says."""
    settings.WEBHOOK_NETWORKS, settings.SITE_URL = ["127.0.0.0/8"], "https://smarketing.example.org"
    port = free_port()
    endpoint = outgoing.add(
        actor=make_user("ruth", team="management"),
        name="x",
        url=f"http://127.0.0.1:{port}/",
        kinds=list(outgoing.KINDS),
    )
    program = subprocess.Popen(
        [sys.executable, "-c", block("python", "# receiver.py")],
        env={**os.environ, "PORT": str(port), "SECRET": endpoint.secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    yield program
    program.kill()
    program.wait()
    program.stdout.close()


def test_the_receiver_of_the_page_takes_each_event_once(told):
    lead = make_lead(name="Katrin Hofer")
    outgoing.gather()
    until = time.monotonic() + 20
    while not outgoing.deliver() and time.monotonic() < until:
        Endpoint.objects.update(rests_until=None)  # it is still starting
        Endpoint.objects.get().dispatches.waiting().update(due_at=lead.created_at)
        time.sleep(0.2)
    assert told.stdout.readline() == "lead.created Katrin Hofer\n"
    Endpoint.objects.update(secret="whsec_" + "A" * 32)
    outgoing.replay(Endpoint.objects.get().dispatches.get())
    assert outgoing.deliver() == 0
    assert Endpoint.objects.get().dispatches.get().log[-1]["status"] == 401


def test_the_example_of_the_page_is_what_is_posted(settings):
    settings.WEBHOOK_NETWORKS, settings.SITE_URL = ["127.0.0.0/8"], "https://smarketing.example.org"
    mia = make_user("mia")
    outgoing.add(actor=mia, name="x", url="http://127.0.0.1:9/", kinds=["lead.stage_changed"])
    lead = make_lead(name="Katrin Hofer", email="katrin@fehr.example", company={"name": "Fehr"})
    lifecycle.offer(lead, actor=mia)
    outgoing.gather()
    posted = Endpoint.objects.get().dispatches.get().event.body
    said = json.loads(block("json", "lead.stage_changed"))
    assert shape(posted) == shape(said)
    assert posted["data"]["change"] == said["data"]["change"]
    assert posted["data"]["actor"] == said["data"]["actor"]


def test_every_event_is_on_the_page():
    for kind in outgoing.KINDS:
        assert f"`{kind}`" in PAGE


@pytest.mark.django_db(transaction=True)
def test_the_sender_of_the_page_makes_a_customer(live_server):
    fields = mapping.read(block("text", "purchase.amount"))
    source = inbound.add(actor=make_user("mia"), name="Shop", kind="purchase", mapping=fields)
    ran = subprocess.run(
        [sys.executable, "-c", block("python", "# sender.py")],
        env={**os.environ, "ADDRESS": f"{live_server.url}/in/{source.ident}/", "SECRET": source.secret},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ran.stdout.startswith("202 "), ran.stderr
    assert json.loads(ran.stdout.removeprefix("202 "))["state"] == "waiting"
    assert capture.process_waiting() == 1
    answers.answer_all()
    lead = Lead.objects.get(email="lena@fehr.example")
    assert (lead.stage, str(lead.deals.get().amount)) == ("customer", "1250.00")
    connection.close()
