"""Outcomes know the class of their return: learning counts the definitional ones."""

from django.db import migrations


def class_of_returns(apps, schema_editor):
    Outcome, Reason = apps.get_model("leads", "Outcome"), apps.get_model("handoff", "Reason")
    for code, kind in Reason.objects.filter(act="return").values_list("code", "return_class"):
        Outcome.objects.filter(kind="returned", reason=code).update(reason_class=kind)


class Migration(migrations.Migration):
    dependencies = [
        ("handoff", "0027_two_names"),
        ("leads", "0016_learning"),
    ]
    operations = [migrations.RunPython(class_of_returns, migrations.RunPython.noop)]
