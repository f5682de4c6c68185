"""A mail may go to a lead, written by a colleague."""

from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import CASCADE


class Migration(migrations.Migration):
    atomic = False  # the index is built while mails are sent

    dependencies = [
        ("handoff", "0024_put_off"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="lead",
            field=models.ForeignKey(
                db_index=False, null=True, on_delete=CASCADE, related_name="messages", to="leads.lead"
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                help_text="Whose mail it is: who gets it, or, where there is a lead, who wrote it to them.",
                null=True,
                on_delete=CASCADE,
                related_name="messages",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=Q(lead=None) | Q(channel="mail"), name="message_to_lead_is_mail"
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(condition=Q(lead__isnull=False), fields=["lead"], name="message_of_lead"),
        ),
    ]
