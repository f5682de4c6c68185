"""What chances said is kept with what was known; a chance waits for the trees; a training says when it began."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False  # the index is made beside a running installation

    dependencies = [('leads', '0017_half_life_per_rule')]

    operations = [
        migrations.AddField(
            model_name='learnedmodel',
            name='newest_outcome',
            field=models.PositiveBigIntegerField(db_default=0, default=0, help_text='The key of the newest outcome that it learned from.'),
        ),
        migrations.AddField(
            model_name='learning',
            name='began_at',
            field=models.DateTimeField(help_text='After `tried_at`: one runs or was stopped.', null=True),
        ),
        migrations.AddField(
            model_name='chance',
            name='waits',
            field=models.BooleanField(db_default=False, default=False, help_text='Answered at once; the worker says the whole of it soon.'),
        ),
        migrations.AddField(
            model_name='snapshot',
            name='probability',
            field=models.FloatField(help_text='The chance that was said then; NULL: none was, or it was kept before this was.', null=True),
        ),
        migrations.AddField(
            model_name='snapshot',
            name='model',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.learnedmodel'),
        ),
        AddIndexConcurrently(
            model_name='chance',
            index=models.Index(condition=Q(('waits', True)), fields=['lead'], name='chance_waits'),
        ),
        AddConstraintNotValid(
            model_name='snapshot',
            constraint=models.CheckConstraint(
                condition=models.Q(('model', None), ('probability', None))
                | models.Q(('model__isnull', False), ('probability__gte', 0), ('probability__lte', 1)),
                name='snapshot_chance_has_model',
            ),
        ),
        ValidateConstraint(model_name='snapshot', name='snapshot_chance_has_model'),
    ]
