"""Adding a lead by hand, and editing its record: rights by field, nothing typed lost, nobody overwritten."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from handoff import answers
from leads import capture, editing
from leads.forms import EditLead
from leads.models import Company, Lead, Signal, Source, Submission
from personas.models import Persona
from tests.factories import make_agreement, make_handoff, make_lead, make_user

ADD = reverse("leads:add")


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


def token(client):
    return re.search(r'name="token" value="([^"]+)"', client.get(ADD).text)[1]


def add(client, **said):
    return client.post(ADD, {"token": said.pop("token", None) or token(client), **said}, follow=True)


def drawn(client, lead):
    """The edit form as a browser would post it back unchanged."""
    form = client.get(reverse("leads:edit", args=[lead.pk])).context["form"]
    data = {}
    for field in form:
        if not field.field.disabled:
            data[field.html_name] = as_text(field)
            if field.field.show_hidden_initial:
                data[f"initial-{field.html_name}"] = as_text(field)
    return data


def as_text(field):
    value = field.field.widget.format_value(field.field.prepare_value(field.initial))
    value = value[0] if isinstance(value, list) else value
    return "" if value is None else str(value)


def edit(client, lead, data=None, **said):
    data = {**(data or drawn(client, lead)), **said}
    return client.post(reverse("leads:edit", args=[lead.pk]), data, follow=True)


# Adding


def test_a_marketer_adds_a_lead_and_sees_it(client, mia):
    Source.objects.create(slug="trade_fair", name="Trade fair")
    client.force_login(mia)
    response = add(
        client,
        name="Lena Fischer",
        email="Lena@Fehr.example",
        phone="+43 316 811234",
        company="Brauhaus Fehr",
        job_title="Head of energy",
        source="trade_fair",
        note="Met at the stand",
        next_action="Send the sheet",
        next_action_at="2030-01-02T09:30",
    )
    lead = Lead.objects.get()
    assert response.redirect_chain == [(lead.get_absolute_url(), 302)]
    assert (lead.email, lead.company.name, lead.source.slug, lead.marketer) == (
        "lena@fehr.example",
        "Brauhaus Fehr",
        "trade_fair",
        mia,
    )
    assert lead.next_action_at == datetime(2030, 1, 2, 9, 30, tzinfo=UTC)
    for words in ("Lena Fischer is added.", "added this lead by hand", "Met at the stand"):
        assert words in response.text, words


def test_sales_may_add_a_lead_too_and_the_outsider_may_not(client, sam):
    assert client.get(ADD).status_code == 302
    client.force_login(sam)
    add(client, email="lena@fehr.example")
    assert Lead.objects.get().rep == sam


def test_a_double_click_or_a_retry_is_one_lead_and_other_words_are_not_lost(client, mia):
    client.force_login(mia)
    same = token(client)
    for _click in range(2):
        response = add(client, token=same, name="Lena Fischer", email="lena@fehr.example")
        assert response.redirect_chain[0][0] == Lead.objects.get().get_absolute_url()
    assert Submission.objects.count() == 1
    assert Lead.objects.get().activities.count() == 1
    add(client, token=same, name="Lena Fischer", email="lena@fehr.example", job_title="Buyer")
    assert Lead.objects.get().job_title == "Buyer"


def test_whoever_is_here_already_is_opened_and_what_was_empty_is_filled(client, mia, sam):
    lead = make_lead(name="Lena Fischer", email="lena@fehr.example")
    client.force_login(sam)
    response = add(client, name="L. F.", email="LENA@fehr.example", phone="+43316811234")
    assert "Lena Fischer was here already; what was empty is filled." in response.text
    lead.refresh_from_db()
    assert (lead.name, lead.phone, lead.marketer) == ("Lena Fischer", "+43316811234", mia)
    assert "Lena Fischer is here already." in add(client, email="lena@fehr.example").text
    assert Lead.objects.count() == 1


def test_whoever_is_here_already_is_named_while_the_address_is_typed(client, mia):
    lead = make_lead(name="Lena Fischer", email="lena@fehr.example")
    client.force_login(mia)
    known = reverse("leads:known")
    assert lead.get_absolute_url() in client.get(known, {"email": "Lena@fehr.example "}).text
    for said in ("other@fehr.example", "lena@", ""):
        assert not client.get(known, {"email": said}).text.strip()


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({}, "email", "needs an e-mail or a phone"),
        ({"email": "lena at fehr"}, "email", "is not an e-mail address"),
        ({"phone": "811234"}, "phone", "Begin with + and the country code"),
        ({"email": "a@b.example", "country": "Austria"}, "country", "two letters such as AT"),
        ({"email": "a@b.example", "value": "much"}, "value", "Expected an amount"),
        ({"email": "a@b.example", "size": "many"}, "company", "Expected a number of staff"),
        ({"email": "a@b.example", "next_action_at": "2030-01-02T09:30"}, "next_action", "Say what is to be done"),
        ({"email": "a@b.example", "next_action": "Call", "next_action_at": "32nd"}, "next_action_at", "valid date"),
        ({"email": "a@b.example", "name": "x" * 201}, "name", "at most 200 characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(client, mia, said, field, words):
    client.force_login(mia)
    response = add(client, **{"name": "Lena Fischer", "note": "Met at the stand", **said})
    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[field])
    for value in (*said.values(), "Met at the stand"):
        assert value in response.text
    assert not Lead.objects.exists()


def test_a_lead_that_crosses_the_line_by_hand_is_offered_when_the_worker_looks(client, mia, sam):
    make_agreement(mql_line=20)
    client.force_login(mia)
    add(client, email="lena@fehr.example", job_title="Head of energy")
    assert Signal.objects.get().kind == "mql_line"
    answers.answer_all()
    assert Lead.objects.get().stage == "mofu"


# Editing


def test_a_marketer_edits_the_record_and_the_timeline_says_what_changed(client, mia):
    lead = make_lead(name="Lena Fischer", custom={"erp": "SAP", "sites": 4})
    client.force_login(mia)
    response = edit(
        client,
        lead,
        phone="+43 316 811235",
        company="Brauhaus Fehr",
        next_action="Call",
        next_action_at="2030-01-02T09:30",
        **{"custom.erp": "Navision"},
    )
    assert response.redirect_chain == [(lead.get_absolute_url(), 302)]
    lead.refresh_from_db()
    assert (lead.phone, lead.company.name, lead.next_action) == ("+43316811235", "Brauhaus Fehr", "Call")
    assert lead.custom == {"erp": "Navision", "sites": 4}
    changes = lead.activities.get(kind="lead:edit").data["changes"]
    assert set(changes) == {"phone", "company", "next_action", "next_action_at", "custom"}
    assert "erp: SAP → Navision" in response.text


def test_a_form_that_changes_nothing_changes_nothing(client, mia):
    lead = make_lead(next_action="Call", next_action_at="2030-01-02T09:30:27Z", value="12.50", custom={"a b": "c"})
    client.force_login(mia)
    edit(client, lead)
    assert Lead.objects.get(pk=lead.pk).version == lead.version
    assert not lead.activities.filter(kind="lead:edit").exists()


def test_moments_are_shown_and_read_in_the_persons_own_zone(client):
    lead = make_lead(next_action="Call", next_action_at="2030-01-02T09:30:00Z")
    client.force_login(make_user("vera", time_zone="Europe/Vienna"))
    assert drawn(client, lead)["next_action_at"] == "2030-01-02T09:30"  # the test's own zone
    assert 'value="2030-01-02T10:30"' in client.get(reverse("leads:edit", args=[lead.pk])).text
    client.post(
        reverse("leads:edit", args=[lead.pk]),
        {**drawn(client, lead), "initial-next_action_at": "2030-01-02 10:30:00", "next_action_at": "2030-07-02T10:30"},
    )
    lead.refresh_from_db()
    assert lead.next_action_at == datetime(2030, 7, 2, 8, 30, tzinfo=UTC)


def test_what_a_team_may_not_edit_is_shown_with_who_may(client, mia, sam):
    lead = make_lead("bofu", name="Lena Fischer")
    client.force_login(mia)
    page = client.get(reverse("leads:edit", args=[lead.pk]))
    assert "In BOFU this is for sales." in page.text
    open_to_her = {field.name for field in page.context["form"].visible_fields() if not field.field.disabled}
    assert open_to_her == {"source", "campaign", "persona"}
    forged = {**drawn(client, lead), "name": "Somebody else", "initial-name": "Lena Fischer"}
    source = Source.objects.create(slug="fair", name="Fair")
    edit(client, lead, forged, source=source.pk)
    lead.refresh_from_db()
    assert (lead.name, lead.source) == ("Lena Fischer", source)


def test_who_may_edit_nothing_here_is_told_who_may(client, sam):
    lead = make_lead()
    client.force_login(sam)
    for method in (client.get, client.post):
        response = method(reverse("leads:edit", args=[lead.pk]))
        assert (response.status_code, "In TOFU this is for marketing." in response.text) == (403, True)
    assert client.get(reverse("leads:edit", args=[lead.pk + 9])).status_code == 404


def test_a_colleagues_change_in_between_is_shown_and_never_overwritten(client, mia):
    lead = make_lead(name="Lena Fischer", job_title="Buyer", phone="+43316811234")
    client.force_login(mia)
    form = drawn(client, lead)
    priya = make_user("priya", name="Priya Rao")
    editing.edit(lead, actor=priya, changes={"phone": "+43316811299", "job_title": "CFO", "country": "AT"})
    response = edit(client, lead, form, job_title="Head of energy")
    assert response.status_code == 422
    assert "Priya Rao changed this lead at" in response.text
    assert 'value="Head of energy"' in response.text  # her words are kept
    assert "Now: CFO." in response.text  # beside his
    assert 'value="+43316811299"' in response.text  # where she typed nothing, his stand
    assert edit(client, lead, as_posted(response)).redirect_chain
    lead.refresh_from_db()
    assert (lead.job_title, lead.phone, lead.country) == ("Head of energy", "+43316811299", "AT")


def as_posted(response):
    """The values of a form that has been answered, as a browser would post them."""
    form: EditLead = response.context["form"]
    data = {field.html_name: field.value() for field in form if not field.field.disabled}
    data |= {name: value for name, value in form.data.items() if name.startswith("initial-")}
    return {name: "" if value is None else value for name, value in data.items()}


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"email": "lena at fehr"}, "email", "is not an e-mail address"),
        ({"email": "other@fehr.example"}, "email", "already has this e-mail"),
        ({"email": "", "phone": ""}, "email", "needs an e-mail or a phone"),
        ({"phone": "811"}, "phone", "Begin with + and the country code"),
        ({"country": "12"}, "country", "two letters such as AT"),
        ({"look_again_on": "2001-01-01"}, "look_again_on", "This day is past."),
        ({"next_action": "", "next_action_at": "2030-01-02T09:30"}, "next_action", "Say what is to be done"),
        ({"source": "77777"}, "source", "valid choice"),
        ({"value": "-1"}, "value", "greater than or equal to 0"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_whole_at_its_field(client, mia, said, field, words):
    make_lead(name="Georg", email="other@fehr.example")
    lead = make_lead(name="Lena Fischer", email="lena@fehr.example")
    client.force_login(mia)
    response = edit(client, lead, job_title="Head of energy", **said)
    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[field])
    assert 'value="Head of energy"' in response.text
    assert Lead.objects.get(pk=lead.pk).version == lead.version


def test_a_person_chooses_the_persona_or_leaves_it_to_the_rules(client, mia):
    chosen = Persona.objects.create(name="CFO")
    ruled = Persona.objects.create(
        name="Energy manager", rules=[{"field": "job_title", "op": "contains", "value": ["energy"], "points": 5}]
    )
    lead = make_lead(job_title="Head of energy")
    client.force_login(mia)
    assert "Leave it to the rules (now: Energy manager)" in client.get(reverse("leads:edit", args=[lead.pk])).text
    for persona, stays in ((chosen, True), (ruled, True), ("", False)):
        edit(client, lead, persona=persona.pk if persona else "")
        lead.refresh_from_db()
        assert (lead.persona, lead.persona_chosen) == (persona or ruled, stays)


def test_the_owner_of_an_open_handoff_changes_by_an_act_only(client, sam):
    lead = make_handoff("sal").lead
    client.force_login(sam)
    page = client.get(reverse("leads:edit", args=[lead.pk]))
    assert page.context["form"].fields["rep"].disabled
    assert "The hand-off says whose it is" in page.text


def test_a_company_is_found_by_its_name_or_made(client, mia):
    known = make_lead(company={"name": "Brauhaus Fehr"}, email="lena@fehr.example").company
    lead = make_lead(email="georg@gmail.com", company={})
    client.force_login(mia)
    edit(client, lead, company="brauhaus fehr")
    lead.refresh_from_db()
    assert lead.company == known
    edit(client, lead, company="Alpmilch")
    lead.refresh_from_db()
    assert lead.company == Company.objects.get(name="Alpmilch")
    edit(client, lead, company="")
    lead.refresh_from_db()
    assert lead.company is None


def test_a_mended_number_counts_at_once_and_can_cross_the_line(client, mia):
    make_agreement(mql_line=30)
    lead = make_lead(job_title="Head of energy")  # 26 points
    client.force_login(mia)
    edit(client, lead, phone="+43316811234")
    assert Signal.objects.get(lead=lead).kind == "mql_line"


def test_every_custom_field_survives_an_edit_of_another(client, mia):
    custom = {f"field {n}": n for n in range(70)} | {"inside": {"a": 1}, "odd <name> & more": "x"}
    lead = make_lead(custom=custom)
    client.force_login(mia)
    edit(client, lead, **{"custom.field 3": "three", "custom.field 4": ""})
    lead.refresh_from_db()
    expected = {**custom, "field 3": "three"}
    del expected["field 4"]
    assert lead.custom == expected


def test_forms_take_as_many_queries_for_300_fields_as_for_3(client, mia, django_assert_max_num_queries):
    lead = make_lead(custom={f"field {n}": n for n in range(300)})
    now = timezone.now()
    for n in range(40):
        capture.log(lead, kind="note", text=f"{n}", at=now - timedelta(days=n))
    client.force_login(mia)
    client.get(ADD)
    with django_assert_max_num_queries(8):
        client.get(ADD)
    with django_assert_max_num_queries(13):
        client.get(reverse("leads:edit", args=[lead.pk]))
