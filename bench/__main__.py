"""`make bench`: every figure as a ratio to a yardstick that the same run measures, next to its target."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

LEADS = int(os.environ.get("LEADS", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "60"))
POSTS = int(os.environ.get("POSTS", "2000"))
CLIENTS = 8
#: From rare to common, by name, company and e-mail; some match nothing.
TERMS = [
    "lena fischer 77", "zieliński 4242", "p31337@", "kranz 99999", "søren aaberg 12", "obermayr 77", "zoë ortega 5",
    "firm1234.example", "jonas weber 1", "müller 555", "nobody at all", "xyzzy", "ahmed farouk 9", "alpmilch 12",
    "katrin hofer", "chiara bianchi", "hugo kranz", "piotr", "marie dubois", "castillo", "nordwind", "delta", "lago",
    "fehr", "ortega", "lena", "firm", "example", "er", "a",
]  # fmt: skip


class Figure(NamedTuple):
    """One line of the report. `ratio` is `value / yardstick`; `most` says on which side of `target` is good."""

    name: str
    value: float
    yardstick: float
    target: float
    most: bool = True

    @property
    def ratio(self) -> float:
        return self.value / self.yardstick

    @property
    def ok(self) -> bool:
        return self.ratio <= self.target if self.most else self.ratio >= self.target

    def line(self) -> str:
        bound = f"at {'most' if self.most else 'least'} {self.target:g}"
        verdict = "ok" if self.ok else "MISSED"
        return f"{self.name:44} {self.value:12.4g} {self.yardstick:12.4g} {self.ratio:8.2f} {bound:>14}  {verdict}"

    def data(self) -> dict[str, Any]:
        return {**self._asdict(), "ratio": round(self.ratio, 3), "ok": self.ok}


def main() -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), to_regclass('leads_lead')")
        name, filled = cursor.fetchone()
    if not filled:
        call_command("migrate", verbosity=0)
        began = time.perf_counter()
        from bench.fill import fill

        fill(LEADS, 10 * LEADS)
        print(f"filled {LEADS:,} leads and {10 * LEADS:,} activities in {time.perf_counter() - began:.0f} s ({name})")
        call_command("check_pipeline")
    print(f"Django {django.get_version()}, {os.cpu_count()} cores, gunicorn gthread, one worker, {LEADS:,} leads\n")
    figures = measure()
    print(f"{'figure':44} {'value':>12} {'yardstick':>12} {'ratio':>8} {'target':>14}")
    for figure in figures:
        print(figure.line())
    Path(__file__).with_name("last.json").write_text(json.dumps([figure.data() for figure in figures], indent=1) + "\n")
    return 0


def measure() -> list[Figure]:
    from bench.clients import Client, p50, p50_together, rate
    from bench.servers import gunicorn, worker, worker_memory

    figures: list[Figure] = []
    lead = busiest_lead()
    cookie, token = sign_in()
    with (
        gunicorn("smarketing.wsgi", "/healthz") as (product, master),
        gunicorn("bench.bare.wsgi", "/page") as (bare, bare_master),
    ):
        signed = Client(product, cookie)
        pages = p50(
            {
                "bare": (Client(bare), ["/page"]),
                "list": (signed, ["/leads/"]),
                "board": (signed, ["/pipeline/"]),
                "lead": (signed, [f"/leads/{lead}/"]),
                "funnel": (signed, ["/funnel/"]),
            },
            ROUNDS,
        )
        search, raw = searches(signed)
        figures += [
            Figure("list, 50 rows, one client (s)", pages["list"], pages["bare"], 2),
            Figure("search beyond the list, 30 terms (s)", max(search - pages["list"], 0), raw, 1.5),
            Figure("board, all stages (s)", pages["board"], pages["list"], 2),
            Figure("lead page, 50 entries (s)", pages["lead"], pages["list"], 1.5),
        ]
        bare8 = p50_together(bare, {}, ["/page"], clients=CLIENTS, rounds=ROUNDS // 2)
        list8 = p50_together(product, cookie, ["/leads/"], clients=CLIENTS, rounds=ROUNDS // 2)
        board8 = p50_together(product, cookie, ["/pipeline/"], clients=CLIENTS, rounds=ROUNDS // 4)
        lead8 = p50_together(product, cookie, [f"/leads/{lead}/"], clients=CLIENTS, rounds=ROUNDS // 4)
        figures += [
            Figure("list, 50 rows, eight clients (s)", list8, bare8, 2),
            Figure("board, eight clients (s)", board8, list8, 2),
            Figure("lead page, eight clients (s)", lead8, list8, 1.5),
        ]
        payloads = [payload(number) for number in range(POSTS)]
        inserts = [{"name": p["name"], "email": p["email"], "payload": p} for p in payloads]
        rate(bare, "/insert", {}, inserts[:200], clients=CLIENTS)
        accepted, bare_rates = [], []
        for part in range(4):
            bare_rates.append(rate(bare, "/insert", {}, inserts[part::4], clients=CLIENTS))
            accepted.append(rate(product, "/api/v1/leads/", token, payloads[part::4], clients=CLIENTS))
        yardstick = statistics.median(bare_rates)
        figures.append(
            Figure("add by API, accepted, eight clients (/s)", statistics.median(accepted), yardstick, 0.7, most=False)
        )
        figures.append(
            Figure(
                "web process, PSS after all this (MB)",
                worker_memory(master) / 2**20,
                worker_memory(bare_master) / 2**20,
                2,
            )
        )
        drain()
        with worker():
            began = time.perf_counter()
            again = [payload(number + POSTS) for number in range(POSTS)]
            rate(product, "/api/v1/leads/", token, again, clients=CLIENTS)
            wait_until_processed()
            done = POSTS / (time.perf_counter() - began)
        figures.append(Figure("add by API, accepted and processed (/s)", done, yardstick, 0.35, most=False))
    return figures


def payload(number: int) -> dict[str, Any]:
    """A new person; one in four works for a company that is known."""
    stamp = f"{number}-{os.getpid()}"
    return {
        "name": f"New Person {stamp}",
        "email": f"new{stamp}@firm{number // 4}.example",
        "job_title": "Head of energy",
        "company": {"name": f"Fehr {number}"},
        "source": "source_1",
        "activity": {"kind": "web:pricing", "text": "Read the prices"},
    }


def searches(client: Any) -> tuple[float, float]:
    """Median seconds of the searching page and of its raw query, over the same terms in turn."""
    from urllib.parse import quote

    from django.db import connection

    statement = """
        SELECT l.id, l.name, l.email, c.name FROM leads_lead l LEFT JOIN leads_company c ON c.id = l.company_id
         WHERE l.stage = 'tofu' AND l.search LIKE '%%' || unaccent(lower(%s)) || '%%' ORDER BY l.id DESC LIMIT 51
    """
    pages, raws = [], []
    for term in TERMS:
        client.get(f"/leads/?stage=tofu&q={quote(term)}")
    for _round in range(max(ROUNDS // 15, 2)):
        for term in TERMS:
            pages.append(client.get(f"/leads/?stage=tofu&q={quote(term)}"))
            began = time.perf_counter()
            with connection.cursor() as cursor:
                cursor.execute(statement, [term])
                cursor.fetchall()
            raws.append(time.perf_counter() - began)
    return statistics.mean(pages), statistics.mean(raws)


def busiest_lead() -> int:
    from django.db.models import Count

    from leads.models import Lead

    found = Lead.objects.filter(stage="bofu", pk__lte=5000).annotate(n=Count("activities")).order_by("-n").first()
    assert found is not None
    from leads.models import Activity

    missing = max(0, 60 - found.activities.count())
    Activity.objects.bulk_create([Activity(lead=found, kind="note", text="Said something") for _ in range(missing)])
    return found.pk


def sign_in() -> tuple[dict[str, str], dict[str, str]]:
    """Headers of a signed-in person and of a machine with a token."""
    from django.test import Client
    from knox.models import AuthToken

    from accounts.models import User

    user = User.objects.get(username="bench1")
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    _instance, token = AuthToken.objects.create(user)
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}, {"Authorization": f"Token {token}"}


def drain() -> None:
    from handoff import lifecycle
    from leads import capture

    while capture.process_waiting():
        pass
    lifecycle.answer_all()


def wait_until_processed() -> None:
    from leads.models import Submission

    while Submission.objects.filter(processed_at=None, error="").exists():
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
