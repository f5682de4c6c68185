"""Where the agreement asks for a name of each team, the first one waits for the other; the second one qualifies."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections
from django.urls import reverse

from handoff import lifecycle
from handoff.models import Deed, Handoff, Notice
from leads.models import Outcome
from tests.factories import make_agreement, make_handoff, make_reason, make_user

HTMX = {"hx-request": "true"}


@pytest.fixture(autouse=True)
def both():
    return make_agreement(both_qualify=True)


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


@pytest.fixture
def ruth():
    return make_user("ruth", team="management")


def act(client, lead, name, person, /, **said):
    client.force_login(person)
    return client.post(reverse("handoff:act", args=[lead.pk, name]), said, headers=HTMX)


def stands(handoff):
    handoff.refresh_from_db()
    return handoff.lane, handoff.named_by, handoff.qualified_by


def test_no_deal_is_offered_and_no_form_is_filled_in_before_the_first_name(client, sam):
    handoff = make_handoff("sal")
    client.force_login(sam)
    address = reverse("handoff:act", args=[handoff.lead_id, "open_deal"])
    assert f'href="{address}"' not in client.get(reverse("handoff:inbox_item", args=[handoff.pk])).text
    early = client.get(address, headers=HTMX)
    assert (early.status_code, "qualify first" in early.headers["HX-Trigger"]) == (422, True)
    act(client, handoff.lead, "qualify", sam)
    assert f'href="{address}"' in client.get(reverse("handoff:inbox_item", args=[handoff.pk])).text
    assert client.get(address, headers=HTMX).status_code == 200


def test_sales_says_so_marketing_is_told_and_adds_its_name(client, mia, sam):
    handoff = make_handoff("sal", name="Katrin Hofer")
    lead = handoff.lead
    assert "qualified once marketing says so, too" in act(client, lead, "qualify", sam).headers["HX-Trigger"]
    assert stands(handoff) == ("sal", sam, None)
    assert not Outcome.objects.filter(lead=lead, kind="qualified").exists()
    told = Notice.objects.get(kind="handoff:name")
    assert (told.person, "The agreement asks for a name of marketing" in told.text) == (mia, True)
    inbox = reverse("handoff:inbox_item", args=[handoff.pk])
    for page in (lead.get_absolute_url(), inbox):
        text = client.get(page).text
        assert ("marketing is asked for theirs" in text, "Add your name" in text) == (True, False)
    client.force_login(mia)
    for page in (lead.get_absolute_url(), inbox):
        assert "Add your name" in client.get(page).text
    assert "is qualified." in act(client, lead, "qualify", mia).headers["HX-Trigger"]
    assert stands(handoff) == ("sql", sam, mia)
    assert Outcome.objects.filter(lead=lead, kind="qualified").count() == 1
    assert list(lead.activities.of_kinds("handoff:name", "handoff:qualify").order_by("pk").values_list("kind", "actor")) == [
        ("handoff:name", sam.pk), ("handoff:qualify", mia.pk)
    ]  # fmt: skip
    page = client.get(lead.get_absolute_url()).text
    assert "Sam, Mia" in page
    assert "Add your name" not in page


@pytest.mark.parametrize(
    ("first", "second", "qualified"),
    [
        ("mia", "sam", True),
        ("sam", "mia", True),
        ("ruth", "mia", True),
        ("ruth", "sam", True),
        ("mia", "ruth", True),
        ("sam", "ruth", True),
        ("ruth", "rolf", True),
        ("mia", "mia", False),
        ("sam", "sam", False),
        ("ruth", "ruth", False),
        ("mia", "max", False),
        ("sam", "priya", False),
    ],
)
def test_whose_second_name_counts(client, first, second, qualified):
    teams = {"sam": "sales", "priya": "sales", "ruth": "management", "rolf": "management"}
    people = {name: make_user(name, team=teams.get(name, "marketing")) for name in (first, second)}
    handoff = make_handoff("sal")
    assert act(client, handoff.lead, "qualify", people[first]).status_code == 204
    answer = act(client, handoff.lead, "qualify", people[second])
    assert (answer.status_code, stands(handoff)[0]) == ((204, "sql") if qualified else (422, "sal"))
    if not qualified:
        assert f"{people[first]} has said so already" in answer.headers["HX-Trigger"]


def test_a_deal_is_opened_once_marketing_has_given_its_name(client, mia, sam):
    handoff = make_handoff("sal")
    early = act(client, handoff.lead, "open_deal", sam, name="Line 3", currency="EUR")
    assert (early.status_code, "asks for a name of each team" in early.headers["HX-Trigger"]) == (422, True)
    act(client, handoff.lead, "qualify", mia)
    assert sam.pk in Notice.objects.filter(kind="handoff:name").values_list("person", flat=True)
    assert act(client, handoff.lead, "open_deal", sam, name="Line 3", currency="EUR").status_code == 204
    handoff.refresh_from_db()
    assert (handoff.end, handoff.named_by, handoff.qualified_by) == ("qualified", mia, sam)


def test_each_name_is_taken_back_by_itself_the_newer_one_first(client, mia, sam):
    handoff = make_handoff("sal")
    act(client, handoff.lead, "qualify", sam)
    act(client, handoff.lead, "qualify", mia)
    first, second = Deed.objects.filter(lead=handoff.lead, act="qualify").order_by("pk")
    client.force_login(sam)
    assert client.post(reverse("handoff:undo", args=[first.pk]), headers=HTMX).status_code == 422
    client.force_login(mia)
    assert client.post(reverse("handoff:undo", args=[second.pk]), headers=HTMX).status_code == 204
    assert stands(handoff) == ("sal", sam, None)
    client.force_login(sam)
    assert client.post(reverse("handoff:undo", args=[first.pk]), headers=HTMX).status_code == 204
    assert stands(handoff) == ("sal", None, None)
    act(client, handoff.lead, "qualify", sam)
    assert Notice.objects.filter(kind="handoff:name", person=mia).count() == 2


def test_what_ends_meanwhile_lets_go_of_the_name_and_taking_that_back_brings_it_again(client, mia, sam):
    returned, recycled = make_handoff("sal"), make_handoff("sal")
    for handoff, name, reason in ((returned, "return", make_reason("return", "below_fit")),
                                  (recycled, "recycle", make_reason("recycle"))):  # fmt: skip
        act(client, handoff.lead, "qualify", mia)
        assert act(client, handoff.lead, name, sam, reason=reason.pk, verdict="Later").status_code == 204
        handoff.refresh_from_db()
        assert (handoff.ended_at is not None, handoff.named_by, handoff.named_at) == (True, None, None)
    deed = Deed.objects.filter(lead=recycled.lead, act="recycle").get()
    assert client.post(reverse("handoff:undo", args=[deed.pk]), headers=HTMX).status_code == 204
    assert stands(recycled) == ("sal", mia, None)


def test_a_hand_off_keeps_the_version_under_which_it_was_offered(client, sam):
    handoff = make_handoff("sal")
    make_agreement(both_qualify=False)
    act(client, handoff.lead, "qualify", sam)
    assert stands(handoff)[0] == "sal"
    later = make_handoff("sal")
    act(client, later.lead, "qualify", sam)
    assert stands(later) == ("sql", None, sam)


def test_the_database_keeps_no_half_name_and_none_on_what_has_ended(sam):
    handoff = make_handoff("sal")
    with pytest.raises(IntegrityError, match="handoff_first_name_waits_or_counts"):
        Handoff.objects.filter(pk=handoff.pk).update(named_by=sam)


def test_who_is_not_signed_in_adds_no_name(client, sam):
    handoff = make_handoff("sal")
    client.logout()
    assert client.post(reverse("handoff:act", args=[handoff.lead_id, "qualify"])).status_code == 302
    assert stands(handoff) == ("sal", None, None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("other", "ends"), [("sales", ("sal", 1)), ("marketing", ("sql", 2))])
def test_two_at_once_are_one_name_of_a_team_or_both_names(sam, other, ends):
    handoff, colleague = make_handoff("sal"), make_user("other", team=other)
    begin, done, refused = threading.Barrier(2), [], []

    def say(person):
        try:
            begin.wait(timeout=10)
            lifecycle.qualify(handoff.lead, actor=person)
            done.append(person)
        except ValidationError as error:
            refused.append(error.messages[0])
        finally:
            connections.close_all()

    people = [threading.Thread(target=say, args=[person]) for person in (sam, colleague)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert (stands(handoff)[0], len(done)) == ends
    assert all("has said so already" in why for why in refused)


def test_names_cost_the_pages_no_query(client, mia, sam, django_assert_max_num_queries):
    handoff = make_handoff("sal")
    client.force_login(mia)
    client.get(handoff.lead.get_absolute_url())
    lifecycle.qualify(handoff.lead, actor=sam)
    with django_assert_max_num_queries(14):
        client.get(handoff.lead.get_absolute_url())
