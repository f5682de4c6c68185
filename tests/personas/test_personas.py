"""Personas: written by both teams, recognised by rules, shown with the reason."""

from django.urls import reverse

from leads import capture
from leads.models import Lead
from personas.fit import fit
from personas.models import Persona
from tests.factories import make_lead, make_user


def form(**said):
    rows = said.pop("rules", [])
    data = {"name": "Energy manager", "buying_role": "champion", **said}
    data |= {"rules-TOTAL_FORMS": len(rows), "rules-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        data |= {f"rules-{number}-{name}": value for name, value in row.items()}
    return data


def test_marketing_writes_a_persona_and_the_next_lead_is_recognised(client):
    client.force_login(make_user("mia"))
    rules = [{"field": "job_title", "op": "contains", "value": "energy, facility", "points": 10}]
    response = client.post(reverse("personas:add"), form(hopes="One figure per line", rules=rules), follow=True)
    assert "One figure per line" in response.text
    lead = make_lead(job_title="Head of Energy")
    assert (lead.persona.name, make_lead(job_title="Buyer").persona) == ("Energy manager", None)


def test_a_rule_that_says_nothing_is_shown_again_with_the_reason(client):
    client.force_login(make_user("sam", team="sales"))
    rules = [{"field": "size", "op": "at_least", "value": "many", "points": 10}]
    response = client.post(reverse("personas:add"), form(name="Buyer", fears="A stop of the line", rules=rules))
    assert response.status_code == 422
    assert "Expected a number." in response.text
    assert "A stop of the line" in response.text
    assert not Persona.objects.exists()


def test_two_personas_cannot_have_one_name(client):
    Persona.objects.create(name="Energy Manager")
    client.force_login(make_user("mia"))
    assert client.post(reverse("personas:add"), form()).status_code == 422


def test_a_persona_that_a_person_chose_stays_when_rules_say_otherwise():
    chosen = Persona.objects.create(name="CFO")
    Persona.objects.create(
        name="Energy manager", rules=[{"field": "job_title", "op": "contains", "value": ["energy"], "points": 5}]
    )
    lead = make_lead(job_title="Head of energy")
    Lead.objects.filter(pk=lead.pk).update(persona=chosen, persona_chosen=True)
    capture.log(lead, kind="web:pricing")
    lead.refresh_from_db()
    assert lead.persona == chosen


def test_a_retired_persona_fits_nobody_new(client):
    persona = Persona.objects.create(
        name="Energy manager", rules=[{"field": "job_title", "op": "contains", "value": ["energy"], "points": 5}]
    )
    client.force_login(make_user("mia"))
    client.post(reverse("personas:edit", args=[persona.pk]), form(retired="on"))
    assert make_lead(job_title="Head of energy").persona is None


def test_the_persona_with_the_most_points_fits_and_says_why():
    class Written:
        def __init__(self, *rules):
            self.rules = rules

    weak = Written({"field": "size", "op": "at_least", "value": 100, "points": 3})
    strong = Written(
        {"field": "size", "op": "at_least", "value": 100, "points": 3},
        {"field": "country", "op": "is", "value": ["AT"], "points": 2},
    )
    best = fit({"size": 310, "country": "AT"}, [weak, strong])
    assert (best.persona, best.points, [rule.field for rule in best.reasons]) == (strong, 5, ["size", "country"])
    assert fit({"size": "unknown"}, [weak, strong]).persona is None


def test_lists_take_the_same_number_of_queries_for_three_personas_and_for_thirty(client, django_assert_num_queries):
    client.force_login(make_user("mia"))
    Persona.objects.bulk_create(Persona(name=f"Persona {number}") for number in range(3))
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(reverse("personas:list"))
    Persona.objects.bulk_create(Persona(name=f"More {number}") for number in range(27))
    with django_assert_num_queries(len(few)):
        client.get(reverse("personas:list"))
