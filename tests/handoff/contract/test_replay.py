"""Other points, held against the last 90 days: each offer counted anew from what was known when it was made."""

import re
from datetime import timedelta
from html import unescape

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from handoff import deals, lifecycle
from leads import capture, clock, editing, past, points, scoring
from leads.engagement import Touches
from tests.factories import make_draft
from tests.handoff.contract.offering import ahead, offered, returned, table, warm, words

AHEAD = reverse("handoff:agreement_foresight")


def test_other_points_say_which_returns_they_keep_out_which_wins_they_lose_and_who_comes_in(client, mia, sam):
    returned(sam, "below_fit", "email:reply", name="Rita Replied")
    returned(sam, "below_fit", "meeting:met", name="Max Met")
    won = offered("email:reply", name="Wanda Winner")
    lifecycle.accept(won, actor=sam)
    lifecycle.qualify(won, actor=sam)
    deals.win(deals.open_deal(won, actor=sam, name="Meters"), actor=sam)
    warm("web:pricing", name="Nora Near")
    changed = table(pricing={"points": 10}, reply={"points": 6})
    held = ahead(points=changed)
    told = {line.label: (line.before, line.after) for line in held.table}
    assert told["Offered by the definition"] == (3, 1)
    assert told["Returned as not what we agreed on"] == (2, 1)
    assert told["Became customers, of these offers"] == (1, 0)
    assert [(str(offer.handoff.lead), offer.points, offer.anew) for offer in held.returned_kept_out] == [
        ("Rita Replied", 62, 56)
    ]
    assert [str(offer.handoff.lead) for offer in held.wins_lost] == ["Wanda Winner"]
    assert [(str(lead), most) for lead, most in held.would_be] == [("Nora Near", 60)]
    assert [str(lead) for lead in held.at_once] == ["Nora Near"]
    client.force_login(sam)
    page = words(client.get(AHEAD))
    for text in ("What v2 would have changed", "1 returned lead would have been kept out", "62 points, 56 by these points",
                 "1 lead would have become an MQL", "Each offer is counted anew by the new points"):  # fmt: skip
        assert text in page


def test_every_number_of_the_replay_opens_exactly_the_leads_that_it_counts(client, mia, sam):
    for _number in range(3):
        returned(sam, "below_fit", "email:reply")
    lifecycle.accept(offered("meeting:met"), actor=sam)
    for _number in range(14):
        warm("web:pricing")
    make_draft(points=table(pricing={"points": 10}, reply={"points": 6}), accept_within=30)
    client.force_login(sam)
    page = client.get(AHEAD).text
    assert "12 of 14: see all" in page
    links = [(address, abs(int(number.replace("−", "-")))) for address, number in
             re.findall(r'href="([^"]*\?of=[^"]+)">([−+]?\d+)</a>', page)]  # fmt: skip
    assert len(links) >= 12
    for address, number in links:
        opened = client.get(unescape(address)).text
        assert f'data-total="{number}"' in opened, address
        listed = re.search(r'<ul class="list">(.*?)</ul>', opened, re.S)[1]
        assert listed.count("<li>") == number, address
    assert client.get(f"{AHEAD}leads/", {"of": "offers.99.before"}).status_code == 404


def test_points_that_give_every_offer_the_same_leave_the_count_of_the_old_ones_as_it_was(mia, sam):
    returned(sam, "below_fit", "email:reply")
    offered("meeting:met")
    alike = table(pricing={"label": "Prices", "points": 9})
    held = ahead(points=alike)
    assert held.redefines
    assert all(line.before == line.after for line in held.table)
    assert held.kept_out == held.wins_lost == held.would_be == []


def test_an_offer_is_counted_anew_from_what_was_known_and_done_when_it_was_made(mia):
    lead = offered("meeting:met", phone="", job_title="Director")
    editing.edit(lead, actor=mia, changes={"phone": "+43 316 811235", "job_title": "Student"})
    capture.log(lead, kind="meeting:met")
    changed = table()
    changed["fit"][1]["points"] = 9  # the phone, which nobody knew then
    changed["fit"][2]["points"] = 19  # who decides, as the title said then
    held = ahead(points=changed)
    assert held.kept_out == []
    assert [(offer.points, offer.anew) for offer in held._offers] == [(61, 62)]


def test_a_half_life_counts_in_the_replay_as_it_would_have_faded_then(mia):
    with clock.at(timezone.now() - timedelta(days=60)):
        lead = warm("web:pricing")
    with clock.at(timezone.now() - timedelta(days=30)):
        capture.log(lead, kind="web:page")
    held = ahead(points=table(pricing={"half_life": None}))
    assert held.would_be == [(lead, 60)]  # 56 as the agreed half-life had it


def test_the_replay_asks_as_often_for_many_offers_as_for_few(client, mia, sam):
    client.force_login(mia)
    make_draft(points=table(pricing={"points": 10}, reply={"points": 6}), high_intent=["web:pricing"])

    def counted():
        client.get(AHEAD)
        with CaptureQueriesContext(connection) as asked:
            client.get(AHEAD)
        return len(asked)

    offered("email:reply")
    warm("web:pricing")
    few = counted()
    for _number in range(4):
        returned(sam, "below_fit", "email:reply")
        warm("web:pricing")
    assert counted() == few <= 30


TOUCHED = st.dictionaries(
    st.sampled_from(["web:pricing", "email:reply", "meeting:met", "web:page"]),
    st.tuples(st.integers(1, 40), st.integers(0, 200), st.integers(0, 200)),
)
ENGAGED = st.fixed_dictionaries(
    {
        "label": st.just("x"), "kind": st.sampled_from(["web:pricing", "email:reply", ""]), "value": st.integers(1, 90),
        "op": st.sampled_from([*points.COUNTS]), "points": st.integers(-50, 50), "cap": st.integers(1, 50),
        "half_life": st.sampled_from(points.HALF_LIVES),
    }
)  # fmt: skip

#: Mostly as agreed; some as nobody could count with.
WORTH = st.one_of(st.integers(-50, 50), st.sampled_from([None, "many", "7", 2.6, 1e9]))


@given(touched=TOUCHED, rules=st.lists(ENGAGED, max_size=5), size=st.integers(0, 60), worth=WORTH)
def test_what_is_counted_for_many_is_what_a_score_counts_for_one(touched, rules, size, worth):
    now = timezone.now()
    touches = {
        kind: Touches(number, now - timedelta(days=max(ends)), now - timedelta(days=min(ends)), *[number / 2] * 3)
        for kind, (number, *ends) in touched.items()
    }
    fit = [{"label": "Size", "field": "size", "op": "at_least", "value": 20, "points": worth}]
    agreed, facts = {"fit": fit, "engagement": rules}, {"size": size}
    counted = past.Counter(agreed).total(facts, touches, at=now)
    assert counted == scoring.score(facts, touches, agreed, at=now).total
