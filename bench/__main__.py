"""`make bench`: every figure as a ratio to a yardstick that the same run measures, next to its target."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import forms, handoffs, learning, notices, promises, scoring, tracker
from bench.clients import Client, p50, p50_together, rate
from bench.figure import Figure
from bench.servers import gunicorn, worker, worker_memory

LEADS = int(os.environ.get("LEADS", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "60"))
POSTS = int(os.environ.get("POSTS", "3500"))
CLIENTS = 8
#: The product and the yardstick take turns so many times, so that a slow moment of the machine hits both.
ALTERNATIONS, ROUNDS_PROCESSED = 7, 3
#: From rare to common, by name, company and e-mail; some match nothing.
TERMS = [
    "lena fischer 77", "zieliński 4242", "p31337@", "kranz 99999", "søren aaberg 12", "obermayr 77", "zoë ortega 5",
    "firm1234.example", "jonas weber 1", "müller 555", "nobody at all", "xyzzy", "ahmed farouk 9", "alpmilch 12",
    "katrin hofer", "chiara bianchi", "hugo kranz", "piotr", "marie dubois", "castillo", "nordwind", "delta", "lago",
    "fehr", "ortega", "lena", "firm", "example", "er", "a",
]  # fmt: skip


def main() -> int:
    """Measure everything, or the parts that are named (`pages`, `api`); only a whole run is kept in last.json."""
    furnish_apart()
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), to_regclass('bare_row')")
        name, filled = cursor.fetchone()
    call_command("migrate", verbosity=0)
    if not filled:
        began = time.perf_counter()
        from bench.fill import fill

        fill(LEADS, 10 * LEADS)
        print(f"filled {LEADS:,} leads and {10 * LEADS:,} activities in {time.perf_counter() - began:.0f} s ({name})")
        call_command("check_pipeline")
    print(f"Django {django.get_version()}, {os.cpu_count()} cores, gunicorn gthread, one worker, {LEADS:,} leads\n")
    chosen = sys.argv[1:] or list(PARTS)
    print(f"{'figure':48} {'value':>10} {'yardstick':>10} {'ratio':>7} {'target':>14}")
    figures = []
    for part in chosen:
        for figure in PARTS[part]():
            figures.append(figure)
            print(figure.line(), flush=True)
    if set(chosen) == set(PARTS):
        kept = json.dumps([figure.data() for figure in figures], indent=1)
        Path(__file__).with_name("last.json").write_text(kept + "\n")
    return 0


def furnish_apart() -> None:
    """Servers and a database of the benchmark's own: it adds thousands of leads to whatever it measures."""
    from urllib.parse import urlsplit

    from smarketing.installation import data_dir, furnish

    os.environ["DJANGO_SETTINGS_MODULE"] = "smarketing.settings"
    os.environ["REDIS_PREFIX"] = "bench:"
    os.environ["QUEUE"] = "bench"
    if named := os.environ.get("DATABASE_URL"):
        import psycopg2

        place = urlsplit(named)
        own = place._replace(path=f"{place.path}_bench")
        connection = psycopg2.connect(named)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [own.path[1:]])
            if not cursor.fetchone():
                cursor.execute(f'CREATE DATABASE "{own.path[1:]}"')
        connection.close()
        os.environ["DATABASE_URL"] = own.geturl()
    else:
        os.environ["DATA_DIR"] = str(data_dir() / "bench")
    furnish("bench")
    os.environ.setdefault("SECRET_KEY", "only for this benchmark")


