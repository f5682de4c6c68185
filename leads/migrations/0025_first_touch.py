"""Where a lead first came from, raw."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('leads', '0023_ways')]

    operations = [
        migrations.AddField(
            model_name='lead',
            name='first_touch',
            field=models.JSONField(editable=False, help_text='Where they first came from, raw; written once.', null=True, verbose_name='first touch'),
        ),
    ]
