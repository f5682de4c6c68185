"""The page of forms counts what came by each, without reading every submission."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0028_web_forms")]

    operations = [
        AddIndexConcurrently(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("webform__isnull", False)),
                fields=["webform", "received_at"],
                name="submission_by_form",
            ),
        ),
    ]
