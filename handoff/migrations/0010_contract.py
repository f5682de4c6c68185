"""The contract that both teams sign: drafts, signatures, amendments, and the promises that were not yet in it."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0004_sample_marks'),
        ('leads', '0010_definition'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Amendment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('edit', models.PositiveIntegerField()),
                ('changes', models.JSONField(default=dict, help_text="Each term's old and new value.")),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name': 'amendment',
                'ordering': ['-edit'],
            },
        ),
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.CharField(choices=[('marketing', 'Marketing'), ('sales', 'Sales'), ('management', 'Management')], max_length=10, verbose_name='for the team')),
                ('person_team', models.CharField(choices=[('marketing', 'Marketing'), ('sales', 'Sales'), ('management', 'Management')], max_length=10, verbose_name='team of the person, then')),
                ('way', models.CharField(choices=[('signed', 'Signed in the browser'), ('put_in_force', 'Put in force by a manager, before both teams signed')], default='signed', max_length=12)),
                ('edit', models.PositiveIntegerField(default=1)),
                ('signed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('voided_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'signature',
                'ordering': ['signed_at', 'pk'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='agreement',
            name='agreement_one_in_force',
        ),
        migrations.AddField(
            model_name='agreement',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=5, default=5, verbose_name='attempts before a lead is unreachable'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='attempts_days',
            field=models.PositiveSmallIntegerField(db_default=10, default=10, verbose_name='over so many business days'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='both_qualify',
            field=models.BooleanField(db_default=False, default=False, verbose_name='qualification needs a name from each team'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='completeness',
            field=models.PositiveSmallIntegerField(null=True, verbose_name='facts known of a lead that is offered, percent'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='contact_within',
            field=models.PositiveIntegerField(db_default=1440, default=1440, verbose_name='two-way contact within, business minutes'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='days_off',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), db_default=[], default=list, size=None, verbose_name='days off of our own'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='drafted_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='agreement',
            name='drafted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='agreement',
            name='edit',
            field=models.PositiveIntegerField(db_default=1, default=1, help_text='Rises with every change of the draft.'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='escalate_after',
            field=models.PositiveIntegerField(db_default=120, default=120, verbose_name='managers hear after the breach, business minutes'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='leads_a_month',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='leads offered a month'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='reassign_after',
            field=models.PositiveIntegerField(db_default=480, default=480, help_text='0: never.', verbose_name='reassigned after that, business minutes'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='reassign_most',
            field=models.PositiveSmallIntegerField(db_default=2, default=2, verbose_name='reassigned at most, times'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='remind_before',
            field=models.PositiveIntegerField(db_default=60, default=60, verbose_name='remind before, business minutes'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='value_a_month',
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name='their expected value a month'),
        ),
        migrations.AddField(
            model_name='agreement',
            name='why',
            field=models.TextField(blank=True, db_default='', default='', verbose_name='why it changes'),
        ),
        migrations.AlterField(
            model_name='agreement',
            name='agreed_by',
            field=models.ForeignKey(blank=True, help_text='Whose signature put it in force.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='agreement',
            name='in_force_since',
            field=models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None), ('in_force_since__isnull', False)), fields=('ended_at',), name='agreement_one_in_force', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None), ('in_force_since', None)), fields=('ended_at',), name='agreement_one_draft', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('completeness', None), ('completeness__lte', 100), _connector='OR'), name='agreement_completeness_is_percent'),
        ),
        migrations.AddField(
            model_name='amendment',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='amendments', to='handoff.agreement'),
        ),
        migrations.AddField(
            model_name='amendment',
            name='person',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='signature',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='signatures', to='handoff.agreement'),
        ),
        migrations.AddField(
            model_name='signature',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='amendment',
            constraint=models.UniqueConstraint(fields=('agreement', 'edit'), name='amendment_once_an_edit'),
        ),
        migrations.AddConstraint(
            model_name='signature',
            constraint=models.UniqueConstraint(condition=models.Q(('voided_at', None)), fields=('agreement', 'team'), name='signature_one_a_team'),
        ),
        migrations.AddConstraint(
            model_name='signature',
            constraint=models.CheckConstraint(condition=models.Q(('team__in', ('marketing', 'sales'))), name='signature_is_of_a_party'),
        ),
    ]
