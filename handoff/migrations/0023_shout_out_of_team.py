from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0021_routing_checked'),
        ('leads', '0010_definition'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='shoutout',
            index=models.Index(fields=['team', '-id'], name='shout_out_of_team'),
        ),
    ]
