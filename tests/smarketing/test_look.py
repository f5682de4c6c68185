"""The display tags: exact words and markup, at a fixed moment, in Vienna."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from smarketing.display import amounts, marks

NOW = datetime(2026, 11, 19, 9, 42, tzinfo=UTC)  # Thursday, 10:42 in Vienna
JONAS = SimpleNamespace(name="Jonas Weber", team="sales")


@pytest.fixture(autouse=True)
def vienna():
    with timezone.override("Europe/Vienna"), translation.override("en"):
        yield


def render(source: str, **context) -> str:
    return Template("{% load look %}" + source).render(Context({"now": NOW} | context))


def words(markup: str) -> str:
    """What a person reads: the markup without its tags."""
    return Template("{{ markup|striptags }}").render(Context({"markup": markup}))


def test_an_icon_is_a_use_of_the_sprite_and_says_nothing_to_a_screen_reader():
    assert (
        render('{% icon "phone" %}')
        == '<svg class="i" aria-hidden="true"><use href="/static/dist/icons.svg#phone"/></svg>'
    )
    assert render('{% icon "phone" "s" %}').startswith('<svg class="i s" aria-hidden="true">')


@pytest.mark.parametrize(
    ("tag", "own", "said"),
    [
        ('"tofu"', "mkt", "TOFU"),
        ('"mofu"', "both", "MOFU"),
        ('"mql"', "both", "MQL offered"),
        ('"sal"', "both", "SAL accepted"),
        ('"sql"', "both", "SQL qualified"),
        ('"mofu" "sal"', "both", "SAL accepted"),
        ('"bofu"', "sal", "BOFU"),
        ('"bofu" "discovery"', "sal", "BOFU, discovery"),
        ('"bofu" label="Discovery"', "sal", "Discovery"),
        ('"customer"', "cus", "Customer"),
        ('"out"', "out", "OUT"),
    ],
)
def test_a_stage_chip_has_a_hue_a_glyph_and_a_word(tag, own, said):
    chip = render("{% stage_chip " + tag + " %}")
    assert chip.startswith(f'<span class="chip" data-own="{own}"><svg class="glyph"')
    assert words(chip) == said


def test_every_stage_has_a_glyph_of_its_own_shape():
    shapes = {marks.GLYPHS[name] for name in ("tofu", "mofu", "mql", "sql", "bofu", "customer", "out")}
    assert len(shapes) == 7
    assert render('{% glyph "nonsense" %}') == ""


def test_names_from_outside_are_escaped_everywhere():
    evil = SimpleNamespace(name='<b>"Eve', team="marketing")
    for markup in (
        render("{% owner evil %}{% person evil True %}{% initials evil.name %}", evil=evil),
        render('{% stage_chip "bofu" step %}', step="<b>"),
        render("{% due None step %}", step="<b>"),
        render("{% score_badge grade 3 %}", grade="<b>"),
    ):
        assert "<b>" not in markup


def test_the_ring_opens_to_the_side_of_the_team():
    assert render("{% owner user %}", user=JONAS) == (
        '<span class="av" data-own="sal" role="img" aria-label="Jonas Weber, sales" title="Jonas Weber, sales">JW</span>'
    )
    assert 'data-own="mkt"' in render("{% owner user %}", user={"name": "Mia Sørensen", "team": "marketing"})
    assert 'aria-label="Ruth Adeyemi, manager"' in render(
        "{% owner user %}", user={"name": "Ruth Adeyemi", "team": "management"}
    )


def test_nobody_is_a_dashed_ring_with_words():
    ring = render("{% owner user %}", user=None)
    assert ring.startswith('<span class="av open" role="img" aria-label="Unowned"')
    assert words(render("{% person user %}", user=None)) == "unowned"


def test_a_person_is_named_once():
    person = render("{% person user True %}", user=JONAS)
    assert words(person) == "JWJonas Weber, sales"
    assert person.count("aria-hidden") == 1
    assert 'role="img"' not in person


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Lena Fischer", "LF"),
        ("Dr. Elisabeth Mayr-Thalheimer", "EM"),
        ("Bram de Vries", "BV"),
        ("Cher", "C"),
        ("  ", "?"),
        ("", "?"),
        ("Łukasz Ćwik", "ŁĆ"),
    ],
)
def test_initials(name, letters):
    assert words(render("{% initials name %}", name=name)) == letters


def test_teams_have_glyph_and_word():
    assert words(render('{% team_mark "marketing" %}')) == "Marketing"
    assert 'data-own="sal"' in render('{% team_mark "sales" %}')
    assert "#cog" in render('{% team_mark "system" %}')


def test_a_score_is_a_grade_and_a_number_with_words_for_those_who_do_not_see_it():
    badge = render('{% score_badge "A" 84 %}')
    assert 'aria-label="Score 84, grade A"' in badge
    assert '<span class="gr" data-g="A">A</span>84' in badge
    assert words(render('{% score_badge "" None %}')) == "No score"
    assert words(render('{% score_badge "B" 65.6 %}')) == "B66"


def test_the_score_ring_is_drawn_without_styles():
    ring = render('{% score_ring 88 "A" %}')
    assert 'stroke-dasharray="88 100"' in ring
    assert 'aria-label="Score 88, grade A"' in ring
    assert "style" not in ring
    assert "stroke-dasharray" not in render('{% score_ring 0 "D" %}')
    assert 'stroke-dasharray="100 100"' in render('{% score_ring 130 "A" %}')


def at(**delta) -> datetime:
    return NOW + timedelta(**delta)


@pytest.mark.parametrize(
    ("moment", "state", "said"),
    [
        (None, "none", "No next action"),
        (at(minutes=24), "today", "24 min left"),
        (at(minutes=59, seconds=59), "today", "59 min left"),
        (at(hours=3, minutes=18), "today", "today, 14:00"),
        (at(days=1), "soon", "Fri 20 Nov"),
        (at(days=4), "soon", "Mon 23 Nov"),
        (at(days=60), "soon", "18 Jan 2027"),
        (at(seconds=-1), "over", "0 min over"),
        (at(minutes=-40), "over", "40 min over"),
        (at(hours=-5, minutes=-10), "over", "5 h 10 min over"),
        (at(days=-2, hours=-3), "over", "2 d over"),
        (date(2026, 11, 19), "today", "today"),
        (date(2026, 11, 17), "over", "2 d over"),
        (date(2026, 11, 24), "soon", "Tue 24 Nov"),
    ],
)
def test_when_something_is_due(moment, state, said):
    due = render("{% due moment now=now %}", moment=moment)
    assert due.startswith(f'<span class="due" data-due="{state}"')
    assert words(due) == said


def test_a_day_ends_at_local_midnight():
    late = datetime(2026, 11, 19, 22, 59, tzinfo=UTC)  # 23:59 in Vienna
    assert words(render("{% due moment now=now %}", moment=late)) == "today, 23:59"
    assert words(render("{% due moment now=now %}", moment=late + timedelta(minutes=1))) == "Fri 20 Nov"


def test_a_label_leads_and_the_clock_follows():
    assert (
        words(render('{% due moment "Second call" now=now %}', moment=at(hours=3, minutes=18))) == "Second call, 14:00"
    )
    assert (
        words(render('{% due moment "Send ROI sheet" now=now %}', moment=date(2026, 11, 19))) == "Send ROI sheet, today"
    )
    assert words(render('{% due None "Play: Dairy cost 2 of 4" %}')) == "Play: Dairy cost 2 of 4"
    assert words(render('{% due None none="no date" %}')) == "no date"


def test_business_time_left_wins_over_the_calendar():
    assert words(render('{% due moment "Claim" left=148 %}', moment=at(days=3))) == "Claim, 2 h 28 min left"
    assert 'data-due="soon"' in render("{% due None left=148 %}")
    assert words(render("{% due None left=1830 %}")) == "30 h left"  # a business day has no length that all know
    assert 'data-due="today"' in render("{% due None left=24 %}")
    assert words(render("{% due None left=left %}", left=timedelta(minutes=-40))) == "40 min over"


def test_a_promise_kept_says_so_and_a_box_is_a_box():
    assert words(render("{% due None kept=True %}")) == "kept"
    assert 'class="due box" data-due="today"' in render("{% due moment now=now box=True %}", moment=at(minutes=24))


def test_the_hover_gives_local_time_and_utc():
    assert 'title="Thu 19 Nov 2026 14:00 CET, 2026-11-19 13:00 UTC"' in render(
        "{% due moment now=now %}", moment=at(hours=3, minutes=18)
    )


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (at(minutes=-47), "today 09:55 CET"),
        (at(days=-1), "yesterday 10:42"),
        (at(days=-2), "Tue 17 Nov 10:42"),
        (at(days=-400), "15 Oct 2025 11:42"),
        (date(2026, 11, 19), "today"),
        (date(2026, 4, 2), "Thu 2 Apr"),
        (None, ""),
    ],
)
def test_a_moment_in_local_time(moment, said):
    assert words(render("{% when moment now %}", moment=moment)) == said


def test_a_moment_carries_utc():
    assert render("{% when moment now %}", moment=at(minutes=-47)) == (
        '<time datetime="2026-11-19T08:55:00Z" title="2026-11-19 08:55 UTC">today 09:55 CET</time>'
    )
    assert render("{% ago moment now %}", moment=at(minutes=-47)).startswith(
        '<relative-time datetime="2026-11-19T08:55:00Z" lang="en"><time '
    )


@pytest.mark.parametrize(
    ("delta", "said"),
    [
        ({"seconds": 5}, "now"),
        ({"minutes": 36}, "36 min"),
        ({"hours": 2, "minutes": 50}, "2 h"),
        ({"days": 12}, "12 d"),
        ({"days": 440}, "1.2 y"),
        ({"minutes": -5}, "now"),
    ],
)
def test_age(delta, said):
    assert render("{% age moment now %}", moment=NOW - timedelta(**delta)) == said


def test_no_age_without_a_moment():
    assert render("{% age moment now %}", moment=None) == ""


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (32_000, "EUR", "€32k"),
        (Decimal("31500.00"), "EUR", "€32k"),
        (950, "EUR", "€950"),
        (Decimal("999.60"), "EUR", "€1,000"),
        (1_500, "EUR", "€1.5k"),
        (9_000, "USD", "$9k"),
        (999_600, "EUR", "€1M"),
        (1_250_000, "EUR", "€1.3M"),
        (2_000_000_000, "EUR", "€2bn"),
        (0, "EUR", "€0"),
        (-32_000, "GBP", f"{amounts.MINUS}£32k"),
        (32_000, "CHF", "CHF\xa032k"),
        (None, "EUR", ""),
    ],
)
def test_money_at_a_glance(amount, currency, said):
    assert render("{% money amount currency %}", amount=amount, currency=currency) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (61_000, "€61,000"),
        (Decimal("61000.5"), "€61,000.50"),
        (Decimal("61000.00"), "€61,000"),
        (-5, f"{amounts.MINUS}€5"),
        (None, ""),
    ],
)
def test_money_in_full(amount, said):
    assert render('{% money_full amount "EUR" %}', amount=amount) == said


def test_numbers_follow_the_language():
    with translation.override("de"):
        assert render("{% count 1284 %}") == "1.284"
        assert render('{% money_full amount "EUR" %}', amount=Decimal("61000.5")) == "€61.000,50"


@pytest.mark.parametrize(
    ("number", "said"), [("1284", "1,284"), ("1001 1000", "1,000+"), ("1000 1000", "1,000"), ("0", "0"), ("None", "")]
)
def test_counts(number, said):
    assert render("{% count " + number + " %}") == said


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(0, 12, 0), (1, 1000, 1), (11, 12, 92), (999, 1000, 99), (12, 12, 100), (13, 12, 100), (3, 0, 0), (None, 5, 0)],
)
def test_a_share_never_hides_something_and_never_claims_everything(part, whole, percent):
    assert amounts.share(part, whole) == percent
