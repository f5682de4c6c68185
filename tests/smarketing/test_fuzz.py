"""Nobody can say anything to the API that breaks it, or that it answers otherwise than its document says."""

import json

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts import tokens
from handoff.models import Handoff
from handoff.tasks import catch_up
from leads import campaigns, capture
from leads.models import Campaign, Company, Lead, Submission
from smarketing.openapi import operations
from tests.factories import make_deal, make_handoff, make_lead, make_user

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: Examples for each operation, each way: as the document says, and against it.
EXAMPLES = 12
#: The same examples in every run: what is found here is found again.
SAME = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def document():
    assert operations  # what describes each operation
    found = SchemaGenerator().get_schema(request=None, public=True)
    return json.loads(json.dumps(found, default=str))


SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = {found.ok().definition.raw["operationId"]: found.ok() for found in SCHEMA.get_all_operations()}


@pytest.fixture
def kept_connection():
    """As Django's own test client has it: the end of a request does not end the connection of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def installation(kept_connection):
    """A little of everything, by the key of one row of each."""
    ruth = make_user("ruth", team="management")
    capture.accept({"email": "lena@fehr.example", "company": {"name": "Fehr"}, "activity": {"kind": "web:pricing"}},
                   way="api", actor=ruth)  # fmt: skip
    catch_up()
    campaigns.add(name="Autumn webinar")
    make_lead("customer")
    handoff, deal = make_handoff("sal"), make_deal()
    return {
        "token": tokens.make(ruth, name="fuzz", days=1)[1],
        "leads": [*Lead.objects.values_list("pk", flat=True), 0],
        "companies": [*Company.objects.values_list("pk", flat=True), 0],
        "campaigns": [*Campaign.objects.values_list("pk", flat=True), 0],
        "handoffs": [*Handoff.objects.values_list("pk", flat=True), handoff.pk],
        "deals": [deal.pk],
        "submissions": [*Submission.objects.values_list("pk", flat=True)],
    }


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_nothing_that_is_said_breaks_an_operation_or_is_answered_otherwise_than_documented(name, installation):
    operation, application = OPERATIONS[name], get_wsgi_application()
    rows = installation.get(operation.path.split("/")[3], [0])

    @SAME
    @given(st.data())
    def speak(data):
        mode = data.draw(st.sampled_from(list(GenerationMode)))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if "{id}" in operation.path and data.draw(st.booleans()):
            case.path_parameters["id"] = data.draw(st.sampled_from(rows))
        headers = {"Authorization": f"Token {installation['token']}"}
        with transaction.atomic():
            if operation.method == "patch" and data.draw(st.booleans()):
                headers["If-Match"] = read(application, case.formatted_path, headers)
            case.call_and_validate(app=application, headers=headers, checks=CHECKS)
            transaction.set_rollback(True)

    speak()


def read(application, path, headers):
    """The ETag of what stands at an address."""
    from werkzeug.test import Client

    return Client(application).get(path, headers=headers).headers.get("ETag", '"0"')
