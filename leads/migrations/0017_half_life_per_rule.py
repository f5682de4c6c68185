"""Each rule of engagement has a half-life of its own; before, one half-life held for all."""

from django.db import migrations

KEPT = (7, 30, 90)


def _number(value):
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e9 else 30


def apart(apps, schema_editor):
    for card in apps.get_model('leads', 'Scorecard').objects.all():
        days = _number(card.points.pop('half_life_days', 30))
        nearest = min(KEPT, key=lambda half_life: abs(half_life - days))
        for rule in card.points.get('engagement', []):
            rule.setdefault('op', 'each')
            if rule['op'] == 'each':
                rule.setdefault('half_life', nearest)
        card.save(update_fields=['points'])


def together(apps, schema_editor):
    """The half-life that most rules have holds for all again; rules of another kind than `each` are lost."""
    for card in apps.get_model('leads', 'Scorecard').objects.all():
        rules = [rule for rule in card.points.get('engagement', []) if rule.get('op', 'each') == 'each']
        lives = [rule.pop('half_life', 30) or 90 for rule in rules]
        for rule in rules:
            rule.pop('op', None)
        card.points['half_life_days'] = max(KEPT, key=lives.count) if lives else 30
        card.points['engagement'] = rules
        card.save(update_fields=['points'])


class Migration(migrations.Migration):

    dependencies = [('leads', '0016_learning')]

    operations = [migrations.RunPython(apart, together)]
