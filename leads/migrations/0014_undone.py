"""A stage change that was undone says so."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0010_definition'),
    ]

    operations = [
        migrations.AddField(
            model_name='stagechange',
            name='undone',
            field=models.BooleanField(db_default=False, default=False, help_text='Taken back, or takes back: of such a pair no visit is left.'),
        ),
    ]
