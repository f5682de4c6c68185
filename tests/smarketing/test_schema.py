"""The API describes itself, to those who may use it."""

import json

from smarketing import api
from tests.factories import make_user


def test_the_schema_names_every_route_with_what_it_takes_and_answers(client, capsys):
    client.force_login(make_user("mia"))
    answer = client.get("/api/v1/schema/?format=json")
    schema = json.loads(answer.getvalue() if answer.streaming else answer.content)
    routes = {
        f"/api/v1/{route.pattern}".replace("<int:pk>", "{id}").replace("<slug:name>", "{name}")
        for route in api.urlpatterns
    }
    assert set(schema["paths"]) | {"/api/v1/schema/", "/api/v1/docs/"} == routes
    accepted = schema["paths"]["/api/v1/leads/"]["post"]
    assert {"202", "401", "403", "409", "422"} <= set(accepted["responses"])
    named = accepted["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert {"email", "company", "purchase", "hand_raise"} <= set(schema["components"]["schemas"][named]["properties"])
    words = schema["components"]["schemas"]["ActWords"]["properties"]
    assert (words["fields_wrong"]["type"], words["reason"]["type"]) == ("array", "string")
    assert "Warning" not in capsys.readouterr().err


def test_the_outsider_reads_no_schema(client):
    assert client.get("/api/v1/schema/").status_code == 401


def test_the_page_for_people_shows_every_operation_with_its_scope_and_a_command(client):
    client.force_login(make_user("mia"))
    client.get("/api/v1/schema/?format=json")
    page = client.get("/api/v1/docs/").text
    for route in api.urlpatterns:
        if route.name not in ("schema", "docs"):
            path = f"/api/v1/{route.pattern}".replace("<int:pk>", "{id}").replace("<slug:name>", "{name}")
            assert f">{path}</code>" in page, path
    assert page.count("<details") == page.count("curl ") >= 25
    assert "-X POST $SMARKETING/api/v1/leads/batch/" in page
    assert page.count("Bring leads in</span>") == 2


def test_the_outsider_is_asked_to_sign_in_before_the_page(client):
    assert client.get("/api/v1/docs/").url.startswith("/accounts/login/")
