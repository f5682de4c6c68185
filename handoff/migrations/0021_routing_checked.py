"""The check on unowned offers holds for every row; who holds how much, and what waits in a queue, is looked up."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("handoff", "0011_routing")]

    operations = [
        ValidateConstraint(model_name="handoff", name="handoff_unowned_has_queue"),
        AddIndexConcurrently(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("ended_at", None)), fields=["owner", "queue"], name="handoff_open_by_owner"
            ),
        ),
        AddIndexConcurrently(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("ended_at", None), ("owner", None)),
                fields=["queue", "due_at"],
                name="handoff_unowned",
            ),
        ),
    ]
