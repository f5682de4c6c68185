"""The points are terms of the agreement: marketing edits them, both teams sign them, and nobody is surprised by them."""

import re
from html import unescape

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff import agreement, answers, undo
from handoff.models import Agreement, Amendment, Deed, Handoff, Notice, Signature
from leads import pipeline, points
from leads.models import Lead, Scorecard, StageChange
from tests.factories import make_agreement, make_draft, make_lead, make_user
from tests.handoff.contract.offering import PRICING, table, warm, words

POINTS, EDIT = reverse("handoff:points"), reverse("handoff:points_edit")
AHEAD, SIGN = (reverse(f"handoff:agreement_{name}") for name in ("foresight", "sign"))


def typed(page, **changes):
    """The form as a browser sends it, with some fields typed over; dashes are written as underscores."""
    form = page.context["form"]
    said = {name: form[name].value() for name in ("version", "seen")}
    for group, rows, _wrong in form.halves:
        said[f"{group}-rows"] = len(rows)
        for row in rows:
            said |= {field.html_name: field.value() for field in row}
    return said | changes


def test_marketing_changes_a_rule_and_the_draft_tells_what_it_changes(client, mia, sam):
    make_draft(by=sam)
    client.force_login(sam)
    client.post(SIGN, {"team": "sales", "seen": 1})
    client.force_login(mia)
    page = client.get(EDIT)
    assert "This draft is signed already." in page.text
    page = client.post(EDIT, typed(page, **{f"engagement-{PRICING}-points": "12", "fit-0-value": "yes"}), follow=True)
    assert "The points of v2 are saved." in page.text
    assert "Pricing page</dt>" in page.text
    assert "8 points</del>" in page.text
    assert "12 points</ins>" in page.text
    draft = Agreement.objects.drafts().get()
    assert (draft.edit, draft.points) == (2, table(pricing={"points": 12}))
    change = Amendment.objects.get(edit=2).changes
    assert change == {"points": [table(), table(pricing={"points": 12})]}
    assert Signature.objects.get().voided_at is not None
    assert Notice.objects.get(kind="agreement:voided").person == sam
    assert Scorecard.objects.get(in_force=True).points == table()


def test_saving_the_points_as_they_stand_changes_nothing(client, mia):
    make_draft(by=mia)
    client.force_login(mia)
    client.post(EDIT, typed(client.get(EDIT)))
    assert Agreement.objects.drafts().get().edit == 1
    assert Amendment.objects.count() == 1


def test_sales_reads_the_points_of_a_draft_and_is_told_kindly_who_writes_them(client, mia, sam):
    draft = make_draft(by=mia, points=table(pricing={"points": 12}))
    client.force_login(mia)
    said = typed(client.get(EDIT), **{"fit-0-points": "1"})
    client.force_login(sam)
    page = client.get(EDIT)
    assert "Marketing writes the points, and both teams sign them." in page.text
    assert "12 points</ins>" in page.text
    assert 'name="fit-0-points"' not in page.text
    refused = client.post(EDIT, said)
    assert (refused.status_code, "Marketing writes the points" in refused.text) == (403, True)
    draft.refresh_from_db()
    assert draft.edit == 1
    client.force_login(make_user("ruth", team="management"))
    assert "The points of v2 are saved." in client.post(EDIT, said, follow=True).text


