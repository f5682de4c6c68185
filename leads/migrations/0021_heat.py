"""The order by interest, which never goes stale; filled for those whom the scorecard in force has counted."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

FILL = """
UPDATE leads_leadscore score SET heat = ln(weighted) / ln(2::float8)
  FROM (SELECT lead_id, sum((rule ->> 'points')::float8 * power(2, greatest(-1000, least(1000, month)))) AS weighted
          FROM leads_scorecard, jsonb_array_elements(points -> 'engagement') AS rule
          JOIN leads_engagement ON kind = rule ->> 'kind'
         WHERE in_force AND jsonb_typeof(rule -> 'points') = 'number' AND rule ->> 'op' NOT IN ('count', 'idle')
         GROUP BY lead_id) AS done
 WHERE done.lead_id = score.lead_id AND weighted > 0
"""


class Migration(migrations.Migration):

    atomic = False  # the index is built while the table is in use

    dependencies = [('leads', '0020_engagement')]

    operations = [
        migrations.AddField(
            model_name='leadscore',
            name='heat',
            field=models.FloatField(help_text='log2 of the weighted touches, without caps, as of the epoch: the order by it never goes stale.', null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name='leadscore',
            index=models.Index(fields=['-heat', '-lead'], name='score_warmest'),
        ),
    ]
