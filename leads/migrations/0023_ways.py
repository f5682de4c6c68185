"""Leads come in by the website and by webhooks too."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # the rows are looked through without a lock that keeps anybody from adding some

    dependencies = [('leads', '0022_score_fades')]

    operations = [
        migrations.AlterField(
            model_name='submission',
            name='way',
            field=models.CharField(choices=[('hand', 'By hand'), ('api', 'API'), ('file', 'File'), ('form', 'Form'), ('tracker', 'Website'), ('webhook', 'Webhook')], max_length=8),
        ),
        migrations.RemoveConstraint(model_name='submission', name='submission_way_known'),
        AddConstraintNotValid(
            model_name='submission',
            constraint=models.CheckConstraint(condition=models.Q(('way__in', ['hand', 'api', 'file', 'form', 'tracker', 'webhook'])), name='submission_way_known'),
        ),
        ValidateConstraint(model_name='submission', name='submission_way_known'),
    ]
