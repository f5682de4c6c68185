"""Attempts are counted, hand-offs put off and rated, and acts kept so that they can be undone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0024_promises_given'),
        ('leads', '0014_undone'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Deed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(max_length=24)),
                ('at', models.DateTimeField()),
                ('line', models.BigIntegerField(help_text='The activity that tells it on the timeline of `lead`.')),
                ('changes', models.JSONField(help_text='By table and row: what each column was and became; and what was made.')),
                ('undone_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'act that can be undone',
            },
        ),
        migrations.AddField(
            model_name='handoff',
            name='attempts_made',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='How often sales tried to reach the lead, contacts included.'),
        ),
        migrations.AddField(
            model_name='handoff',
            name='follow_up_good',
            field=models.BooleanField(help_text='Marketing on how the lead was followed up.', null=True),
        ),
        migrations.AddField(
            model_name='handoff',
            name='follow_up_rated_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='handoff',
            name='follow_up_rated_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='handoff',
            name='lead_good',
            field=models.BooleanField(help_text='Sales on the quality of the lead.', null=True),
        ),
        migrations.AddField(
            model_name='handoff',
            name='lead_rated_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='handoff',
            name='lead_rated_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='handoff',
            name='snooze_reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=200),
        ),
        migrations.AddField(
            model_name='handoff',
            name='snoozed_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='handoff',
            name='snoozed_until',
            field=models.DateTimeField(help_text='Out of the inbox until then; no promise waits.', null=True),
        ),
        migrations.AlterField(
            model_name='handoff',
            name='end',
            field=models.CharField(blank=True, choices=[('qualified', 'Qualified'), ('returned', 'Returned'), ('disqualified', 'Disqualified'), ('recycled', 'Recycled'), ('withdrawn', 'Withdrawn'), ('purchased', 'Purchased'), ('merged', 'Merged'), ('undone', 'Undone')], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(('snoozed_until', None), models.Q(('owner__isnull', False), models.Q(('snooze_reason', ''), _negated=True)), _connector='OR'), name='handoff_snooze_says_why'),
        ),
        migrations.AddField(
            model_name='deed',
            name='actor',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deed',
            name='lead',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deeds', to='leads.lead'),
        ),
        migrations.AddField(
            model_name='deed',
            name='undone_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='deed',
            index=models.Index(fields=['lead', '-id'], name='deed_of_lead'),
        ),
        migrations.AddIndex(
            model_name='deed',
            index=models.Index(condition=models.Q(('undone_at', None)), fields=['at'], name='deed_old'),
        ),
        migrations.AddConstraint(
            model_name='deed',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('undone_at', None), ('undone_by', None)), models.Q(('undone_at__isnull', False), ('undone_by__isnull', False)), _connector='OR'), name='deed_undone_by_somebody'),
        ),
    ]
