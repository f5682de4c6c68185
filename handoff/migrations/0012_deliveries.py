import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_api_tokens'),
        ('handoff', '0023_shout_out_of_team'),
        ('leads', '0010_definition'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('mail', 'E-mail'), ('hook', 'Webhook')], max_length=4)),
                ('kind', models.CharField(max_length=40)),
                ('event', models.CharField(max_length=80)),
                ('pace', models.CharField(choices=[('now', 'At once'), ('hourly', 'Hourly, in one mail'), ('daily', 'Daily, in one mail'), ('off', 'Never')], default='now', max_length=6)),
                ('planned_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('due_at', models.DateTimeField()),
                ('composed_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
            },
        ),
        migrations.CreateModel(
            name='Hook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('style', models.CharField(choices=[('slack', 'Slack'), ('mattermost', 'Mattermost'), ('webhook', 'A program (signed webhook)')], max_length=10, verbose_name='kind of receiver')),
                ('url', models.URLField(max_length=500, verbose_name='address')),
                ('secret', models.CharField(blank=True, help_text='Signs what a program gets; shown once.', max_length=80)),
                ('kinds', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), default=list, size=None)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('failures', models.PositiveSmallIntegerField(default=0, help_text='In a row, since it last answered.')),
                ('rests_until', models.DateTimeField(help_text='Not tried again before.', null=True)),
                ('disabled_at', models.DateTimeField(null=True)),
                ('disabled_why', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'verbose_name': 'webhook',
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ident', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('channel', models.CharField(choices=[('mail', 'E-mail'), ('hook', 'Webhook')], max_length=4)),
                ('subject', models.CharField(blank=True, max_length=200)),
                ('text', models.TextField()),
                ('html', models.TextField(blank=True)),
                ('data', models.JSONField(default=dict, help_text='Headers of a mail, or what is posted to a hook.')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now, help_text='Not tried before.')),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('tried_at', models.DateTimeField(null=True)),
                ('repeats', models.PositiveSmallIntegerField(default=0)),
                ('sent_at', models.DateTimeField(null=True)),
                ('stopped_at', models.DateTimeField(help_text='Given up, or kept since no mail server is named.', null=True)),
                ('why', models.CharField(blank=True, help_text='What went wrong last.', max_length=300)),
            ],
            options={
                'verbose_name': 'message',
            },
        ),
        migrations.CreateModel(
            name='NoticeChoices',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='notice_choices', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('by_kind', models.JSONField(default=dict, help_text='kind -> app, mail, chat: only what differs from the default')),
                ('quiet_from', models.TimeField(null=True)),
                ('quiet_until', models.TimeField(null=True)),
                ('quiet_weekends', models.BooleanField(default=False)),
                ('daily_at', models.TimeField(default=datetime.time(8, 0))),
            ],
            options={
                'verbose_name': 'choices of notices',
            },
        ),
        migrations.AlterField(
            model_name='notice',
            name='read_at',
            field=models.DateTimeField(help_text='As it was written, where the bell is muted for its kind.', null=True),
        ),
        migrations.AlterField(
            model_name='notice',
            name='sent_at',
            field=models.DateTimeField(help_text='When it was planned for the ways out; NULL waits for it.', null=True),
        ),
        migrations.AddField(
            model_name='delivery',
            name='notice',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='handoff.notice'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='person',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='hook',
            name='made_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='hook',
            name='person',
            field=models.ForeignKey(help_text="Whose own chat it is; NULL for a hook of everybody's, which managers set up.", null=True, on_delete=django.db.models.deletion.CASCADE, related_name='hooks', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='delivery',
            name='hook',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='handoff.hook'),
        ),
        migrations.AddField(
            model_name='message',
            name='hook',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='handoff.hook'),
        ),
        migrations.AddField(
            model_name='message',
            name='person',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='delivery',
            name='message',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='handoff.message'),
        ),
        migrations.AddConstraint(
            model_name='noticechoices',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quiet_from', None), ('quiet_until', None)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False), models.Q(('quiet_from', models.F('quiet_until')), _negated=True)), _connector='OR'), name='notice_choices_quiet_whole'),
        ),
        migrations.AddConstraint(
            model_name='hook',
            constraint=models.UniqueConstraint(condition=models.Q(('person__isnull', False)), fields=('person',), name='hook_one_own_chat'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('sent_at', None), ('stopped_at', None)), fields=['channel', 'due_at', 'id'], name='message_waiting'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('channel', 'mail'), ('sent_at', None)), fields=['person', '-id'], name='message_unsent_own'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('channel', 'mail'), ('sent_at', None)), fields=['-id'], name='message_unsent_all'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('hook__isnull', False)), fields=['hook', '-id'], name='message_of_hook'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['made_at'], name='message_made'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('channel', 'mail'), ('hook', None), ('person__isnull', False)), models.Q(('channel', 'hook'), ('hook__isnull', False)), _connector='OR'), name='message_has_receiver'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(('sent_at', None), ('stopped_at', None), _connector='OR'), name='message_sent_or_stopped'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('composed_at', None)), fields=['due_at'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('hook', None), ('pace', 'now')), fields=['person', 'kind', '-planned_at'], name='delivery_recent'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['notice'], name='delivery_of_notice'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('hook', None)), fields=('notice',), name='delivery_one_mail_a_notice'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(condition=models.Q(('hook__isnull', False)), fields=('hook', 'event'), name='delivery_one_post_a_hook_and_event'),
        ),
    ]
