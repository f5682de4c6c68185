import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('handoff', '0020_signed'),
        ('leads', '0010_definition'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('activity', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='comment', serialize=False, to='leads.activity')),
                ('edited_at', models.DateTimeField(null=True)),
                ('deleted_at', models.DateTimeField(null=True)),
                ('deleted_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('parent', models.ForeignKey(help_text='The comment that began the thread.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='replies', to='leads.activity')),
            ],
            options={
                'verbose_name': 'comment',
            },
        ),
        migrations.CreateModel(
            name='ShoutOut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.CharField(choices=[('marketing', 'Marketing'), ('sales', 'Sales'), ('management', 'Management')], help_text="The team that is thanked, or the person's.", max_length=10)),
                ('text', models.TextField()),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='shout_outs', to='leads.lead')),
                ('to', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'shout-out',
            },
        ),
        migrations.CreateModel(
            name='SideNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.CharField(choices=[('marketing', 'Marketing'), ('sales', 'Sales'), ('management', 'Management')], max_length=10)),
                ('version', models.PositiveIntegerField(default=1)),
                ('known', models.TextField(blank=True, verbose_name='what we know')),
                ('needed', models.TextField(blank=True, verbose_name='what we need')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='side_notes', to='leads.lead')),
            ],
            options={
                'verbose_name': 'side note',
            },
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('fields', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('due_on', models.DateField(blank=True, help_text='Where a whole day is meant.', null=True, verbose_name='due')),
                ('due_at', models.DateTimeField(blank=True, help_text='The moment; of a whole day, its end.', null=True)),
                ('sort_at', models.DateTimeField(default=datetime.datetime(9999, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), help_text='`due_at`, or after everything that is due.')),
                ('repeat', models.CharField(blank=True, choices=[('', 'Does not repeat'), ('daily', 'Every day'), ('business', 'Every business day'), ('weekly', 'Every week'), ('monthly', 'Every month')], max_length=8, verbose_name='repeat')),
                ('month_day', models.PositiveSmallIntegerField(blank=True, help_text='Of a monthly one: the 31st is the 28th in February, and the 31st in March.', null=True)),
                ('remind', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), blank=True, default=list, help_text='Minutes before.', size=None)),
                ('version', models.PositiveIntegerField(default=1, help_text='Rises with every change; tells a stale form.')),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('dropped_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('done_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dropped_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('follows', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='followed_by', to='handoff.task')),
                ('handoff', models.ForeignKey(blank=True, help_text='The returned hand-off that this task mends.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tasks', to='handoff.handoff')),
                ('lead', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='tasks', to='leads.lead')),
                ('owner', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'task',
            },
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minutes', models.PositiveIntegerField(help_text='Minutes before the task is due.')),
                ('at', models.DateTimeField()),
                ('told_at', models.DateTimeField(null=True)),
                ('task', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reminders', to='handoff.task')),
            ],
            options={
                'verbose_name': 'reminder',
            },
        ),
        migrations.CreateModel(
            name='Watch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.BooleanField(default=True)),
                ('since', models.DateTimeField(default=django.utils.timezone.now)),
                ('lead', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='watches', to='leads.lead')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='watches', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'watch',
            },
        ),
        migrations.CreateModel(
            name='Wording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(blank=True)),
                ('until', models.DateTimeField(default=django.utils.timezone.now, help_text='When other words took its place.')),
                ('comment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='wordings', to='handoff.comment')),
            ],
            options={
                'verbose_name': 'earlier wording',
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='As the person called it; never a path.', max_length=200)),
                ('size', models.PositiveBigIntegerField()),
                ('digest', models.CharField(help_text='SHA-256', max_length=64)),
                ('place', models.CharField(help_text='Where its bytes lie below MEDIA_ROOT.', max_length=40, unique=True)),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('removed_at', models.DateTimeField(null=True)),
                ('activity', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='leads.activity')),
                ('added_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'attachment',
                'indexes': [models.Index(condition=models.Q(('removed_at__isnull', False)), fields=['removed_at'], name='attachment_removed')],
            },
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('deleted_at', None), ('deleted_by', None)), models.Q(('deleted_at__isnull', False), ('deleted_by__isnull', False)), _connector='OR'), name='comment_deleted_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('parent', None), models.Q(('parent', models.F('activity')), _negated=True), _connector='OR'), name='comment_answers_another'),
        ),
        migrations.AddConstraint(
            model_name='shoutout',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='shout_out_has_words'),
        ),
        migrations.AddConstraint(
            model_name='shoutout',
            constraint=models.CheckConstraint(condition=models.Q(('to', None), models.Q(('to', models.F('by')), _negated=True), _connector='OR'), name='shout_out_for_another'),
        ),
        migrations.AddConstraint(
            model_name='sidenote',
            constraint=models.UniqueConstraint(fields=('lead', 'team', 'version'), name='side_note_version_once'),
        ),
        migrations.AddConstraint(
            model_name='sidenote',
            constraint=models.CheckConstraint(condition=models.Q(('team__in', ['marketing', 'sales'])), name='side_note_of_a_side'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at', None), ('dropped_at', None)), fields=['owner', 'sort_at', 'id'], name='task_of_owner'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at', None), ('dropped_at', None)), fields=['created_by', 'sort_at', 'id'], name='task_of_creator'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at', None), ('dropped_at', None)), fields=['sort_at', 'id'], name='task_by_due'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at__isnull', False)), fields=['owner', '-done_at', '-id'], name='task_done'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at__isnull', False)), fields=['-done_at', '-id'], name='task_done_by_all'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('lead__isnull', False)), fields=['lead', 'sort_at', 'id'], name='task_of_lead'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('repeat__in', ['', 'daily', 'business', 'weekly', 'monthly'])), name='task_repeat_known'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('repeat', ''), ('due_at__isnull', False), _connector='OR'), name='task_repeat_has_due'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('due_on', None), ('due_at__isnull', False), _connector='OR'), name='task_day_has_its_end'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('done_at', None), ('dropped_at', None), _connector='OR'), name='task_done_or_dropped'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='task_has_title'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('told_at', None)), fields=['at', 'id'], name='reminder_waiting'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.UniqueConstraint(fields=('task', 'minutes'), name='reminder_once'),
        ),
        migrations.AddIndex(
            model_name='watch',
            index=models.Index(fields=['person'], name='watch_of_person'),
        ),
        migrations.AddConstraint(
            model_name='watch',
            constraint=models.UniqueConstraint(fields=('lead', 'person'), name='watch_once'),
        ),
    ]
