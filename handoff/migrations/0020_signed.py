"""Earlier versions say what they were: put in force by one manager for both teams, before both signed."""

from django.db import migrations

PARTIES = ("marketing", "sales")


def sign(apps, schema_editor):
    signatures = apps.get_model("handoff", "Signature").objects
    for agreement in apps.get_model("handoff", "Agreement").objects.filter(agreed_by__isnull=False):
        person = agreement.agreed_by
        for team in PARTIES:
            signatures.create(
                agreement=agreement,
                team=team,
                person=person,
                person_team=person.team,
                way="put_in_force",
                signed_at=agreement.in_force_since,
            )


def unsign(apps, schema_editor):
    """Without drafts there is no version that was never in force."""
    apps.get_model("handoff", "Agreement").objects.filter(in_force_since=None).delete()


class Migration(migrations.Migration):
    dependencies = [("handoff", "0010_contract")]

    operations = [migrations.RunPython(sign, unsign)]
