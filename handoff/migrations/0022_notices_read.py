from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # notices are many: their indexes are built while people write more of them

    dependencies = [
        ('handoff', '0012_deliveries'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='notice',
            index=models.Index(condition=models.Q(('read_at', None)), fields=['person'], name='notice_unread'),
        ),
    ]
