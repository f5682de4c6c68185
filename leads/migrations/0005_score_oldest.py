from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index on a live table is built beside its readers and writers
    dependencies = [("leads", "0004_import_pieces")]

    operations = [
        AddIndexConcurrently("leadscore", models.Index(fields=["scored_at"], name="score_oldest")),
    ]
