"""The hand-off: claiming at once, and the inbox of a company that has let a hundred thousand offers pile up."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from bench.clients import Client, p50
from bench.figure import Figure
from bench.servers import gunicorn

CLIENTS, CLAIMS, ALTERNATIONS = 8, 1_400, 7
OPEN, ROUNDS = 100_000, 40

#: Open offers on leads of their own, due one after the other; they are gone when the figures are measured.
OFFERS = """
SET LOCAL session_replication_role = replica;
SET LOCAL synchronous_commit = off;
CREATE TEMP TABLE offered ON COMMIT DROP AS
SELECT nextval(pg_get_serial_sequence('leads_lead', 'id')) AS lead, n FROM generate_series(1, %(many)s) n;
INSERT INTO leads_lead (id, name, email, phone, job_title, country, stage, stage_since, moves, persona_chosen, value,
    currency, preferred_contact, next_action, do_not_contact, custom, first_seen_at, last_activity_at, created_at,
    version, search, company_id, source_id)
SELECT lead, 'Offered ' || n, '', '', 'Head of energy', 'AT', 'mofu', now(), 2, false, (n %% 90) * 1000, 'EUR', '', '',
       false, '{}', now(), now(), now(), 1, 'bench offered', (SELECT min(id) FROM leads_company) + n %% 1000,
       (SELECT min(id) FROM leads_source) + n %% 12
  FROM offered;
INSERT INTO leads_leadscore (lead_id, fit, engagement, total, parts, scorecard_id, scored_at)
SELECT lead, 30, 30, 60, '[{"group": "fit", "label": "Fits", "points": 30},
                           {"group": "engagement", "label": "Interest", "points": 30}]',
       (SELECT id FROM leads_scorecard WHERE in_force), now() FROM offered;
INSERT INTO leads_visit (lead_id, seq, stage, entered_at, entered_from, left_to, left_by, reason, imported)
SELECT lead, 2, 'mofu', now(), 'tofu', '', '', '', false FROM offered;
INSERT INTO handoff_handoff (lead_id, origin, lane, agreement_id, queue_id, brief, note, value, offered_at, "end",
    verdict, due_at, promise, promise_since, imported)
SELECT lead, 'marketing', 'mql',
       (SELECT id FROM handoff_agreement WHERE ended_at IS NULL AND in_force_since IS NOT NULL),
       (SELECT id FROM handoff_queue WHERE everybody), '{}', 'Asked for prices', (n %% 90) * 1000, now(), '', '',
       now() + n * interval '1 second', 'answer', now(), false
  FROM offered;
"""
AWAY = """
SET LOCAL session_replication_role = replica;
CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT id FROM leads_lead WHERE search = 'bench offered';
DELETE FROM handoff_deed WHERE lead_id IN (SELECT id FROM gone);
DELETE FROM leads_activity WHERE lead_id IN (SELECT id FROM gone);
DELETE FROM handoff_handoff WHERE lead_id IN (SELECT id FROM gone);
DELETE FROM leads_visit WHERE lead_id IN (SELECT id FROM gone);
DELETE FROM leads_leadscore WHERE lead_id IN (SELECT id FROM gone);
DELETE FROM leads_lead WHERE id IN (SELECT id FROM gone);
"""


def measure() -> Iterator[Figure]:
    """Claims of eight clients beside single-row updates, then the inbox beside the bare page of as many rows."""
    furnish(CLAIMS)
    try:
        yield claims()
    finally:
        clear()
    furnish(OPEN)
    try:
        yield inbox()
    finally:
        clear()


def claims() -> Figure:
    from bench.__main__ import median_pair
    from handoff.models import Handoff

    waiting = list(Handoff.objects.open().filter(owner=None, lead__search="bench offered").values_list("pk", flat=True))
    token = token_of("bench2")
    pairs = []
    with (
        gunicorn("smarketing.wsgi", "/healthz") as (product, _master),
        gunicorn("bench.bare.wsgi", "/page") as (bare, _bare_master),
    ):
        warm = [f"/api/v1/handoffs/{pk}/claim/" for pk in waiting[-200:]]
        posts(bare, [f"/update/{number}" for number in range(1, 201)], {})
        posts(product, warm, token)
        paths = [f"/api/v1/handoffs/{pk}/claim/" for pk in waiting[:-200]]
        for part in range(ALTERNATIONS):
            own = paths[part::ALTERNATIONS]
            bare_rate = posts(bare, [f"/update/{1 + number}" for number in range(len(own))], {})
            pairs.append((posts(product, own, token), bare_rate))
    return Figure("claim, eight clients (/s)", *median_pair(pairs), 0.5, most=False)


def inbox() -> Figure:
    with (
        gunicorn("smarketing.wsgi", "/healthz") as (product, _master),
        gunicorn("bench.bare.wsgi", "/page") as (bare, _bare_master),
    ):
        pages = p50(
            {"bare": (Client(bare), ["/page"]), "inbox": (Client(product, session_of("bench2")), ["/inbox/"])}, ROUNDS
        )
    return Figure("inbox, 50 of 100,000 open offers (s)", pages["inbox"], pages["bare"], 2)


def posts(port: int, paths: Sequence[str], headers: dict[str, str]) -> float:
    """Requests a second of clients that each wait for their answer."""

    def send(own: Sequence[str]) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for path in own:
            line.request("POST", path, headers={**headers, "Content-Length": "0"})
            answer = line.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path} answered {answer.status}: {body[:300]!r}")

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(send, [paths[number::CLIENTS] for number in range(CLIENTS)]))
    return len(paths) / (time.perf_counter() - began)


def furnish(many: int) -> None:
    run(OFFERS, {"many": many})
    run("ANALYZE handoff_handoff")


def clear() -> None:
    run(AWAY)


def run(statements: str, said: dict[str, int] | None = None) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements, said)


def token_of(username: str) -> dict[str, str]:
    from accounts.models import ApiToken, User

    _instance, token = ApiToken.objects.create(User.objects.get(username=username), name="bench")
    return {"Authorization": f"Token {token}"}


def session_of(username: str) -> dict[str, str]:
    from django.test import Client as InProcess

    from accounts.models import User

    client = InProcess()
    client.force_login(User.objects.get(username=username), "django.contrib.auth.backends.ModelBackend")
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
