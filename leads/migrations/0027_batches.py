"""Many leads that come at once under one key are known by it; what is new on all leads is found by when it was recorded."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # the index is built while people go on writing

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('leads', '0025_visitors'),
    ]

    operations = [
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('digest', models.CharField(help_text='Of the rows as they came.', max_length=64)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={'verbose_name': 'batch', 'verbose_name_plural': 'batches'},
        ),
        AddIndexConcurrently(
            model_name='activity',
            index=models.Index(fields=['-recorded_at', '-id'], name='activity_recorded'),
        ),
    ]
