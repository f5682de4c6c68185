"""The inbox lists what came back, newest first."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("handoff", "0002_invariants")]

    operations = [
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("end", "returned")), fields=["-ended_at", "-id"], name="handoff_returned"
            ),
        ),
    ]
