"""Programs post signed events; what they said is kept raw, and what could not be read is mended or put away by people."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

import leads.signed


class Migration(migrations.Migration):
    atomic = False  # indexes and checks are made beside a running installation

    dependencies = [('leads', '0025_first_touch'), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name='WebhookSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret', models.CharField(default=leads.signed.new_secret, help_text='Signs messages; shown once.', max_length=120)),
                ('old_secret', models.CharField(blank=True, max_length=120)),
                ('old_until', models.DateTimeField(null=True)),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('ident', models.UUIDField(default=uuid.uuid4, editable=False, help_text='In its address.', unique=True)),
                ('kind', models.CharField(choices=[('lead', 'A lead comes in'), ('purchase', 'Somebody buys'), ('activity', 'A lead does something')], default='lead', max_length=8, verbose_name='what its events tell')),
                ('mapping', models.JSONField(blank=True, default=dict, help_text='Field of a lead -> path in the body; empty: the body is a lead.')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('retired_at', models.DateTimeField(null=True)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'inbound webhook',
                'constraints': [models.CheckConstraint(condition=Q(kind__in=['lead', 'purchase', 'activity']), name='webhook_source_kind_known')],
            },
        ),
        migrations.AddField(
            model_name='submission',
            name='hook',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='leads.webhooksource'),
        ),
        migrations.AddField(
            model_name='submission',
            name='raw',
            field=models.JSONField(help_text='What the sender said, where the payload was made of it.', null=True),
        ),
        migrations.AddField(
            model_name='submission',
            name='settled_at',
            field=models.DateTimeField(help_text='When a person mended it, or put it away.', null=True),
        ),
        migrations.AddField(
            model_name='submission',
            name='settled_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='submission',
            name='put_away',
            field=models.CharField(blank=True, db_default='', default='', help_text='Why, if it was.', max_length=200),
        ),
        AddIndexConcurrently(
            model_name='submission',
            index=models.Index(condition=Q(hook__isnull=False), fields=['hook', '-id'], name='submission_of_hook'),
        ),
        AddConstraintNotValid(
            model_name='submission',
            constraint=models.CheckConstraint(
                condition=Q(settled_at=None, settled_by=None) | Q(settled_at__isnull=False, settled_by__isnull=False),
                name='submission_settled_by_somebody',
            ),
        ),
        ValidateConstraint(model_name='submission', name='submission_settled_by_somebody'),
        AddConstraintNotValid(
            model_name='submission',
            constraint=models.CheckConstraint(
                condition=Q(put_away='') | Q(settled_at__isnull=False, processed_at=None),
                name='submission_put_away_is_settled',
            ),
        ),
        ValidateConstraint(model_name='submission', name='submission_put_away_is_settled'),
    ]
