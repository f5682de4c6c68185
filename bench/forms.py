"""Forms of websites: what their page costs beside a plain page, and how fast what visitors send is accepted."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bench.clients import Client, p50, rate
from bench.figure import Figure
from bench.servers import gunicorn

if TYPE_CHECKING:  # models are there only once Django is
    from leads.models import WebForm

ROUNDS = int(os.environ.get("ROUNDS", "60"))
POSTS = int(os.environ.get("FORM_ROUNDS", "1400"))
CLIENTS, ALTERNATIONS = 8, 7


def measure() -> Iterator[Figure]:
    os.environ["FORM_POSTS_PER_ADDRESS"] = os.environ["FORM_POSTS"] = "1000000"
    form = make()
    address = f"/f/{form.public_id}"
    with (
        gunicorn("smarketing.wsgi", "/healthz") as (product, _master),
        gunicorn("bench.bare.wsgi", "/page") as (bare, _bare_master),
    ):
        pages = p50({"bare": (Client(bare), ["/page"]), "form": (Client(product), [address])}, 4 * ROUNDS)
        yield Figure("hosted form page, one client (s)", pages["form"], pages["bare"], 1.5)
        pairs = []
        for part in range(ALTERNATIONS):
            people = [answers(form, f"{part}-{number}-{os.getpid()}") for number in range(POSTS // ALTERNATIONS)]
            inserts = [{"name": p["name"], "email": p["email"], "payload": p} for p in people]
            plain = rate(bare, "/insert", {}, inserts, clients=CLIENTS)
            pairs.append((sent(product, address, people), plain))
        pairs.sort(key=lambda pair: pair[0] / pair[1])
        yield Figure("form, accepted, eight clients (/s)", *pairs[len(pairs) // 2], 0.7, most=False)


def make() -> WebForm:
    """A form as marketing builds one: seven fields, consent, a wish to talk."""
    from accounts.models import User
    from leads.models import WebForm
    from leads.webforms import building
    from leads.webforms.fields import Field

    actor = User.objects.filter(team="management").first() or User.objects.create_user("forms", team="management")
    names = ("name", "company", "job_title", "phone", "message")
    types = {"phone": "tel", "message": "long"}
    fields = [Field(name, name.capitalize(), types.get(name, "text")) for name in names]
    fields += [Field("email", "E-mail", "email", required=True)]
    fields += [Field("custom.plan", "Plan", "choice", choices=("Small", "Large"))]
    said = {"name": f"Bench {time.time()}", "title": "Talk to us", "thanks": "Thank you.", "hand_raise": "offered"}
    return building.write(WebForm(), actor=actor, fields=fields, consent="I agree.", **said)


def answers(form: WebForm, stamp: str) -> dict[str, str]:
    """What one visitor sends, from a page drawn ten seconds ago."""
    from unittest.mock import patch

    from leads.webforms import guard

    with patch.object(guard.time, "time", return_value=time.time() - 10):
        token = guard.token(form)
    who = {"name": f"New Person {stamp}", "email": f"form{stamp}@firm.example", "company": "Fehr", "consent": "1"}
    return {**who, "message": "What does it cost?", "custom.plan": "Large", "token": token}


def sent(port: int, path: str, people: Sequence[dict[str, str]]) -> float:
    """Accepted posts a second, from eight clients at once."""

    def send(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        for said in people[number::CLIENTS]:
            connection.request("POST", path, urlencode(said), headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 303:
                raise SystemExit(f"{path} answered {answer.status}: {body[:300]!r}")

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(send, range(CLIENTS)))
    return len(people) / (time.perf_counter() - began)
