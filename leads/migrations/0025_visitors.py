"""Visitors of websites, what they did there, and the sites that may tell of it."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0026_inbound'),
    ]

    operations = [
        migrations.CreateModel(
            name='TrackedSite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host', models.CharField(help_text='Such as www.example.com', max_length=253, unique=True, verbose_name='host')),
                ('rules', models.JSONField(blank=True, default=list, help_text='How the path of a page begins, and the kind of visit.', verbose_name='pages')),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name': 'website',
                'ordering': ['host'],
                'constraints': [models.CheckConstraint(condition=models.Q(('host__regex', '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$')), name='tracked_site_host')],
            },
        ),
        migrations.CreateModel(
            name='Visitor',
            fields=[
                ('id', models.UUIDField(help_text='Made in the browser, after consent.', primary_key=True, serialize=False)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('consented_at', models.DateTimeField(help_text='When the first visit came, which said that they agreed.', null=True)),
                ('origin', models.JSONField(default=dict, help_text='Where they first came from, raw; written once.')),
                ('lead', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='visitors', to='leads.lead')),
            ],
            options={
                'verbose_name': 'visitor',
            },
        ),
        migrations.CreateModel(
            name='VisitorEvent',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40)),
                ('url', models.CharField(blank=True, max_length=2000)),
                ('title', models.CharField(blank=True, max_length=300)),
                ('data', models.JSONField(blank=True, default=dict)),
                ('at', models.DateTimeField(help_text='When it happened.')),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('taken_at', models.DateTimeField(help_text='When it came onto the timeline.', null=True)),
                ('lead', models.ForeignKey(db_index=False, help_text='Whose timeline it belongs on.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead')),
                ('visitor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='leads.visitor')),
            ],
            options={
                'verbose_name': "visitor's event",
            },
        ),
        migrations.AddIndex(
            model_name='visitor',
            index=models.Index(condition=models.Q(('lead', None)), fields=['last_seen_at'], name='visitor_anonymous'),
        ),
        migrations.AddIndex(
            model_name='visitorevent',
            index=models.Index(condition=models.Q(('lead__isnull', False)), fields=['lead'], name='visitor_event_of_lead'),
        ),
        migrations.AddIndex(
            model_name='visitorevent',
            index=models.Index(condition=models.Q(('lead__isnull', False), ('taken_at', None)), fields=['lead'], name='visitor_event_waiting'),
        ),
        migrations.AddIndex(
            model_name='visitorevent',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['recorded_at'], name='visitor_event_recorded'),
        ),
    ]
