"""Each weekday of the agreement's calendar may have hours of its own; until somebody says so, all have the usual ones."""

from django.db import migrations, models
from django.db.models.lookups import Exact

ILL = "jsonb_path_exists(%(expressions)s, 'strict $.* ? (!(@[0] < @[1]))', silent => true)"


class Migration(migrations.Migration):
    dependencies = [("handoff", "0025_mail_to_leads")]

    operations = [
        migrations.AddField(
            model_name="agreement",
            name="hours",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                help_text='Weekday -> opens, closes, as in {"4": ["09:00", "14:00"]}; the others have the usual ones.',
                verbose_name="hours of single weekdays",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=Exact(
                    models.Func(models.F("hours"), template=ILL, output_field=models.BooleanField()), False
                ),
                name="agreement_hours_open_before_they_close",
            ),
        ),
    ]