def measure_pages() -> Iterator[Figure]:
    """Pages as people open them: one client, then eight at once."""
    lead = busiest_lead()
    cookie, _token = sign_in()
    with (
        gunicorn("smarketing.wsgi", "/healthz") as (product, _master),
        gunicorn("bench.bare.wsgi", "/page") as (bare, _bare_master),
    ):
        signed = Client(product, cookie)
        pages = p50(
            {
                "bare": (Client(bare), ["/page"]),
                "list": (signed, ["/leads/"]),
                "board": (signed, ["/pipeline/"]),
                "lead": (signed, [f"/leads/{lead}/"]),
            },
            ROUNDS,
        )
        yield Figure("list, 50 rows, one client (s)", pages["list"], pages["bare"], 2)
        yield Figure("board, all stages (s)", pages["board"], pages["list"], 2)
        yield Figure("lead page, 50 entries (s)", pages["lead"], pages["list"], 1.5)
        search, raw = searches(signed)
        yield Figure("search beyond the list, 30 terms (s)", max(search - pages["list"], 0), raw, 1.5)
        bare8 = p50_together(bare, {}, ["/page"], clients=CLIENTS, rounds=ROUNDS // 2)
        list8 = p50_together(product, cookie, ["/leads/"], clients=CLIENTS, rounds=ROUNDS // 2)
        board8 = p50_together(product, cookie, ["/pipeline/"], clients=CLIENTS, rounds=ROUNDS // 4)
        lead8 = p50_together(product, cookie, [f"/leads/{lead}/"], clients=CLIENTS, rounds=ROUNDS // 4)
        yield Figure("list, 50 rows, eight clients (s)", list8, bare8, 2)
        yield Figure("board, eight clients (s)", board8, list8, 2)
        yield Figure("lead page, eight clients (s)", lead8, list8, 1.5)
    for name, address, most in (
        ("list", "/leads/", 12),
        ("board", "/pipeline/", 10),
        ("lead page", f"/leads/{lead}/", 15),
    ):
        yield Figure(f"{name}, queries", queries(address, cookie), 1, most)


def queries(address: str, cookie: dict[str, str]) -> int:
    """How many queries a page takes once it is warm."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client as InProcess
    from django.test.utils import CaptureQueriesContext

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    client = InProcess(headers={"cookie": cookie["Cookie"]})
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as taken:
        assert client.get(address).status_code == 200
    return len(taken)


def measure_api() -> Iterator[Figure]:
    """Leads that come in through the API from eight clients, and what the processes weigh after that."""
    _cookie, token = sign_in()
    with (
        gunicorn("smarketing.wsgi", "/healthz") as (product, master),
        gunicorn("bench.bare.wsgi", "/page") as (bare, bare_master),
    ):
        payloads = [payload(number) for number in range(POSTS)]
        inserts = [{"name": p["name"], "email": p["email"], "payload": p} for p in payloads]
        rate(bare, "/insert", {}, inserts[:200], clients=CLIENTS)
        rate(product, "/api/v1/leads/", token, [payload(number) for number in range(-200, 0)], clients=CLIENTS)
        pairs = []
        for part in range(ALTERNATIONS):
            bare_rate = rate(bare, "/insert", {}, inserts[part::ALTERNATIONS], clients=CLIENTS)
            own_rate = rate(product, "/api/v1/leads/", token, payloads[part::ALTERNATIONS], clients=CLIENTS)
            pairs.append((own_rate, bare_rate))
        accepted, yardstick = median_pair(pairs)
        yield Figure("add by API, accepted, eight clients (/s)", accepted, yardstick, 0.7, most=False)
        drain()
        pairs = []
        with worker() as background:
            for part in range(ROUNDS_PROCESSED):
                bare_rate = rate(bare, "/insert", {}, inserts[part::ROUNDS_PROCESSED], clients=CLIENTS)
                began = time.perf_counter()
                again = [payload(number + POSTS) for number in range(part, POSTS, ROUNDS_PROCESSED)]
                rate(product, "/api/v1/leads/", token, again, clients=CLIENTS)
                wait_until_processed()
                pairs.append((len(again) / (time.perf_counter() - began), bare_rate))
            weighed = worker_memory(background)
        done, yardstick = median_pair(pairs)
        yield Figure("add by API, accepted and processed (/s)", done, yardstick, 0.35, most=False)
        bare_weight = worker_memory(bare_master) / 2**20
        yield Figure("web process, PSS after all this (MB)", worker_memory(master) / 2**20, bare_weight, 2)
        yield Figure("background worker, PSS after all this (MB)", weighed / 2**20, bare_weight, 2)


def median_pair(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Of pairs measured one right after the other, the one whose ratio is the median (of an odd number)."""
    return sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]


PARTS = {
    "pages": measure_pages,
    "api": measure_api,
    "forms": forms.measure,
    "handoffs": handoffs.measure,
    "promises": promises.measure,
    "notices": notices.measure,
    "learning": learning.measure,
    "scoring": scoring.measure,
    "tracker": tracker.measure,
}


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

    from accounts.models import ApiToken, User

    user = User.objects.get(username="bench1")
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    _instance, token = ApiToken.objects.create(user, name="bench")
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}, {"Authorization": f"Token {token}"}


def drain() -> None:
    from handoff import answers
    from leads import capture

    while capture.process_waiting():
        pass
    answers.answer_all()


def wait_until_processed() -> None:
    from leads.models import Submission

    while Submission.objects.filter(processed_at=None, error="").exists():
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
