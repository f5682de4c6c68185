"""Promises get a ledger of their own: one row each, from its start to how it was kept."""

from functools import cache
from zoneinfo import ZoneInfo

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from handoff.calendar import Calendar


def fill(apps, schema_editor):
    """What hand-offs tell of the promises given so far: answers and first calls. Nobody is told of them again."""
    agreements = apps.get_model("handoff", "Agreement").objects.in_bulk()
    promises, handoffs = apps.get_model("handoff", "Promise"), apps.get_model("handoff", "Handoff")

    @cache
    def calendar(pk):
        said = agreements[pk]
        days, off = frozenset(said.weekdays), frozenset(said.days_off)
        return Calendar(ZoneInfo(said.time_zone), said.opens, said.closes, days, said.holidays, off)

    def row(handoff, kind, began, done):
        agreed = agreements[handoff.agreement_id]
        minutes = agreed.attempt_within if kind == "attempt" else agreed.accept_within
        if handoff.origin == "hand_raise":
            minutes = min(minutes, agreed.hand_raise_within)
        runs = handoff.promise == kind and handoff.ended_at is None
        due = handoff.due_at if runs else calendar(handoff.agreement_id).due(began, minutes)
        stopped = None if runs else done or handoff.ended_at
        if not runs and stopped is None:
            return None
        over = handoff.breached_at if runs else stopped > due
        made = promises(
            handoff=handoff, kind=kind, term=minutes, started_at=began, due_at=due, settled_at=stopped,
            breached_at=handoff.breached_at if runs else None, reminded_at=handoff.reminded_at if runs else None,
            outcome="broken" if over else "" if runs else "kept" if done else "moot",
            owner_id=None if runs and not over else handoff.owner_id,
        )
        if runs and not over:
            made.next_event, made.next_at = "breach", due
            made.escalate_at = calendar(handoff.agreement_id).due(due, agreed.escalate_after)
        return made

    def kept():
        for handoff in handoffs.objects.filter(imported=False).order_by("pk").defer("brief").iterator(2000):
            answered = handoff.accepted_at
            if answered is None and handoff.end in ("returned", "recycled", "disqualified"):
                answered = handoff.ended_at
            if handoff.origin != "requalify":
                yield row(handoff, "answer", handoff.offered_at, answered)
                if handoff.accepted_at:
                    yield row(handoff, "attempt", handoff.accepted_at, handoff.first_attempt_at)

    waiting = []
    for made in kept():
        if made:
            waiting.append(made)
        if len(waiting) >= 2000:
            promises.objects.bulk_create(waiting)
            waiting = []
    promises.objects.bulk_create(waiting)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "UPDATE handoff_handoff SET promise_since = CASE promise WHEN 'attempt' THEN accepted_at ELSE offered_at END"
            " WHERE promise <> ''"
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")  # columns are dropped next


def unfill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "UPDATE handoff_handoff SET breached_at = kept.breached_at, reminded_at = kept.reminded_at"
            "  FROM handoff_promise kept"
            " WHERE kept.handoff_id = handoff_handoff.id AND kept.kind = promise AND kept.settled_at IS NULL"
        )


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0022_notices_read'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Promise',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('answer', 'Answer'), ('attempt', 'First call'), ('contact', 'First talk')], max_length=8)),
                ('term', models.PositiveIntegerField(help_text='Business minutes.')),
                ('started_at', models.DateTimeField()),
                ('remind_at', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField()),
                ('escalate_at', models.DateTimeField(null=True)),
                ('reassign_at', models.DateTimeField(null=True)),
                ('next_event', models.CharField(blank=True, choices=[('remind', 'Reminder'), ('breach', 'Over'), ('escalate', 'Managers hear'), ('reassign', 'Reassigned')], max_length=8)),
                ('next_at', models.DateTimeField(help_text='When the clock sets off the next event; NULL: no more.', null=True)),
                ('reminded_at', models.DateTimeField(null=True)),
                ('breached_at', models.DateTimeField(null=True)),
                ('escalated_at', models.DateTimeField(null=True)),
                ('reassigned_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(help_text='When the clock stopped; NULL while it runs.', null=True)),
                ('outcome', models.CharField(blank=True, choices=[('kept', 'Kept'), ('broken', 'Not kept'), ('moot', 'Needless')], max_length=6)),
            ],
            options={
                'verbose_name': 'promise',
            },
        ),
        migrations.AddField(
            model_name='handoff',
            name='promise_since',
            field=models.DateTimeField(help_text='When that promise was given.', null=True),
        ),
        migrations.AlterField(
            model_name='handoff',
            name='promise',
            field=models.CharField(blank=True, help_text='The promise that runs out next.', max_length=12),
        ),
        migrations.AddField(
            model_name='promise',
            name='handoff',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='promises', to='handoff.handoff'),
        ),
        migrations.AddField(
            model_name='promise',
            name='owner',
            field=models.ForeignKey(db_index=False, help_text='Whose it was when it was kept or broken.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='promises', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='promise',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='promise_next'),
        ),
        migrations.AddIndex(
            model_name='promise',
            index=models.Index(fields=['owner', 'due_at'], name='promise_of_owner'),
        ),
        migrations.AddIndex(
            model_name='promise',
            index=models.Index(fields=['due_at'], name='promise_due'),
        ),
        migrations.AddConstraint(
            model_name='promise',
            constraint=models.UniqueConstraint(condition=models.Q(('settled_at', None)), fields=('handoff', 'kind'), name='promise_runs_once_a_kind'),
        ),
        migrations.AddConstraint(
            model_name='promise',
            constraint=models.CheckConstraint(condition=models.Q(('settled_at', None), models.Q(('next_at', None), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='promise_settled_is_decided'),
        ),
        migrations.AddConstraint(
            model_name='promise',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_at', None), ('next_event', '')), models.Q(('next_at__isnull', False), models.Q(('next_event', ''), _negated=True)), _connector='OR'), name='promise_next_names_event'),
        ),
        migrations.RunPython(fill, unfill),
        migrations.RemoveIndex(
            model_name='handoff',
            name='handoff_promises',
        ),
        migrations.RemoveField(
            model_name='handoff',
            name='breached_at',
        ),
        migrations.RemoveField(
            model_name='handoff',
            name='reminded_at',
        ),
    ]
