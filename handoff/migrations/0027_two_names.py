"""The first of two names, where an agreement asks for one of each team to qualify a lead."""

from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    atomic = False  # the check on what is there is made while people go on working

    dependencies = [
        ("handoff", "0026_hours_of_weekdays"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="handoff",
            name="named_at",
            field=models.DateTimeField(
                help_text="When the first of two names was given, if two are agreed.", null=True
            ),
        ),
        migrations.AddField(
            model_name="handoff",
            name="named_by",
            field=models.ForeignKey(
                db_index=False, null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        AddConstraintNotValid(
            model_name="handoff",
            constraint=models.CheckConstraint(
                condition=Q(named_at=None, named_by=None)
                | Q(named_at__isnull=False, named_by__isnull=False)
                & (Q(lane="sal", ended_at=None) | Q(lane="sql", qualified_at__gte=F("named_at"))),
                name="handoff_first_name_waits_or_counts",
            ),
        ),
        ValidateConstraint(model_name="handoff", name="handoff_first_name_waits_or_counts"),
    ]
