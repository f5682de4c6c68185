"""What was learned, the chances by it, what was known when, and the fields that may know too much."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0014_undone'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='outcome',
            name='reason_class',
            field=models.CharField(blank=True, db_default='', help_text='The class of a return.', max_length=12),
        ),
        migrations.CreateModel(
            name='LearnedModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(unique=True)),
                ('state', models.CharField(choices=[('live', 'Live'), ('kept', 'Was live'), ('refused', 'Not taken')], max_length=8)),
                ('parameters', models.JSONField(help_text='The scorecard: what the web process reads.')),
                ('trees', models.BinaryField(help_text='The booster, signed; only the worker reads it.', null=True)),
                ('trial', models.JSONField(default=dict)),
                ('trial_trees', models.BinaryField(null=True)),
                ('figures', models.JSONField(default=dict, help_text='How it fared on the newest outcomes, beside its rivals.')),
                ('why', models.TextField(blank=True, help_text='Why it was taken or not.')),
                ('outcomes', models.PositiveIntegerField(default=0)),
                ('wins', models.PositiveIntegerField(default=0)),
                ('target', models.CharField(default='won', max_length=8)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('live_since', models.DateTimeField(null=True)),
                ('chosen_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'learned model',
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='Chance',
            fields=[
                ('lead', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='chance', serialize=False, to='leads.lead')),
                ('probability', models.FloatField()),
                ('logit', models.FloatField()),
                ('base', models.FloatField(help_text="The average lead's log-odds.")),
                ('parts', models.JSONField(default=list, help_text='[name, value, log-odds], what moves it most first.')),
                ('at', models.DateTimeField()),
                ('model', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.learnedmodel')),
            ],
            options={
                'verbose_name': 'chance',
            },
        ),
        migrations.CreateModel(
            name='Learning',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('win_rate', models.FloatField(default=0.1, help_text='Of all leads, the share that is won.', verbose_name='stated win rate')),
                ('accepted_counts', models.BooleanField(default=False, verbose_name='accepted stands in for won while wins are few')),
                ('tried_at', models.DateTimeField(null=True)),
                ('outcomes_then', models.PositiveIntegerField(default=0)),
                ('said', models.TextField(blank=True, help_text='How the last training ended.')),
            ],
            options={
                'verbose_name': 'learning',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='learning_one_row'), models.CheckConstraint(condition=models.Q(('win_rate__gt', 0), ('win_rate__lt', 1)), name='learning_rate_is_share')],
            },
        ),
        migrations.CreateModel(
            name='Snapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('moment', models.CharField(choices=[('created', 'Created'), ('offered', 'Offered'), ('outcome', 'Outcome')], max_length=8)),
                ('features', models.JSONField()),
                ('points', models.PositiveSmallIntegerField(default=0)),
                ('at', models.DateTimeField()),
                ('lead', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='snapshots', to='leads.lead')),
            ],
            options={
                'verbose_name': 'snapshot',
            },
        ),
        migrations.CreateModel(
            name='Suspect',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
                ('evidence', models.JSONField(help_text='kind, and the shares that speak against it')),
                ('found_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('trusted', models.BooleanField(help_text='What a person decided; NULL: nobody has, so it is kept out.', null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'suspect field',
                'ordering': ['name'],
            },
        ),
        migrations.AddConstraint(
            model_name='learnedmodel',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['live', 'kept', 'refused'])), name='learned_state_known'),
        ),
        migrations.AddConstraint(
            model_name='learnedmodel',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'live')), fields=('state',), name='learned_one_live'),
        ),
        migrations.AddIndex(
            model_name='chance',
            index=models.Index(fields=['-probability', 'lead'], name='chance_highest'),
        ),
        migrations.AddIndex(
            model_name='chance',
            index=models.Index(fields=['model', 'lead'], name='chance_of_model'),
        ),
        migrations.AddConstraint(
            model_name='chance',
            constraint=models.CheckConstraint(condition=models.Q(('probability__gte', 0), ('probability__lte', 1)), name='chance_is_probability'),
        ),
        migrations.AddIndex(
            model_name='snapshot',
            index=models.Index(fields=['lead', 'at'], name='snapshot_of_lead'),
        ),
        migrations.AddConstraint(
            model_name='snapshot',
            constraint=models.CheckConstraint(condition=models.Q(('moment__in', ['created', 'offered', 'outcome'])), name='snapshot_moment_known'),
        ),
    ]
