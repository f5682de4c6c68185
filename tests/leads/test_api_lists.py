"""Every resource is listed and read by machines: in pages by key, by filters, by the fields that are asked for."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiToken
from handoff import conversation
from leads.models import Activity, Campaign, Company
from tests.factories import make_deal, make_handoff, make_lead, make_user

LISTS = ("leads", "companies", "campaigns", "activities", "handoffs", "deals", "submissions")


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def api(client, mia):
    """Ask as mia's machine, or as somebody else's."""
    own = {}

    def ask(method, address, body=None, person=mia, **headers):
        if person not in own:
            own[person] = ApiToken.objects.create(person)[1]
        headers["authorization"] = f"Token {own[person]}"
        text = "" if body is None else json.dumps(body)
        return client.generic(method, f"/api/v1/{address}", text, "application/json", headers=headers)

    return ask


def make_one_of_each(api, number):
    """Another row of every list."""
    lead = make_lead(email=f"p{number}@firm{number}.example", company={"name": f"Firm {number}"})
    conversation.comment(lead, actor=make_user("mia"), text=f"Said {number}")
    make_handoff()
    make_deal()
    Campaign.objects.create(name=f"Campaign {number}")
    api("POST", "leads/", {"email": f"q{number}@firm{number}.example"})


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_as_many_queries_for_a_dozen_rows_as_for_two(api, name):
    def queries():
        with CaptureQueriesContext(connection) as taken:
            told = api("GET", f"{name}/?limit=500").json()["results"]
        return len(taken), len(told)

    for number in range(2):
        make_one_of_each(api, number)
    few, rows = queries()
    for number in range(2, 8):
        make_one_of_each(api, number)
    many, more = queries()
    assert more > rows >= 2
    assert many == few <= 4


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_to_its_end_in_pages_without_a_gap_or_a_double(api, name):
    for number in range(3):
        make_one_of_each(api, number)
    whole = [row["id"] for row in api("GET", f"{name}/?limit=500").json()["results"]]
    found, following = [], f"{name}/?limit=2"
    while following:
        page = api("GET", following).json()
        found += [row["id"] for row in page["results"]]
        following = page["next"] and page["next"].removeprefix("/api/v1/")
    assert found == whole
    assert len(found) == len(set(found)) > 2


@pytest.mark.parametrize("name", LISTS)
def test_a_list_tells_the_fields_that_are_asked_for_and_their_rows_are_read_alike(api, name):
    make_one_of_each(api, 0)
    whole = api("GET", f"{name}/").json()["results"][0]
    field = [known for known in whole if known != "id"][1]
    some = api("GET", f"{name}/?fields={field}").json()["results"][0]
    assert some == {"id": whole["id"], field: whole[field]}
    for query, wrong in (("fields=shoe_size", "fields"), ("limit=0", "limit"), ("after=x", "after"), ("no=1", "no")):
        refused = api("GET", f"{name}/?{query}")
        assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (422, wrong), query
    if name not in ("activities", "submissions", "leads"):
        assert api("GET", f"{name}/{whole['id']}/").json() == whole
        assert api("GET", f"{name}/{whole['id']}/?fields={field}").json() == some
        assert api("GET", f"{name}/{2**62}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("handoffs/?open=yes", 1),
        ("handoffs/?open=no", 1),
        ("handoffs/?lane=mql&open=yes", 1),
        ("handoffs/?owner=nobody&open=yes&lane=sal", 0),
        ("deals/?status=open", 1),
        ("deals/?status=won", 0),
        ("deals/?step=discovery", 1),
        ("deals/?owner=nobody", 0),
        ("companies/?name=fehr", 1),
        ("companies/?domain=fehr.example", 1),
        ("companies/?country=AT", 0),
        ("campaigns/?name=autumn+webinar", 1),
        ("campaigns/?source=social", 0),
        ("activities/?kind=comment&since=2020-01-01", 1),
        ("activities/?kind=com&since=2020-01-01", 0),
        ("activities/?kind=comment&since=2199-01-01", 0),
        ("submissions/?state=waiting", 1),
        ("submissions/?state=failed", 0),
        ("submissions/?way=api", 1),
    ],
)
def test_filters_let_through_what_they_say(api, mia, query, found):
    lead = make_lead(email="lena@fehr.example", company={"name": "Fehr"})
    conversation.comment(lead, actor=mia, text="Look")
    make_handoff()
    make_deal()
    Campaign.objects.create(name="Autumn webinar")
    api("POST", "leads/", {"email": "georg@fehr.example"})
    assert len(api("GET", query).json()["results"]) == found


def test_filters_by_lead_find_what_is_of_that_lead(api, mia):
    deal, handoff = make_deal(), make_handoff()
    lead = deal.leads.get()
    conversation.comment(lead, actor=mia, text="Look")
    assert [row["id"] for row in api("GET", f"deals/?lead={lead.pk}").json()["results"]] == [deal.pk]
    assert [row["lead"] for row in api("GET", f"handoffs/?lead={handoff.lead_id}").json()["results"]] == [
        handoff.lead_id
    ]
    told = api("GET", f"activities/?lead={lead.pk}&kind=comment").json()["results"]
    assert [(row["text"], row["actor"]) for row in told] == [("Look", "mia")]


@pytest.mark.parametrize(
    "query",
    [
        "handoffs/?lane=mqx",
        "deals/?lead=x",
        "activities/?since=soon",
        "activities/?kind=comment",
        "submissions/?state=x",
    ],
)
def test_a_filter_that_cannot_be_read_is_refused_by_name(api, query):
    name = query.split("?")[1].split("=")[0]
    refused = api("GET", query)
    assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (422, name)


@pytest.mark.parametrize(
    ("bound", "index"), [("lead=1", "activity_timeline"), ("since=2026-01-01", "activity_recorded")]
)
def test_a_kind_is_looked_for_by_an_index_and_not_in_all_there_is(api, mia, bound, index):
    with CaptureQueriesContext(connection) as asked:
        assert api("GET", f"activities/?kind=web:rare&{bound}").status_code == 200
    (statement,) = (query["sql"] for query in asked.captured_queries if 'FROM "leads_activity"' in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + statement)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert index in plan
    assert "Index Cond" in plan


def test_a_timeline_takes_as_many_queries_for_many_lines_of_several_people_as_for_one(api, mia):
    lead, sam = make_lead(), make_user("sam", team="sales")

    def queries():
        with CaptureQueriesContext(connection) as taken:
            assert api("GET", f"leads/{lead.pk}/activities/").status_code == 200
        return len(taken)

    conversation.comment(lead, actor=mia, text="One")
    queries()
    few = queries()
    for number in range(10):
        conversation.comment(lead, actor=[mia, sam][number % 2], text=f"Said {number}")
    assert queries() == few <= 4


def test_what_is_known_is_not_told_again_until_it_changes(api, mia):
    lead = make_lead(name="Lena")
    for address in (f"leads/{lead.pk}/", "leads/", "companies/", "activities/"):
        tag = api("GET", address)["ETag"]
        again = api("GET", address, **{"If-None-Match": tag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag), address
    tags = {address: api("GET", address)["ETag"] for address in (f"leads/{lead.pk}/", "leads/", "activities/")}
    conversation.comment(lead, actor=mia, text="Look")
    for address, tag in tags.items():
        assert api("GET", address, **{"If-None-Match": f'"other", {tag}'}).status_code == 200, address


def test_the_etag_of_a_lead_is_taken_back_as_the_version_whatever_happened_beside_the_record(api, mia):
    lead = make_lead(name="Lena")
    read = api("GET", f"leads/{lead.pk}/?fields=name")
    assert read.json() == {"id": lead.pk, "name": "Lena"}
    conversation.comment(lead, actor=mia, text="Look")
    changed = api("PATCH", f"leads/{lead.pk}/", {"name": "Lena F."}, **{"If-Match": read["ETag"]})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert api("PATCH", f"leads/{lead.pk}/", {"name": "L."}, **{"If-Match": read["ETag"]}).status_code == 412


@pytest.mark.parametrize("name", ["companies", "campaigns"])
def test_a_change_needs_the_version_that_was_read_and_never_goes_over_another(api, name):
    make_lead(email="lena@fehr.example", company={"name": "Fehr"})
    Campaign.objects.create(name="Autumn webinar")
    row = api("GET", f"{name}/").json()["results"][0]["id"]
    address = f"{name}/{row}/"
    tag = api("GET", address)["ETag"]
    assert api("PATCH", address, {"name": "Another"}).status_code == 428
    assert api("PATCH", address, {"name": "Another"}, **{"If-Match": "*"}).status_code == 428
    changed = api("PATCH", address, {"name": "Another"}, **{"If-Match": tag})
    assert (changed.status_code, changed.json()["name"]) == (200, "Another")
    assert changed["ETag"] == api("GET", address)["ETag"] != tag
    stale = api("PATCH", address, {"name": "A third"}, **{"If-Match": tag})
    assert (stale.status_code, "Nothing was changed" in stale.json()["detail"]) == (412, True)


def test_a_company_that_is_mended_lifts_the_points_of_its_leads(api):
    lead = make_lead(email="lena@fehr.example", company={"name": "Fehr"}, job_title="Head of energy")
    before = lead.score.fit
    company = Company.objects.get()
    tag = api("GET", f"companies/{company.pk}/")["ETag"]
    answer = api("PATCH", f"companies/{company.pk}/", {"size": 310, "country": "AT"}, **{"If-Match": tag})
    told = company.leads.first().activities.get(kind="lead:edit")
    assert (told.actor.username, told.data["changes"]["company"][1]) == ("mia", {"size": 310, "country": "AT"})
    assert (answer.status_code, answer.json()["size"]) == (200, 310)
    lead.score.refresh_from_db()
    assert lead.score.fit > before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"domain": "no domain"}, "domain"),
        ({"domain": "taken.example"}, "domain"),
        ({"size": -1}, "size"),
        ({"country": "Austria"}, "country"),
        ({"custom": ["a"]}, "custom"),
        ({"shoe_size": 7}, "shoe_size"),
    ],
)
def test_a_change_of_a_company_that_is_wrong_is_refused_by_field(api, body, field):
    Company.objects.create(name="Taken", domain="taken.example")
    company = Company.objects.create(name="Fehr", domain="fehr.example")
    tag = api("GET", f"companies/{company.pk}/")["ETag"]
    refused = api("PATCH", f"companies/{company.pk}/", body, **{"If-Match": tag})
    assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (422, field)
    assert api("GET", f"companies/{company.pk}/")["ETag"] == tag


def test_campaigns_are_added_and_changed_by_marketing(api):
    sam = make_user("sam", team="sales")
    said = {"name": "Spring webinar", "starts_on": "2030-03-01", "cost": "1200"}
    assert api("POST", "campaigns/", said, person=sam).status_code == 403
    made = api("POST", "campaigns/", said)
    assert (made.status_code, made.json()["cost"], made.json()["currency"]) == (201, "1200.00", "EUR")
    assert api("GET", made["Location"].removeprefix("/api/v1/"), person=sam).json() == made.json()
    for body, field in (
        ({"name": "SPRING webinar"}, "name"),
        ({}, "name"),
        ({"name": "Other", "starts_on": "2030-03-02", "ends_on": "2030-03-01"}, "ends_on"),
        ({"name": "Other", "source": "no_such_source"}, "source"),
    ):
        refused = api("POST", "campaigns/", body)
        assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (422, field), body
    assert Campaign.objects.count() == 1


def test_what_is_new_since_a_moment_is_found_by_when_it_was_recorded(api, mia):
    lead = make_lead()
    conversation.comment(lead, actor=mia, text="First")
    first = Activity.objects.get(kind="comment")
    conversation.comment(lead, actor=mia, text="Second")
    since = Activity.objects.get(text="Second").recorded_at.isoformat().replace("+00:00", "Z")
    told = api("GET", f"activities/?since={since}&kind=comment").json()["results"]
    assert first.pk not in [row["id"] for row in told]
    assert [row["text"] for row in told] == ["Second"]


def test_an_address_at_which_there_is_nothing_is_a_problem_to_machines(api):
    answer = api("GET", "nothing/here/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("times", [1, 2])
def test_a_claim_answers_what_reading_the_hand_off_answers(api, times):
    sam, offered = make_user("sam", team="sales"), make_handoff()
    for _ in range(times):  # who has it already may claim it as often as they like
        claimed = api("POST", f"handoffs/{offered.pk}/claim/", person=sam)
    read = api("GET", f"handoffs/{offered.pk}/", person=sam)
    assert claimed.json() == read.json()
    assert claimed.headers["ETag"] == read.headers["ETag"]
    assert (read.json()["owner"], read.json()["offered_by"]) == ("sam", "mia")
    assert list(api("POST", f"handoffs/{offered.pk}/claim/?fields=id,owner", person=sam).json()) == ["id", "owner"]