def test_somebody_signed_out_sees_no_points(client, mia):
    make_draft(by=mia)
    for address in (POINTS, EDIT):
        assert client.get(address).url.startswith(reverse("account_login"))
    assert client.post(EDIT, {"fit-rows": 0, "engagement-rows": 0, "seen": 1}).url.startswith(reverse("account_login"))
    assert Agreement.objects.drafts().get().edit == 1


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"fit-0-label": " "}, "Say in a few words what it looks at."),
        ({"fit-0-label": "phone number known"}, "Another rule is called the same."),
        ({"fit-0-field": "shoe_size"}, "shoe_size is not a field of a lead."),
        ({"fit-0-op": "resembles"}, "Choose how it is compared."),
        ({"fit-0-value": ""}, "Say what it is compared with."),
        ({"fit-3-value": "many"}, "Say it as a number."),
        ({"fit-3-value": "inf"}, "Say it as a number."),
        ({"fit-3-value": "1,000"}, "Write it without separators: 1000."),
        ({"fit-0-points": "nan"}, "Say it as a number."),
        ({"fit-0-points": "1e9"}, "Choose a whole number from -50 to 50."),
        ({"fit-0-points": "2.5"}, "Choose a whole number from -50 to 50."),
        ({"fit-0-points": "0"}, "No points change nothing"),
        ({"engagement-0-kind": "deal:win"}, "deal:win is nothing that a lead does."),
        ({"engagement-0-kind": ""}, "Choose what they do."),
        ({"fit-0-field": "business_email", "fit-0-value": "maybe"}, "A business e-mail is known or not: say yes."),
        ({"engagement-0-points": "9", "engagement-0-cap": "8"}, "One touch alone is worth more."),
        ({"engagement-0-cap": "0"}, "Choose a whole number from 1 to 50."),
        ({"engagement-0-half_life": "0"}, "Choose 7, 30 or 90 days, or that it never fades."),
        ({"engagement-0-op": "idle", "engagement-0-value": ""}, "Say it as a number."),
        ({"engagement-0-op": "count", "engagement-0-value": "0"}, "Choose a whole number from 1 to 3650."),
        ({"engagement-0-op": "twice"}, "Choose how it counts."),
        ({"engagement-0-kind": "web:pricing"}, "“Asked to talk” asks the same already."),
    ],
)
def test_a_rule_that_cannot_be_is_told_where_it_stands_and_everything_typed_is_kept(client, mia, changes, text):
    make_draft(by=mia)
    client.force_login(mia)
    page = client.post(EDIT, typed(client.get(EDIT), **changes, **{"fit-5-label": "Land known"}))
    assert page.status_code == 422
    assert text in words(page)
    wrong = [
        field for _group, rows, _wrong in page.context["form"].halves for row in rows for field in row if field.errors
    ]
    assert len(wrong) == 1
    assert f'href="#{wrong[0].auto_id}"' in page.text, "the top of the form names it and leads there"
    assert 'value="Land known"' in page.text
    for name, value in changes.items():
        assert typed(page)[name] == value
    assert Agreement.objects.drafts().get().edit == 1


def test_a_table_without_points_and_one_with_too_many_rules_are_refused(client, mia):
    make_draft(by=mia)
    client.force_login(mia)
    empty = client.post(EDIT, {"version": 2, "seen": 1, "fit-rows": 0, "engagement-rows": 0})
    assert "No rule gives points, so nobody could reach the line." in empty.text
    many = {f"fit-{n}-{name}": value for n in range(61) for name, value in
            {"label": f"Rule {n}", "field": "phone", "op": "is", "value": str(n), "points": "1"}.items()}  # fmt: skip
    full = client.post(EDIT, {"version": 2, "seen": 1, "fit-rows": 61, "engagement-rows": 0, **many})
    assert (full.status_code, "More than 60 rules cannot be told apart." in full.text) == (422, True)
    assert 'value="Rule 60"' in full.text


def test_a_form_that_is_older_than_the_draft_keeps_its_words_and_goes_over_it_only_when_it_is_saved_again(
    client, mia, sam
):
    draft = make_draft(by=mia)
    client.force_login(mia)
    older = typed(client.get(EDIT), **{"fit-0-points": "9"})
    agreement.amend(draft, actor=sam, seen=draft.edit, mql_line=50, points=table(pricing={"points": 12}))
    page = client.post(EDIT, older)
    assert (page.status_code, "Sam Okafor changed v2" in page.text) == (422, True)
    assert "12 points</ins>" in page.text
    assert typed(page)["fit-0-points"] == "9"
    assert Agreement.objects.drafts().get().points == table(pricing={"points": 12})
    client.post(EDIT, typed(page))
    saved = Agreement.objects.drafts().get()
    assert (saved.points["fit"][0]["points"], saved.points["engagement"], saved.mql_line) == (
        9,
        table()["engagement"],
        50,
    )


def test_rules_are_added_moved_and_removed_before_anything_is_saved(client, mia):
    make_draft(by=mia)
    client.force_login(mia)
    page = client.post(EDIT, typed(client.get(EDIT), do="add-fit"))
    page = client.post(EDIT, typed(page, do="up-fit-6", **{"fit-6-label": "Energy", "fit-6-field": "industry",
                                                            "fit-6-value": "Energy, Water", "fit-6-points": "-7"}))  # fmt: skip
    assert [typed(page)[f"fit-{n}-label"] for n in (5, 6)] == ["Energy", "Country known"]
    page = client.post(EDIT, typed(page, do="drop-engagement-0"))
    assert Agreement.objects.drafts().get().edit == 1
    client.post(EDIT, typed(page))
    saved = Agreement.objects.drafts().get().points
    assert saved["fit"][5] == {
        "label": "Energy", "field": "industry", "op": "contains", "value": ["Energy", "Water"], "points": -7,
    }  # fmt: skip
    assert saved["engagement"] == table()["engagement"][1:]
    page = words(client.get(reverse("handoff:agreement_draft")))
    assert "industry contains Energy or Water, -7 points" in page
    assert "no such rule" in page


