"""Fill an empty database with a company's history, set-based: every lead keeps every invariant."""

from __future__ import annotations

from django.db import connection, transaction

from leads import engagement

#: Shares of leads by where they stand; the rest stay in TOFU.
FILL = """
SET LOCAL session_replication_role = replica;  -- the checks run once, over the whole, at the end
SET LOCAL synchronous_commit = off;

INSERT INTO leads_source (slug, name, channel)
SELECT 'source_' || n, 'Source ' || n, 'other' FROM generate_series(1, 12) n ON CONFLICT DO NOTHING;

INSERT INTO accounts_user (password, is_superuser, username, is_staff, is_active, date_joined, name, email, team, time_zone)
SELECT '!', false, 'bench' || n, false, true, now(), 'Person ' || n, 'bench' || n || '@example.com',
       CASE WHEN n %% 2 = 0 THEN 'sales' ELSE 'marketing' END, 'UTC'
  FROM generate_series(1, 20) n;

INSERT INTO leads_company (name, domain, industry, size, country, city, custom, created_at)
SELECT initcap(w.word) || ' ' || n, 'firm' || n || '.example', 'industry ' || n %% 20, n %% 900, 'AT', 'Graz', '{}', now()
  FROM generate_series(1, %(leads)s / 4) n
  JOIN LATERAL (SELECT (ARRAY['nordwind','alpmilch','fehr','castillo','obermayr','delta','kranz','lago'])[1 + n %% 8]) w(word) ON true;

CREATE TEMP TABLE seed ON COMMIT DROP AS
SELECT n, now() - (n %% 300) * interval '1 day' - interval '2 days' AS born,
       CASE WHEN n %% 100 < 70 THEN 'tofu' WHEN n %% 100 < 76 THEN 'mofu' WHEN n %% 100 < 80 THEN 'bofu'
            WHEN n %% 100 < 92 THEN 'customer' ELSE 'out' END AS stage,
       (SELECT min(id) FROM accounts_user WHERE username = 'bench1') + 2 * (n %% 10) AS marketer,
       (SELECT min(id) FROM accounts_user WHERE username = 'bench2') + 2 * (n %% 10) AS rep
  FROM generate_series(1, %(leads)s) n;

INSERT INTO leads_lead (id, name, email, phone, job_title, country, company_id, stage, stage_since, moves, marketer_id,
    rep_id, source_id, persona_chosen, value, currency, preferred_contact, next_action, next_action_at, customer_since,
    do_not_contact, custom, first_seen_at, last_activity_at, created_at, version, search)
SELECT n, f.first || ' ' || l.last || ' ' || n, 'p' || n || '@firm' || 1 + n %% (%(leads)s / 4) || '.example', '',
       (ARRAY['Head of energy','Buyer','Plant engineer','CFO'])[1 + n %% 4], 'AT',
       (SELECT min(id) FROM leads_company) + n %% (%(leads)s / 4), stage, born + interval '1 day',
       CASE stage WHEN 'tofu' THEN 1 WHEN 'mofu' THEN 2 WHEN 'out' THEN 2 WHEN 'bofu' THEN 3 ELSE 4 END, marketer,
       CASE WHEN stage IN ('tofu', 'out') OR stage = 'mofu' AND n %% 3 = 2 THEN NULL ELSE rep END, (SELECT min(id) FROM leads_source) + n %% 12, false,
       (n %% 90) * 1000, 'EUR', '', CASE WHEN n %% 3 = 0 THEN 'Call' ELSE '' END,
       CASE WHEN n %% 3 = 0 THEN now() + (n %% 20 - 10) * interval '1 day' END,
       CASE WHEN stage = 'customer' THEN born + interval '1 day' END, false, '{}', born,
       born + (n %% 40) * interval '1 hour', born, 1, ''
  FROM seed
  JOIN LATERAL (SELECT (ARRAY['Lena','Jonas','Ahmed','Chiara','Søren','Katrin','Piotr','Marie','Hugo','Zoë'])[1 + n %% 10]) f(first) ON true
  JOIN LATERAL (SELECT (ARRAY['Fischer','Weber','Farouk','Bianchi','Aaberg','Hofer','Zieliński','Dubois','Müller','Kranz','Ortega'])[1 + n %% 11]) l(last) ON true;
UPDATE leads_lead SET search = unaccent(lower(concat_ws(' ', leads_lead.name, c.name, leads_lead.email)))
  FROM leads_company c WHERE c.id = company_id;
SELECT setval(pg_get_serial_sequence('leads_lead', 'id'), %(leads)s);

INSERT INTO leads_identity (lead_id, kind, system, value) SELECT id, 'email', '', email FROM leads_lead;

INSERT INTO leads_leadscore (lead_id, fit, engagement, total, parts, scorecard_id, scored_at)
SELECT n, n %% 50, n %% 37, n %% 50 + n %% 37,
       jsonb_build_array(jsonb_build_object('group', 'fit', 'label', 'Fits', 'points', n %% 50),
                         jsonb_build_object('group', 'engagement', 'label', 'Interest', 'points', n %% 37)),
       (SELECT id FROM leads_scorecard WHERE in_force), now()
  FROM seed;

CREATE TEMP TABLE steps ON COMMIT DROP AS
SELECT n, seq, path[seq] AS stage, CASE WHEN seq > 1 THEN path[seq - 1] ELSE '' END AS old,
       COALESCE(path[seq + 1], '') AS next, born + (seq - 1) * interval '8 hours' AS at
  FROM seed
  JOIN LATERAL (SELECT CASE stage WHEN 'tofu' THEN ARRAY['tofu'] WHEN 'out' THEN ARRAY['tofu', 'out']
                         WHEN 'mofu' THEN ARRAY['tofu', 'mofu'] WHEN 'bofu' THEN ARRAY['tofu', 'mofu', 'bofu']
                         ELSE ARRAY['tofu', 'mofu', 'bofu', 'customer'] END) p(path) ON true
  JOIN LATERAL generate_series(1, array_length(path, 1)) seq ON true;
INSERT INTO leads_stagechange (lead_id, seq, old, new, act, reason, note, skipped, at, recorded_at, imported)
SELECT n, seq, old, stage, CASE WHEN seq = 1 THEN 'capture' ELSE 'offer' END, '', '', '{}', at, at, false FROM steps;
INSERT INTO leads_visit (lead_id, seq, stage, entered_at, entered_from, left_at, left_to, left_by, reason, imported)
SELECT n, seq, stage, at, old, CASE WHEN next <> '' THEN at + interval '8 hours' END, next,
       CASE WHEN next <> '' THEN 'offer' ELSE '' END, '', false FROM steps;

INSERT INTO handoff_handoff (lead_id, origin, lane, agreement_id, brief, note, value, offered_at, owner_id, claimed_at,
    accepted_at, accepted_by_id, qualified_at, ended_at, "end", verdict, due_at, promise, promise_since, imported, queue_id)
SELECT n, 'marketing', lane, (SELECT id FROM handoff_agreement WHERE ended_at IS NULL AND in_force_since IS NOT NULL),
       '{}', 'Asked for prices',
       (n %% 90) * 1000, born + interval '8 hours', CASE WHEN lane <> 'mql' THEN rep END, NULL,
       CASE WHEN lane <> 'mql' THEN born + interval '9 hours' END, CASE WHEN lane <> 'mql' THEN rep END,
       CASE WHEN lane = 'sql' THEN born + interval '10 hours' END,
       CASE WHEN stage <> 'mofu' THEN born + interval '16 hours' END,
       CASE WHEN stage <> 'mofu' THEN 'qualified' ELSE '' END, '',
       CASE WHEN stage = 'mofu' AND lane = 'mql' THEN now() + (n %% 48 - 10) * interval '1 hour' END,
       CASE WHEN stage = 'mofu' AND lane = 'mql' THEN 'answer' ELSE '' END,
       CASE WHEN stage = 'mofu' AND lane = 'mql' THEN born + interval '8 hours' END, false,
       (SELECT id FROM handoff_queue WHERE everybody)
  FROM seed
  JOIN LATERAL (SELECT CASE WHEN stage <> 'mofu' OR n %% 3 = 0 THEN 'sql' WHEN n %% 3 = 1 THEN 'sal' ELSE 'mql' END) k(lane) ON true
 WHERE stage IN ('mofu', 'bofu', 'customer');

INSERT INTO handoff_promise (handoff_id, kind, term, started_at, due_at, escalate_at, next_event, next_at, outcome)
SELECT id, promise, 480, promise_since, due_at, due_at + interval '2 hours', 'breach', due_at, ''
  FROM handoff_handoff WHERE promise <> '';

INSERT INTO handoff_deal (id, name, company_id, owner_id, amount, currency, close_on, step, step_since, status,
    opened_at, closed_at, competitor, note, custom, imported)
SELECT n, 'Deal ' || n, (SELECT min(id) FROM leads_company) + n %% (%(leads)s / 4), rep, (n %% 90) * 1000, 'EUR',
       current_date + (n %% 60)::int, (ARRAY['discovery', 'proposal', 'negotiation'])[1 + n %% 3], born,
       CASE WHEN stage = 'customer' THEN 'won' ELSE 'open' END, born + interval '16 hours',
       CASE WHEN stage = 'customer' THEN born + interval '1 day' END, '', '', '{}', false
  FROM seed WHERE stage IN ('bofu', 'customer');
INSERT INTO handoff_deallead (deal_id, lead_id, role, "primary") SELECT id, id, '', true FROM handoff_deal;
SELECT setval(pg_get_serial_sequence('handoff_deal', 'id'), %(leads)s);

INSERT INTO leads_activity (lead_id, kind, text, data, at, recorded_at, imported)
SELECT 1 + (k * 7919) %% %(leads)s,
       (ARRAY['web:page','web:pricing','email:click','call:no_answer','note','email:reply','event:attended','web:page'])[1 + k %% 8],
       CASE WHEN k %% 5 = 0 THEN 'Something was said' ELSE '' END, '{}', now() - (k %% 8000) * interval '1 hour',
       now(), false
  FROM generate_series(1, %(activities)s::bigint) k;

INSERT INTO bare_row (name, email, company, title, country, stage, value, seen)
SELECT l.name, l.email, c.name, l.job_title, l.country, l.stage, l.value, l.first_seen_at
  FROM leads_lead l JOIN leads_company c ON c.id = l.company_id ORDER BY l.id;
"""

BARE_TABLES = """
CREATE TABLE bare_row (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name varchar(200) NOT NULL,
    email varchar(254) NOT NULL, company varchar(200) NOT NULL, title varchar(120) NOT NULL, country varchar(2) NOT NULL,
    stage varchar(8) NOT NULL, value numeric(12, 2) NOT NULL, seen timestamptz NOT NULL);
CREATE INDEX bare_row_stage ON bare_row (stage, id DESC);
CREATE TABLE bare_insert (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name varchar(200) NOT NULL,
    email varchar(254) NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL);
"""


def fill(leads: int, activities: int) -> None:
    """Write `leads` leads with `activities` activities between them, and the yardstick's own rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BARE_TABLES)
        cursor.execute(FILL, {"leads": leads, "activities": activities})
        engagement.recompute()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
