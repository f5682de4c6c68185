"""The inbox lists what is put off."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("handoff", "0014_following")]

    operations = [
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("ended_at", None), ("snoozed_until__isnull", False)),
                fields=["snoozed_until"],
                name="handoff_put_off",
            ),
        ),
    ]
