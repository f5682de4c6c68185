"""Interest that is held at nothing fades too: the index of what is counted anew each day knows it."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # the indexes change while the table is in use

    dependencies = [('leads', '0021_heat')]

    operations = [
        AddIndexConcurrently(
            model_name='leadscore',
            index=models.Index(condition=models.Q(('engagement__gt', 0), ('parts__contains', [{'group': 'engagement'}]), _connector='OR'), fields=['scored_at'], name='score_fades'),
        ),
        RemoveIndexConcurrently(model_name='leadscore', name='score_fading'),
    ]
