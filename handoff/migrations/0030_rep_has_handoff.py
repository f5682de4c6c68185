"""In the middle a lead's rep is who has its hand-off: leads that were routed to a rep by themselves named nobody."""

from django.db import migrations

#: So many leads at a time, each time in a transaction of its own: nobody waits for the whole.
BATCH = 2_000
#: An offer in a queue keeps whose the lead was: it goes back to them if no rep takes the offer.
SETTLE = """
WITH held AS MATERIALIZED (
    SELECT open.id, open.lead_id, open.owner_id, lead.rep_id
      FROM handoff_handoff open JOIN leads_lead lead ON lead.id = open.lead_id
     WHERE open.ended_at IS NULL AND lead.rep_id IS DISTINCT FROM open.owner_id
     ORDER BY lead.id LIMIT %s FOR NO KEY UPDATE OF lead),
kept AS (
    UPDATE handoff_handoff offered SET brief = offered.brief || jsonb_build_object('known_by', held.rep_id)
      FROM held WHERE offered.id = held.id AND held.owner_id IS NULL)
UPDATE leads_lead SET rep_id = held.owner_id FROM held WHERE leads_lead.id = held.lead_id
"""


def settle(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(SETTLE, [BATCH])
            if not cursor.rowcount:
                return


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("handoff", "0028_outcome_classes"),
        ("leads", "0016_learning"),
    ]
    operations = [migrations.RunPython(settle, migrations.RunPython.noop, elidable=True)]
