"""Forms on websites: what they ask, the words people agree to, and the form of each submission."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import leads.models.webform
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0027_batches'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='submission',
            name='held_for',
            field=models.CharField(help_text='Why it waits for a person before anything is made of it.', max_length=200, null=True),
        ),
        migrations.CreateModel(
            name='ConsentWording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('words', models.TextField()),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('written_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'consent wording',
                'ordering': ['form', '-version'],
            },
        ),
        migrations.CreateModel(
            name='WebForm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=leads.models.webform.new_public_id, editable=False, max_length=32, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('title', models.CharField(blank=True, max_length=120, verbose_name='heading')),
                ('intro', models.TextField(blank=True, max_length=2000, verbose_name='words above the fields')),
                ('fields', models.JSONField(default=list, verbose_name='fields')),
                ('button', models.CharField(default='Send', max_length=60, verbose_name='words on the button')),
                ('consent_required', models.BooleanField(default=True, verbose_name='nobody sends the form without agreeing')),
                ('thanks', models.TextField(max_length=2000, verbose_name='words of thanks')),
                ('redirect_to', models.URLField(blank=True, max_length=500, verbose_name='thank-you page')),
                ('hand_raise', models.CharField(choices=[('never', 'No'), ('offered', 'Visitors may tick a box'), ('always', 'Whoever sends the form asks for it')], default='never', max_length=8, verbose_name='asks for a talk')),
                ('accent', models.CharField(default='#5b3df5', max_length=7, verbose_name='colour')),
                ('font', models.CharField(choices=[('site', "The website's own"), ('sans', 'Sans serif'), ('serif', 'Serif'), ('mono', 'Monospace')], default='site', max_length=5, verbose_name='typeface')),
                ('corner', models.CharField(choices=[('square', 'Square'), ('soft', 'Soft'), ('round', 'Round')], default='soft', max_length=6, verbose_name='corners')),
                ('scheme', models.CharField(choices=[('light', 'Light'), ('dark', 'Dark'), ('auto', "As the visitor's device")], default='light', max_length=5, verbose_name='light or dark')),
                ('hosts', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=260), blank=True, default=list, help_text='Origins such as https://www.example.com, normalised.', size=None, verbose_name='websites that may show it')),
                ('version', models.PositiveIntegerField(default=1, help_text='Counts up at each edit.')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('campaign', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='leads.campaign')),
                ('consent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.consentwording')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='leads.source')),
            ],
            options={
                'verbose_name': 'form',
                'verbose_name_plural': 'forms',
                'ordering': ['retired_at', 'name', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='consentwording',
            name='form',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='wordings', to='leads.webform'),
        ),
        migrations.AddField(
            model_name='submission',
            name='webform',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='leads.webform'),
        ),
        migrations.AddConstraint(
            model_name='webform',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='web_form_name_unique', violation_error_message='Another form has this name.'),
        ),
        migrations.AddConstraint(
            model_name='webform',
            constraint=models.CheckConstraint(condition=models.Q(('hand_raise__in', ['never', 'offered', 'always'])), name='web_form_hand_raise_known'),
        ),
        migrations.AddConstraint(
            model_name='webform',
            constraint=models.CheckConstraint(condition=models.Q(('font__in', ['site', 'sans', 'serif', 'mono'])), name='web_form_font_known'),
        ),
        migrations.AddConstraint(
            model_name='webform',
            constraint=models.CheckConstraint(condition=models.Q(('corner__in', ['square', 'soft', 'round'])), name='web_form_corner_known'),
        ),
        migrations.AddConstraint(
            model_name='webform',
            constraint=models.CheckConstraint(condition=models.Q(('scheme__in', ['light', 'dark', 'auto'])), name='web_form_scheme_known'),
        ),
        migrations.AddConstraint(
            model_name='webform',
            constraint=models.CheckConstraint(condition=models.Q(('accent__regex', '^#[0-9a-f]{6}$')), name='web_form_accent_is_hex'),
        ),
        migrations.AddConstraint(
            model_name='webform',
            constraint=models.CheckConstraint(condition=models.Q(('redirect_to', ''), ('redirect_to__startswith', 'https://'), _connector='OR'), name='web_form_redirect_is_https'),
        ),
        migrations.AddConstraint(
            model_name='consentwording',
            constraint=models.UniqueConstraint(fields=('form', 'version'), name='consent_wording_version_once'),
        ),
    ]
