"""The board: every stage at once, the same leads as the table, and moves that tell the truth."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from handoff import lanes, lifecycle
from handoff.models import Handoff
from leads.models import Lead
from tests.factories import make_handoff, make_lead, make_leads, make_reason, make_user

BOARD = "/pipeline/"


@pytest.fixture
def mia():
    return make_user("mia")


@pytest.fixture
def sam():
    return make_user("sam", team="sales")


@pytest.fixture
def one_of_each(mia, sam):
    """A lead in each lane, by the lane's name."""
    made = {"tofu": make_lead(name="Tove Tofu"), "mql": make_handoff(name="Mira Mql").lead}
    made |= {lane: make_handoff(lane, name=f"{lane.capitalize()} Lane").lead for lane in ("sal", "sql")}
    made |= {"discovery": make_lead("bofu", name="Dora Discovery"), "customer": make_lead("customer", name="Cora Won")}
    return made


def lane_texts(html):
    """What stands in each lane, by its name."""
    parts = re.split(r'data-lane="(\w+)" id="l-', html)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_each_lead_stands_in_its_lane(client, sam, one_of_each):
    client.force_login(sam)
    shown = lane_texts(client.get(BOARD).text)
    for lane, lead in one_of_each.items():
        assert f'data-lead="{lead.pk}"' in shown[lane], lane
        assert sum(f'data-lead="{lead.pk}"' in text for text in shown.values()) == 1, lane


def test_a_card_shows_owner_value_score_next_action_and_age(client, sam):
    lead = make_lead("bofu", name="Lena Fischer", company={"name": "Brauhaus Fehr"}, value="61000")
    Lead.objects.filter(pk=lead.pk).update(next_action="Send the sheet", next_action_at="2020-01-01T10:00Z")
    client.force_login(sam)
    card = lane_texts(client.get(BOARD).text)["discovery"]
    for words in ("Lena Fischer", "Brauhaus Fehr", "€61k", "Score ", "Send the sheet", "over", "Sam, sales"):
        assert words in card, words


def test_a_filter_holds_on_the_board_as_in_the_table_and_switching_keeps_it(client, sam):
    kept, other = make_lead(source="referral"), make_lead(source="display")
    client.force_login(sam)
    for address in (BOARD, "/leads/"):
        page = client.get(f"{address}?source=referral").text
        assert kept.name in page
        assert other.name not in page
        assert "/pipeline/?source=referral" in page
        assert "/leads/?source=referral" in page


def test_the_sums_of_the_board_count_what_its_filters_let_through(client, sam, one_of_each):
    client.force_login(sam)
    html = client.get(f"{BOARD}?q=Tove").text
    assert html.count("<article") == 1


def test_more_cards_come_by_key_until_the_lane_is_whole(client, sam):
    leads = [make_lead() for _ in range(lanes.CARDS + lanes.MORE + 3)]
    client.force_login(sam)
    html, seen = client.get(BOARD).text, set()
    for _page in range(5):
        html = html.replace("&amp;", "&")
        seen |= set(re.findall(r'data-lead="(\d+)"', html))
        following = re.search(r'hx-get="(/pipeline/tofu/more/[^"]+)"', html)
        if not following:
            break
        html = client.get(following[1]).text
    assert seen == {str(lead.pk) for lead in leads}


@pytest.mark.parametrize("lane", ["tofu", "mql", "discovery"])
def test_a_cursor_that_cannot_be_read_begins_anew(client, sam, one_of_each, lane):
    client.force_login(sam)
    for cursor in ("", "x", "9" * 40, "2026-99-99T00:00.1", "\0", "1.2.3"):
        page = client.get(f"/pipeline/{lane}/more/", {"after": cursor})
        assert page.status_code == 200
    assert client.get("/pipeline/nowhere/more/").status_code == 404


def test_the_menu_says_which_moves_are_not_open_and_who_may(client, mia):
    make_handoff()
    client.force_login(mia)
    menu = re.search(r'id="moves-mql".*?</div>', client.get(BOARD).text, re.S)[0]
    assert 'data-move-to="sal"' in menu
    assert 'aria-disabled="true"' in menu
    assert "this is for sales" in menu