def test_further_fields_are_offered_by_name_and_what_leads_do_in_words(client, mia):
    make_lead(custom={"Fleet size": "40"})
    make_draft(by=mia)
    client.force_login(mia)
    page = client.get(EDIT)
    assert '<option value="custom.Fleet size">Fleet size</option>' in page.text
    assert '<option value="web:pricing" selected>Read the pricing page</option>' in page.text
    page = client.post(EDIT, typed(page, do="add-fit"))
    rule = {"label": "Big fleet", "field": "custom.Fleet size", "op": "at_least", "value": "30", "points": "5"}
    client.post(EDIT, typed(page, **{f"fit-6-{name}": value for name, value in rule.items()}))
    _in_force(client)
    lead = make_lead(custom={"Fleet size": "40"})
    assert "Big fleet" in [part["label"] for part in lead.score.parts]


def _in_force(client):
    """Both sign in the browser, and the worker counts anew and answers; returns who was offered by it."""
    before = set(Handoff.objects.values_list("pk", flat=True))
    for name, team in (("mia", "marketing"), ("sam", "sales")):
        client.force_login(make_user(name, team=team))
        client.post(SIGN, {"team": team, "seen": Agreement.objects.drafts().get().edit})
    pipeline.rescore_outdated()
    answers.answer_all()
    return set(Handoff.objects.exclude(pk__in=before).values_list("lead", flat=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"engagement-1-points": "12"},
        {"engagement-1-points": "12", "engagement-1-half_life": "never"},
        {"fit-2-points": "10", "engagement-1-points": "20"},
        {"fit-0-points": "-3", "engagement-1-points": "24"},
        {"engagement-6-op": "count", "engagement-6-value": "2", "engagement-6-points": "15"},
        {"engagement-1-points": "4"},
    ],
)
def test_who_is_offered_after_both_have_signed_is_who_the_preview_named(client, mia, sam, changes):
    warm("web:pricing", name="Nora Near")
    warm("email:click", "email:click", name="Cleo Clicks")
    warm("web:pricing", name="Carl Clerk", job_title="Clerk")
    warm("web:page", name="Paul Pages")
    warm("web:pricing", name="Phil Nophone", phone="")
    warm("email:reply", name="Olga Offered")
    answers.answer_all()
    make_draft(by=mia)
    client.force_login(mia)
    client.post(EDIT, typed(client.get(EDIT), **changes))
    page = client.get(AHEAD)
    named = {lead.pk for lead in page.context["ahead"].at_once}
    listed = page.text[page.text.index("Who is offered at once") :] if named else ""
    assert all(lead.name in listed for lead in Lead.objects.filter(pk__in=named))
    assert _in_force(client) == named
    assert bool(named) == (changes != {"engagement-1-points": "4"})


def test_every_stage_change_names_the_points_it_was_decided_by(mia, sam):
    first = Scorecard.objects.get(in_force=True)
    lead = make_lead("mofu")
    changes = StageChange.objects.filter(lead=lead).order_by("seq")
    assert list(changes.values_list("act", "scorecard")) == [("capture", first.pk), ("offer", first.pk)]
    make_agreement(points=table(pricing={"points": 12}))
    second = Scorecard.objects.get(in_force=True)
    assert make_lead().stage_changes.get().scorecard == second != first
    pipeline.rescore_outdated()
    undo.undo(Deed.objects.get(lead=lead), actor=mia)
    assert changes.get(act="undo").scorecard == second
    assert not StageChange.objects.filter(scorecard=None).exists()


def test_the_page_of_points_counts_leads_by_rule_and_tells_how_the_points_came_to_be(client, mia, sam):
    warm("web:pricing")
    warm()
    client.force_login(sam)
    page = client.get(POINTS)
    shown = {rule.label: rule.leads for rule in [*page.context["tally"].fit, *page.context["tally"].engagement]}
    assert (shown["Phone number known"], shown["Pricing page"], shown["Met"]) == (2, 1, 0)
    assert "8 rules give no lead points now." in page.text
    opened = re.findall(r'href="(/leads/\?points=[^"]+)">(\d+)<', page.text)
    assert len(opened) == len([leads for leads in shown.values() if leads])
    for address, number in opened:
        assert client.get(unescape(address)).context["total"] == int(number)
    assert "Points by" in client.get(unescape(opened[0][0])).text
    assert "The points it began with." in page.text
    make_agreement(points=table(pricing={"points": 12, "half_life": 90}))
    make_agreement(mql_line=55)
    page = words(client.get(POINTS))
    assert "8 points, half after 30 days</del>" in page
    assert "12 points, half after 90 days</ins>" in page
    assert page.count("in force since") == 2
    assert "proposed by Mia Novak" in page
    page = words(client.get(reverse("handoff:agreement_version", args=[1])))
    assert "half after 30 days" in page
    assert "half after 90 days" in words(client.get(reverse("handoff:agreement")))


