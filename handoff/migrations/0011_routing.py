"""Unowned offers lie in a queue, never nowhere; what lies there already goes to 'All of sales'."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

# The rows come last: a table with pending checks of its keys cannot be altered.
QUEUE = """
INSERT INTO handoff_queue (name, everybody, way, retired, credits, among, lately)
VALUES ('All of sales', true, 'pool', false, '{}', '{}', '{}');
UPDATE handoff_handoff SET queue_id = (SELECT id FROM handoff_queue WHERE everybody)
 WHERE owner_id IS NULL AND ended_at IS NULL;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0013_conversation'),
        ('accounts', '0011_presence'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RoutingDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('why', models.CharField(max_length=300)),
                ('steps', models.JSONField(default=list, help_text='What was asked, in order, and what came of it.')),
                ('considered', models.JSONField(default=list, help_text='Who might have got it, and why they did not.')),
                ('by_clock', models.BooleanField(default=False)),
            ],
            options={
                'verbose_name': 'routing decision',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='RoutingRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('position', models.PositiveIntegerField(default=0)),
                ('retired', models.BooleanField(default=False, verbose_name='retired')),
                ('countries', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, default=list, size=None, verbose_name='countries')),
                ('places', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, size=None)),
                ('industries', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, size=None)),
                ('size_from', models.PositiveIntegerField(blank=True, null=True, verbose_name='staff, at least')),
                ('size_to', models.PositiveIntegerField(blank=True, null=True, verbose_name='staff, at most')),
                ('sources', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, size=None)),
                ('value_from', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name='value, at least')),
                ('value_to', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name='value, at most')),
                ('personas', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None, verbose_name='personas')),
                ('way', models.CharField(blank=True, choices=[('pool', 'its reps claim it'), ('turns', 'its reps get it in turn')], max_length=5, verbose_name='how it is shared')),
                ('only_in_hours', models.BooleanField(default=False, verbose_name='only to who works at this hour')),
            ],
            options={
                'verbose_name': 'routing rule',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='handoff',
            name='reassigned',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='How often by the clock.'),
        ),
        migrations.AlterField(
            model_name='samplemark',
            name='kind',
            field=models.CharField(choices=[('person', 'Person'), ('lead', 'Lead'), ('company', 'Company'), ('persona', 'Persona'), ('source', 'Source'), ('campaign', 'Campaign'), ('queue', 'Queue'), ('rule', 'Routing rule')], max_length=8),
        ),
        migrations.CreateModel(
            name='Queue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('everybody', models.BooleanField(default=False, help_text='Every active rep of sales: where no rule leads away.')),
                ('way', models.CharField(choices=[('pool', 'its reps claim it'), ('turns', 'its reps get it in turn')], default='pool', max_length=5, verbose_name='how it is shared')),
                ('retired', models.BooleanField(default=False, verbose_name='retired')),
                ('credits', models.JSONField(default=dict, editable=False)),
                ('among', models.JSONField(default=dict, editable=False)),
                ('lately', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, editable=False, size=None)),
            ],
            options={
                'verbose_name': 'queue',
                'ordering': ['-everybody', 'name', 'pk'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), condition=models.Q(('retired', False)), name='queue_name_unique'), models.UniqueConstraint(condition=models.Q(('everybody', True)), fields=('everybody',), name='queue_one_of_everybody'), models.CheckConstraint(condition=models.Q(('everybody', False), ('retired', False), _connector='OR'), name='queue_of_everybody_stays')],
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weight', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10)], verbose_name='weight')),
                ('capacity', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='open hand-offs of this queue at once')),
                ('rep', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='queues', to=settings.AUTH_USER_MODEL)),
                ('queue', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='members', to='handoff.queue')),
            ],
        ),
        migrations.AddField(
            model_name='handoff',
            name='queue',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='handoffs', to='handoff.queue'),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='actor',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='before',
            field=models.ForeignKey(db_index=False, help_text='Who had it until then.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='handoff',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='handoff.handoff'),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='queue',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='handoff.queue'),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='rep',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='routingrule',
            name='queue',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rules', to='handoff.queue'),
        ),
        migrations.AddField(
            model_name='routingrule',
            name='rep',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='routingdecision',
            name='rule',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='handoff.routingrule'),
        ),
        migrations.AddConstraint(
            model_name='member',
            constraint=models.UniqueConstraint(fields=('queue', 'rep'), name='queue_member_once'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('queue', None), ('rep__isnull', False)), models.Q(('queue__isnull', False), ('rep', None)), _connector='OR'), name='routing_rule_names_one_target'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.CheckConstraint(condition=models.Q(('size_from', None), ('size_to', None), ('size_from__lte', models.F('size_to')), _connector='OR'), name='routing_rule_size_in_order'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.CheckConstraint(condition=models.Q(('value_from', None), ('value_to', None), ('value_from__lte', models.F('value_to')), _connector='OR'), name='routing_rule_value_in_order'),
        ),
        AddConstraintNotValid(
            model_name='handoff',
            constraint=models.CheckConstraint(condition=models.Q(('owner__isnull', False), ('queue__isnull', False), ('ended_at__isnull', False), _connector='OR'), name='handoff_unowned_has_queue'),
        ),
        migrations.RunSQL(QUEUE, migrations.RunSQL.noop),
    ]
