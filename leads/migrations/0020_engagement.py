"""What each lead has done, by kind, kept so that it answers for every later moment; filled from the timeline."""

import django.db.models.deletion
from django.db import migrations, models

#: Days are counted from 2025-01-01; each sum is made about its newest touch, so that none leaves a float.
FILL = """
INSERT INTO leads_engagement (lead_id, kind, number, first_at, last_at, answered_at, week, month, quarter)
SELECT lead_id, kind, count(*), min(at), max(at), min(at) FILTER (WHERE actor_id IS NOT NULL),
       newest / 7 + ln(sum(power(2, greatest(-1000, (day - newest) / 7)))) / ln(2::float8),
       newest / 30 + ln(sum(power(2, greatest(-1000, (day - newest) / 30)))) / ln(2::float8),
       newest / 90 + ln(sum(power(2, greatest(-1000, (day - newest) / 90)))) / ln(2::float8)
  FROM (SELECT lead_id, kind, actor_id, at, day, max(day) OVER (PARTITION BY lead_id, kind) AS newest
          FROM (SELECT lead_id, kind, actor_id, at, (date_part('epoch', at) - 1735689600) / 86400 AS day
                  FROM leads_activity
                 WHERE split_part(kind, ':', 1)
                       IN ('web', 'form', 'event', 'email', 'call', 'meeting', 'message')) AS done) AS aged
 GROUP BY lead_id, kind, newest
"""


class Migration(migrations.Migration):

    dependencies = [('leads', '0018_said_then')]

    operations = [
        migrations.CreateModel(
            name='Engagement',
            fields=[
                ('pk', models.CompositePrimaryKey('lead', 'kind', blank=True, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40)),
                ('number', models.PositiveIntegerField()),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(help_text='The first of them that one of us had a part in.', null=True)),
                ('week', models.FloatField()),
                ('month', models.FloatField()),
                ('quarter', models.FloatField()),
                ('lead', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='engagements', to='leads.lead')),
            ],
            options={
                'verbose_name': 'engagement',
                'constraints': [models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='engagement_counts_something'), models.CheckConstraint(condition=models.Q(('first_at__lte', models.F('last_at'))), name='engagement_begins_first'), models.CheckConstraint(condition=models.Q(('answered_at', None), models.Q(('answered_at__gte', models.F('first_at')), ('answered_at__lte', models.F('last_at'))), _connector='OR'), name='engagement_answered_within')],
            },
        ),
        # an update changes no indexed column: with room on its page it stays there, and no index hears of it
        migrations.RunSQL('ALTER TABLE leads_engagement SET (fillfactor = 70)', migrations.RunSQL.noop),
        migrations.RunSQL('LOCK TABLE leads_activity IN SHARE MODE', migrations.RunSQL.noop),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
