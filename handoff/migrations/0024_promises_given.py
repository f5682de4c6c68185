"""Figures tell promises by the day on which they were given."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("handoff", "0015_promises")]

    operations = [
        AddIndexConcurrently(
            model_name="promise",
            index=models.Index(fields=["started_at"], name="promise_given"),
        ),
        RemoveIndexConcurrently(model_name="promise", name="promise_due"),
    ]