def test_the_page_says_that_leads_are_counted_anew_until_they_are(client, mia):
    warm()
    warm()
    make_agreement(points=table(pricing={"points": 12}))
    client.force_login(mia)
    for page in (POINTS, reverse("handoff:agreement")):
        assert "2 leads are still to be counted anew by v2" in words(client.get(page))
    asked = reverse("handoff:agreement_counting")
    assert f'hx-get="{asked}"' in client.get(asked).text
    pipeline.rescore_outdated()
    assert "Every lead is counted by v2 now." in words(client.get(asked))
    assert f'hx-get="{asked}"' not in client.get(asked).text
    assert "counted anew" not in words(client.get(POINTS))


def test_who_changed_a_draft_last_is_named_beside_who_began_it(client, mia, sam):
    client.force_login(sam)
    draft = make_draft(by=mia, mql_line=55)
    pages = [reverse(f"handoff:agreement{which}") for which in ("_draft", "")]
    assert all("Sam Okafor changed it last" not in words(client.get(page)) for page in pages)
    agreement.amend(draft, actor=sam, seen=draft.edit, mql_line=58)
    told = words(client.get(pages[0]))
    assert "Proposed by Mia Novak" in told
    assert "last changed by Sam Okafor" in told
    assert "Sam Okafor changed it last." in words(client.get(pages[1]))


def test_the_first_change_of_the_points_begins_a_draft(client, mia):
    make_agreement(mql_line=55)
    client.force_login(mia)
    assert "Propose other points" in client.get(POINTS).text
    page = client.get(EDIT)
    assert "Nothing is changed yet." in client.post(EDIT, typed(page)).text
    assert not Agreement.objects.drafts().exists()
    client.post(EDIT, typed(page, **{"fit-0-points": "9"}))
    draft = Agreement.objects.drafts().get()
    assert (draft.version, draft.drafted_by, draft.points["fit"][0]["points"]) == (3, mia, 9)


def test_its_pages_ask_as_often_with_many_rules_leads_and_versions_as_with_few(client, mia):
    client.force_login(mia)
    make_agreement(points=table(pricing={"points": 7}))
    make_draft(by=mia)

    def counted():
        found = []
        for address in (POINTS, EDIT):
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                client.get(address)
            found.append(len(asked))
        return found

    few = counted()
    agreement.drop(Agreement.objects.drafts().get(), actor=mia, seen=1)
    for worth in range(9, 14):
        make_agreement(points=table(pricing={"points": worth}))
    for _number in range(4):
        warm("web:pricing", custom={f"Field {_number}": "x"})
    make_draft(by=mia, points=table(pricing={"points": 20}))
    assert counted() == few
    assert max(few) <= 12


NUMBERS = st.one_of(st.integers(), st.floats(), st.text(max_size=5), st.none(), st.booleans(), st.just(10**400))
RULES = st.one_of(
    NUMBERS,
    st.fixed_dictionaries(
        {},
        optional={
            "label": st.one_of(st.text(max_size=100), NUMBERS), "field": st.sampled_from(["phone", "custom.x", "", "custom."]),
            "kind": st.sampled_from(["web:pricing", "", "deal:win", "WEB", 7]), "value": st.one_of(NUMBERS, st.lists(NUMBERS, max_size=3)),
            "op": st.sampled_from([*points.OPS, *points.COUNTS, "no", None, 3]), "points": NUMBERS, "cap": NUMBERS,
            "half_life": st.one_of(NUMBERS, st.sampled_from([7, 30, 90])),
        },
    ),
)  # fmt: skip


@settings(max_examples=150)
@given(said=st.fixed_dictionaries({"fit": st.lists(RULES, max_size=4), "engagement": st.lists(RULES, max_size=4)}))
def test_whatever_is_said_becomes_a_table_that_reads_the_same_again_or_is_refused_by_rule(said):
    try:
        clean = points.clean(said)
    except ValidationError as error:
        places = {place.split("-")[0] for place in error.message_dict}
        assert places <= {"fit", "engagement"}
    else:
        assert points.clean(clean) == clean
        assert points.differences(clean, clean) == []
        assert points.gain(clean, clean) == 0


def test_no_word_of_a_rule_has_the_sign_that_parts_words():
    rule = {"label": "Group", "field": "custom.group", "op": "is", "value": "North; South", "points": 5}
    with pytest.raises(ValidationError, match="A semicolon parts words"):
        points.clean({"fit": [rule], "engagement": []})
