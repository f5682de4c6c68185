"""Marketing's day lists what is to be mended without reading every task of a person."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("handoff", "0030_rep_has_handoff")]

    operations = [
        AddIndexConcurrently(
            model_name="task",
            index=models.Index(
                condition=models.Q(("dropped_at", None), ("handoff__isnull", False)),
                fields=["owner"],
                name="task_that_mends",
            ),
        ),
    ]
