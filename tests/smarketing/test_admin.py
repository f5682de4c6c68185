"""Django's admin: for staff alone, every list and every page of it opens, and what acts have left cannot be written."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from leads.models import Campaign, Import, Lead, Signal, Source, Submission
from personas.models import Persona
from tests.factories import make_agreement, make_deal, make_handoff, make_lead, make_reason, make_user

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OURS = [model for model in MODELS if model._meta.app_label in ("accounts", "personas", "leads", "handoff")]
WRITTEN = {"accounts.User", "personas.Persona", "leads.Company", "leads.Source", "leads.Campaign"}


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def staff(client):
    client.force_login(make_user("vera", team="management", is_staff=True, is_superuser=True))
    return client


def fill(number):
    for _each in range(number):
        make_handoff()
        make_deal()
        lead = make_lead("out")
        Signal.objects.create(lead=lead, kind="hand_raise", at=lead.first_seen_at)
        for model in (Campaign, Persona):
            model.objects.create(name=f"{model.__name__} {model.objects.count()}")
        Import.objects.create(name="leads.csv", actor=make_user("mia"))
        make_agreement(mql_line=60 + Lead.objects.count() % 30)


def test_every_list_and_every_page_opens(staff):
    fill(1)
    Source.objects.get_or_create(slug="fair", name="Fair")
    for model in MODELS:
        assert staff.get(address(model, "changelist")).status_code == 200, model
        row = model._default_manager.first()
        assert model not in OURS or row is not None, model
        if row is not None:
            assert staff.get(address(model, "change", row.pk)).status_code == 200, model


def test_lists_ask_as_often_for_many_rows_as_for_few(staff):
    def counted(model):
        staff.get(address(model, "changelist"))
        with CaptureQueriesContext(connection) as asked:
            staff.get(address(model, "changelist"))
        return len(asked)

    fill(1)
    few = {model: counted(model) for model in OURS}
    fill(6)
    assert {model: counted(model) for model in OURS} == few


def test_what_acts_have_left_is_read_and_not_written(staff):
    fill(1)
    for model in OURS:
        row, written = model._default_manager.first(), model._meta.label in WRITTEN
        assert (staff.get(address(model, "add")).status_code == 200) == written, model
        if not written:
            assert staff.post(address(model, "change", row.pk), {"stage": "customer"}).status_code == 403, model
            assert staff.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model


def test_leads_are_found_as_the_search_box_finds_them(staff):
    make_lead(name="Zoë Ångström")
    make_lead(name="Somebody Else")
    page = staff.get(address(Lead, "changelist"), {"q": "angstrom zoe"}).text
    assert "Zoë Ångström" in page
    assert "Somebody Else" not in page


def test_what_the_worker_gave_up_is_tried_again(staff):
    lead = make_lead()
    signal = Signal.objects.create(lead=lead, kind="hand_raise", at=lead.first_seen_at, attempts=8, error="broken")
    listed = staff.get(address(Signal, "changelist"), {"state": "failed"})
    assert "broken" in listed.text
    staff.post(address(Signal, "changelist"), {"action": "try_again", "_selected_action": [signal.pk]})
    signal.refresh_from_db()
    assert (signal.attempts, signal.error) == (0, "")
    assert staff.get(address(Submission, "changelist"), {"state": "waiting"}).status_code == 200


def test_managers_who_are_not_staff_do_not_enter(client):
    make_reason("lose")
    client.force_login(make_user("ruth", team="management"))
    for model in MODELS:
        assert client.get(address(model, "changelist")).status_code == 302, model


def test_nobody_is_deactivated_or_let_in_here_past_what_settings_sees_to(staff):
    sam, page = make_user("sam", team="sales"), address(User, "change", make_user("sam", team="sales").pk)
    assert 'name="is_active"' not in staff.get(page).text
    said = {"username": "sam", "name": "Sam O.", "email": sam.email, "team": "sales", "time_zone": "UTC"}
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "08:00:00"}
    assert staff.post(page, {**said, **joined}).status_code == 302
    sam.refresh_from_db()
    assert (sam.name, sam.is_active) == ("Sam O.", True)
