"""What an MQL is, beside its points, and what the definition said of each lead when it was last counted."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0006_import_header_and_refused_rows'),
    ]

    operations = [
        migrations.AddField(
            model_name='leadscore',
            name='missing',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), help_text='What the definition asks for and the lead lacked then.', null=True, size=None),
        ),
        migrations.AddField(
            model_name='leadscore',
            name='ready',
            field=models.BooleanField(help_text='Met the definition of an MQL when last counted; NULL: counted before it was kept.', null=True),
        ),
        migrations.AddField(
            model_name='scorecard',
            name='high_intent',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), db_default=[], default=list, help_text='Kinds of activity that count as crossing, whatever the points.', size=None, verbose_name='actions that skip the line'),
        ),
        migrations.AddField(
            model_name='scorecard',
            name='in_force_since',
            field=models.DateTimeField(blank=True, help_text='Whoever was scored before is counted anew; NULL: since it was made.', null=True),
        ),
        migrations.AddField(
            model_name='scorecard',
            name='personas',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), db_default=[], default=list, help_text='Their ids; none: whoever has the points.', size=None, verbose_name='personas that an MQL is one of'),
        ),
        migrations.AddField(
            model_name='scorecard',
            name='required_facts',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), db_default=[], default=list, help_text='Whoever lacks one of them does not cross the line.', size=None, verbose_name='facts that an MQL has'),
        ),
    ]