@pytest.mark.parametrize("joins", ["nestloop", "hashjoin", "mergejoin"])
def test_a_move_by_one_click_answers_with_the_fresh_board_and_keeps_the_card_in_sight(client, sam, joins):
    with connection.cursor() as cursor:  # whichever way the database joins, and so whichever order it answers in
        for other in {"nestloop", "hashjoin", "mergejoin"} - {joins}:
            cursor.execute(f"SET LOCAL enable_{other} = off")
    handoffs = [make_handoff() for _ in range(lanes.CARDS + 2)]
    last = handoffs[-1].lead
    for handoff in handoffs[:-1]:
        lifecycle.accept(handoff.lead, actor=sam)
    client.force_login(sam)
    answer = client.post(
        reverse("handoff:act", args=[last.pk, "accept"]),
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{BOARD}?source=organic_search"},
    )
    assert answer.status_code == 204
    place = json.loads(answer["HX-Location"])
    assert json.loads(answer["HX-Trigger"])["toast"]["text"].startswith(str(last))
    shown = lane_texts(client.get(place["path"]).text)["sal"]
    assert shown.index(f'data-lead="{last.pk}"') < shown.index("<article", shown.index("<article") + 1)
    assert shown.count(f'data-lead="{last.pk}"') == 1


def test_a_refused_move_says_why_and_leaves_the_lead_where_it_was(client, sam):
    handoff = make_handoff()
    lifecycle.claim(handoff, actor=make_user("kim", team="sales"))
    client.force_login(sam)
    answer = client.post(reverse("handoff:act", args=[handoff.lead_id, "accept"]), headers={"HX-Request": "true"})
    assert answer.status_code == 422
    said = json.loads(answer["HX-Trigger"])
    assert "Kim has claimed this lead" in said["toast"]["text"]
    assert said["refused"] == {"lead": handoff.lead_id}
    assert handoff.lead.handoffs.get().lane == "mql"


def test_a_card_that_somebody_moved_meanwhile_is_refused_and_says_who(client, sam, mia):
    lead = make_handoff("sal").lead
    html = make_page(client, sam)
    seen = re.search(rf'data-lead="{lead.pk}"[^>]*data-seen="([^"]+)"', html)[1]
    lifecycle.recycle(lead, actor=mia, reason=make_reason("recycle"))
    lifecycle.offer(lead, actor=mia)
    answer = client.post(
        reverse("handoff:act", args=[lead.pk, "qualify"]), {"seen": seen}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422
    assert f"Mia moved {lead} on" in json.loads(answer["HX-Trigger"])["toast"]["text"]


def make_page(client, person):
    client.force_login(person)
    return client.get(BOARD).text


def test_a_moved_that_names_nothing_real_is_ignored(client, sam, one_of_each):
    client.force_login(sam)
    for moved in (
        "tofu:999999",
        "nowhere:1",
        "tofu:",
        ":",
        "sal:x",
        f"sal:{one_of_each['tofu'].pk}",
        "tofu:" + "9" * 30,
    ):
        assert client.get(BOARD, {"moved": moved}).text.count("<article") == len(one_of_each)


def test_a_promise_reads_the_same_on_the_board_and_in_the_inbox(client, sam):
    handoff = make_handoff("mql", name="Lena Fischer")
    Handoff.objects.filter(pk=handoff.pk).update(due_at=timezone.now() - timedelta(days=9))
    client.force_login(sam)
    due = re.compile(r'class="due[^>]*>(?:<svg.*?</svg>)?(?:Answer, )?([^<]* over)<')
    (shown,) = due.findall(client.get(BOARD).text)
    assert shown in due.findall(client.get(reverse("handoff:inbox")).text)
    assert shown != "9 d over"  # weekends are nobody's


def test_the_board_asks_as_often_at_300_leads_as_at_3(client, sam):
    client.force_login(sam)
    make_leads(3)
    client.get(BOARD)
    few = queries(client)
    make_leads(300)
    assert queries(client) == few <= 10


def queries(client):
    with CaptureQueriesContext(connection) as asked:
        assert client.get(BOARD).status_code == 200
    return len(asked)


@pytest.mark.django_db(transaction=True)
def test_totals_are_read_once_until_something_happens_to_a_lead(client, sam):
    lead = make_handoff("sal", name="Lena Fischer").lead
    lifecycle.recycle(lead, actor=sam, reason=make_reason("recycle"))  # told, so that it is known when that was
    make_handoff("sal", name="Katrin Hofer")
    client.force_login(sam)
    client.get(BOARD)
    with CaptureQueriesContext(connection) as again:
        assert counts(client)["sal"] == 1
    make_handoff("mql", name="Nils Aaberg")
    lifecycle.accept(Lead.objects.get(name="Nils Aaberg"), actor=sam)
    with CaptureQueriesContext(connection) as after:
        assert counts(client) == {**counts(client), "mql": 0, "sal": 2}
    assert len(after) - len(again) == len(again) + 1  # two pages, of which the first adds up
    client.get(BOARD, {"source": "nowhere"})
    assert counts(client, source="nowhere")["sal"] == 0


def counts(client, **filters):
    """How many the page says are in each lane of the middle."""
    html = client.get(BOARD, filters).content.decode()
    return {lane: int(re.search(rf'id="l-{lane}"><h3>.*?<small>(\d+)</small>', html)[1]) for lane in ("mql", "sal")}
