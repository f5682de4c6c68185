"""The agreement: drafted by anybody, signed by both teams in the browser, in force at the second signature."""

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from handoff import agreement
from handoff.models import Agreement, Notice, Signature
from leads.models import Scorecard
from smarketing.display.marks import team_mark
from tests.factories import make_agreement, make_draft, make_handoff, make_user
from tests.handoff.contract.offering import words

AGREEMENT, DRAFT, EDIT = (reverse(f"handoff:agreement{name}") for name in ("", "_draft", "_edit"))
BEGIN, SIGN, DROP = (reverse(f"handoff:agreement_{name}") for name in ("begin", "sign", "drop"))


@pytest.fixture
def ruth():
    return make_user("ruth", team="management", name="Ruth Lindqvist")


def said(**changes):
    """The form of the draft as a person sends it."""
    return {
        "mql_line": 60, "accept_within": "8 h", "attempt_within": "4 h", "hand_raise_within": "1 h",
        "contact_within": "24 h", "attempts": 5, "attempts_days": 10, "remind_before": "1 h", "escalate_after": "2 h",
        "reassign_after": "8 h", "reassign_most": 2, "time_zone": "UTC", "opens": "09:00", "closes": "17:30",
        "weekdays": [0, 1, 2, 3, 4], "holidays": "", "definition": Agreement.objects.in_force().definition,
        **dict(zip(("version", "seen"), agreement.stands(agreement.coming()), strict=True)), **changes,
    }  # fmt: skip


def signed(client, person, team, seen=None):
    client.force_login(person)
    seen = Agreement.objects.drafts().get().edit if seen is None else seen
    return client.post(SIGN, {"team": team, "seen": seen}, follow=True)


def test_what_came_with_the_house_is_there_to_read_and_says_that_nobody_signed_it(client, sam):
    client.force_login(sam)
    page = words(client.get(AGREEMENT))
    for text in ("60 of 100 or more", "Pricing page", "8 h", "Mon-Fri 09:00-17:30 UTC", "Below the fit line"):
        assert text in page
    assert "Signed by nobody yet" in page
    assert "Propose a change" in page


def test_drafted_by_marketing_signed_by_both_and_in_force_at_the_second_signature(client, mia, sam, ruth):
    before = make_handoff()
    client.force_login(mia)
    page = client.post(EDIT, said(mql_line=45, accept_within="2 h 30 min", holidays="AT"), follow=True)
    assert "v2 is saved." in page.text
    assert "<del><span" in page.text
    assert "2 h 30 min" in page.text
    page = signed(client, mia, "marketing")
    assert "You have signed v2." in page.text
    assert Agreement.objects.in_force().version == 1
    assert list(Notice.objects.filter(kind="agreement:to_sign").values_list("person", flat=True)) == [sam.pk]
    page = signed(client, sam, "sales")
    assert "Both have signed: v2 is in force." in page.text
    current = Agreement.objects.in_force()
    assert (current.version, current.mql_line, current.accept_within, current.holidays) == (2, 45, 150, "AT")
    assert current.agreed_by == sam
    assert Agreement.objects.get(version=1).ended_at == current.in_force_since
    assert Scorecard.objects.get(in_force=True) == current.scorecard
    told = Notice.objects.filter(kind="agreement:in_force").values_list("person__username", flat=True)
    assert set(told) == {"mia", "ruth"}
    before.refresh_from_db()
    assert before.agreement.version == 1
    assert make_handoff().agreement.version == 2
    assert "without the holidays of Austria" in words(client.get(AGREEMENT))


def test_a_team_signs_for_itself_and_a_manager_only_while_it_has_nobody(client, mia, sam, ruth):
    draft = make_draft(by=mia, mql_line=45)
    for person, team in ((mia, "sales"), (sam, "marketing"), (ruth, "sales"), (ruth, "marketing"), (mia, "management")):
        assert signed(client, person, team).status_code == 403, (person, team)
    assert not Signature.objects.exists()
    sam.is_active = False
    sam.save()
    page = signed(client, ruth, "sales")
    assert "Ruth Lindqvist, for sales" in words(page)
    signatures = page.text[page.text.index('id="h-sign"') :]
    assert all(team_mark(team) in signatures for team in ("sales", "marketing"))  # signed or open, its team is named
    assert (Signature.objects.get().team, Signature.objects.get().stands_in) == ("sales", True)
    signed(client, mia, "marketing")
    assert Agreement.objects.in_force() == draft
    assert "by management in its place" in words(client.get(AGREEMENT))


def test_somebody_signed_out_sees_and_signs_nothing(client, mia):
    draft = make_draft(by=mia)
    for address in (AGREEMENT, DRAFT, EDIT, reverse("handoff:agreement_foresight")):
        assert client.get(address).status_code == 302
    for address in (BEGIN, SIGN, DROP):
        assert client.post(address, {"team": "sales", "seen": draft.edit}).url.startswith(reverse("account_login"))
    assert not Signature.objects.exists()


def test_a_changed_draft_voids_the_signatures_given_to_it_and_whoever_signed_hears_of_it(client, mia, sam):
    make_draft(by=mia, mql_line=45)
    signed(client, mia, "marketing")
    client.force_login(sam)
    client.post(EDIT, said(mql_line=50))
    voided = Signature.objects.get()
    assert (voided.person, voided.voided_at is not None, voided.edit) == (mia, True, 1)
    assert Notice.objects.get(kind="agreement:voided").person == mia
    assert "Sam Okafor changed v2" in words(signed(client, sam, "sales", seen=1))
    assert Agreement.objects.in_force().version == 1
    signed(client, sam, "sales")
    assert Agreement.objects.in_force().version == 1
    signed(client, mia, "marketing")
    assert Agreement.objects.in_force().mql_line == 50
    page = words(client.get(reverse("handoff:agreement_version", args=[1])))
    assert "Version 1" in page


def shown(page):
    """The form that a page shows, as its browser would send it."""
    form = page.context["form"]
    return said(**{bound.name: bound.value() for bound in form if bound.value() not in (None, "")})


def test_two_who_change_a_draft_at_once_see_what_the_other_saved_and_the_next_save_goes_over_it(client, mia, sam):
    make_draft(by=mia, leads_a_month=80, value_a_month="150000")
    client.force_login(mia)
    older = said(mql_line=41, leads_a_month=80, value_a_month="150000", attempts=7)
    client.force_login(sam)
    theirs = said(
        mql_line=50, leads_a_month=80, value_a_month="150000", opens_4="09:00", closes_4="13:00", holidays="AT"
    )
    client.post(EDIT, theirs)
    client.force_login(mia)
    page = client.post(EDIT, older)
    assert page.status_code == 422
    assert "Sam Okafor changed v2 at" in page.text
    text = words(page)
    assert '60 of 100</del> <ins><span class="vh">now: </span>50 of 100</ins>. Yours is in the field' in text
    assert "Austria</ins>. It stands here as they left it." in text
    assert "Friday 09:00-13:00</ins>. It stands here as they left it." in text
    draft = Agreement.objects.drafts().get()
    assert (draft.mql_line, draft.attempts, draft.edit) == (50, 5, 2)
    again = shown(page)
    assert (again["mql_line"], again["holidays"], again["attempts"], again["opens_4"]) == (41, "AT", 7, "09:00")
    assert "v2 is saved." in client.post(EDIT, again, follow=True).text
    draft = Agreement.objects.drafts().get()
    assert (draft.mql_line, draft.attempts, draft.holidays, draft.hours) == (41, 7, "AT", {"4": ["09:00", "13:00"]})


def test_a_third_change_between_is_told_again(client, mia, sam):
    draft = make_draft(by=mia)
    client.force_login(mia)
    older = said(attempts=7)
    agreement.amend(draft, actor=sam, seen=1, mql_line=50)
    again = shown(client.post(EDIT, older))
    agreement.amend(draft, actor=sam, seen=2, mql_line=51, attempts=3)
    page = client.post(EDIT, again)
    assert '50 of 100</del> <ins><span class="vh">now: </span>51 of 100</ins>. It stands here' in words(page)
    assert "3</ins>. Yours is in the field" in words(page)
    client.post(EDIT, shown(page))
    draft.refresh_from_db()
    assert (draft.scorecard.mql_line, draft.attempts) == (51, 7)


def test_what_was_written_for_a_draft_that_is_gone_is_kept_for_the_next(client, mia, sam):
    draft = make_draft(by=mia, mql_line=45)
    client.force_login(mia)
    older = said(mql_line=45, attempts=7)
    agreement.drop(draft, actor=sam, seen=1)
    page = client.post(EDIT, older)
    assert (page.status_code, "Sam Okafor has put v2 away." in page.text) == (422, True)
    assert not Agreement.objects.drafts().exists()
    client.post(EDIT, shown(page))
    draft = Agreement.objects.drafts().get()
    assert (draft.version, draft.attempts, draft.mql_line) == (3, 7, 60)


def test_what_was_written_for_a_draft_that_came_into_force_is_kept_for_the_next(client, mia, sam):
    make_draft(by=mia, mql_line=45)
    client.force_login(mia)
    older = said(mql_line=45, attempts=7)
    signed(client, mia, "marketing")
    signed(client, sam, "sales")
    client.force_login(mia)
    page = client.post(EDIT, older)
    assert "v2 is in force now." in page.text
    client.post(EDIT, shown(page))
    draft = Agreement.objects.drafts().get()
    assert (draft.version, draft.attempts, draft.mql_line) == (3, 7, 45)


def test_two_who_begin_at_once_work_on_one_draft(client, mia, sam):
    client.force_login(mia)
    older = said(mql_line=41)
    client.force_login(sam)
    client.post(EDIT, said(attempts=7, why="Calls take longer."))
    client.force_login(mia)
    page = client.post(EDIT, older)
    assert "Sam Okafor has begun v2." in page.text
    assert "Sam Okafor changed it:" in page.text
    client.post(EDIT, shown(page))
    draft = Agreement.objects.drafts().get()
    assert (draft.mql_line, draft.attempts, draft.why, draft.edit) == (41, 7, "Calls take longer.", 2)


def test_who_signs_an_older_page_reads_what_changed_since_and_signs_nothing(client, mia, sam):
    draft = make_draft(by=mia, mql_line=45)
    client.force_login(sam)
    older = {"team": "sales", "version": 2, "seen": 1}
    agreement.amend(draft, actor=mia, seen=1, attempts=9)
    page = client.post(SIGN, older)
    assert "Mia Novak changed v2 at" in page.text
    told = words(page).split('role="alert">')[1].split("</dl>")[0]
    assert "Attempts before a lead is unreachable" in told
    assert "MQL line" not in told
    agreement.drop(draft, actor=mia, seen=2)
    make_draft(by=mia, mql_line=47)
    assert "Mia Novak has put v2 away." in client.post(SIGN, older, follow=True).text
    assert not Signature.objects.exists()


def test_a_draft_begins_with_the_first_change_that_is_saved(client, mia):
    make_agreement(mql_line=55)
    client.force_login(mia)
    page = client.get(client.get(AGREEMENT).text.split('class="btn go push" href="')[1].split('"')[0])
    assert "Save as draft v3" in page.text
    assert not Agreement.objects.drafts().exists()
    page = client.post(EDIT, shown(page))
    assert (page.status_code, "Nothing is changed yet." in page.text) == (422, True)
    assert not Agreement.objects.drafts().exists()
    client.post(EDIT, {**shown(page), "mql_line": 57})
    assert Agreement.objects.drafts().get().mql_line == 57


def test_never_giving_a_lead_on_is_an_empty_field_and_stays_one(client, mia):
    make_draft(by=mia, reassign_after=0)
    client.force_login(mia)
    page = client.get(EDIT)
    assert page.context["form"]["reassign_after"].value() == ""
    assert 'name="reassign_after" maxlength="20"' in page.text
    assert 'value="0 min"' not in page.text


def test_a_refused_save_says_at_the_top_what_to_mend_and_leads_there(client, mia):
    make_draft(by=mia)
    client.force_login(mia)
    page = words(client.post(EDIT, said(accept_within="soon", opens_6="09:00", closes_6="12:00")))
    top = page.split('role="alert"')[1].split("</ul>")[0]
    assert "autofocus" in top
    assert '<a class="lnk" href="#id_accept_within">Accept or return within</a>: Say it in hours' in top
    assert '<a class="lnk" href="#id_opens_6">Sunday from</a>' in top


def test_a_draft_that_is_put_away_is_told_to_whose_it_was_and_can_be_taken_up_again(client, mia, sam, ruth):
    draft = make_draft(by=mia, mql_line=45)
    signed(client, sam, "sales")
    client.force_login(ruth)
    assert "Put draft v2 away?" in client.get(DRAFT).text
    page = client.post(DROP, {"version": 2, "seen": 1}, follow=True)
    away = Notice.objects.filter(kind="agreement:away")
    assert set(away.values_list("person__username", flat=True)) == {"mia", "sam"}
    assert "Take it up again" in page.text
    client.force_login(sam)
    page = words(client.post(reverse("handoff:agreement_take_up", args=[2]), follow=True))
    assert "v2 is a draft again." in page
    assert "Sam Okafor took it up again" in page
    assert "Ruth Lindqvist put it away" in page
    draft.refresh_from_db()
    assert (draft.is_draft, draft.mql_line, draft.signatures.standing().count()) == (True, 45, 0)
    assert away.filter(person=mia).count() == 2
    assert [notice.get_absolute_url() for notice in away.filter(person=mia).order_by("pk")] == [AGREEMENT, DRAFT]


def test_a_draft_that_others_came_after_lends_its_words_to_the_next(client, mia, sam):
    draft = make_draft(by=mia, mql_line=45, why="Fewer returns.")
    agreement.drop(draft, actor=sam, seen=1)
    make_agreement(mql_line=52)
    client.force_login(mia)
    client.post(reverse("handoff:agreement_take_up", args=[2]))
    taken = Agreement.objects.drafts().get()
    assert (taken.version, taken.mql_line, taken.why) == (4, 45, "Fewer returns.")
    refused = words(client.post(reverse("handoff:agreement_take_up", args=[2]), follow=True))
    assert "Mia Novak has begun v4 already." in refused
    assert client.post(reverse("handoff:agreement_take_up", args=[3]), follow=True).status_code == 200
    assert Agreement.objects.get(version=3).in_force_since is not None


def test_a_notice_of_the_agreement_leads_to_it(client, mia, sam):
    make_draft(by=mia, mql_line=45)
    signed(client, mia, "marketing")
    notice = Notice.objects.get(kind="agreement:to_sign", person=sam)
    client.force_login(sam)
    assert client.get(reverse("handoff:notice", args=[notice.pk])).url == DRAFT
    for address in (reverse("handoff:notices"), reverse("handoff:my_day")):
        assert f'href="{DRAFT}"' in client.get(address).text


def test_saving_what_stands_there_already_voids_nothing(client, mia):
    make_draft(by=mia, mql_line=45)
    signed(client, mia, "marketing")
    client.post(EDIT, said(mql_line=45))
    assert Signature.objects.standing().count() == 1


def test_one_draft_at_a_time_and_one_that_is_put_away_stays_readable(client, mia, sam):
    make_draft(by=mia, mql_line=45)
    client.force_login(sam)
    assert "Mia Novak has begun v2 already." in words(client.post(BEGIN, follow=True))
    client.post(DROP, {"seen": 1})
    assert not Agreement.objects.drafts().exists()
    assert "Put away, never in force" in words(client.get(reverse("handoff:agreement_version", args=[2])))
    client.post(EDIT, said(mql_line=50))
    assert Agreement.objects.drafts().get().version == 3


def test_a_draft_that_changes_nothing_of_what_was_signed_cannot_be_signed(client, mia):
    make_agreement(mql_line=55)
    make_draft(by=mia)
    assert "v3 says what v2 says. Change a term first." in words(signed(client, mia, "marketing"))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"closes": "08:00"}, "This is before the day opens."),
        ({"opens_4": "09:00"}, "Say from when until when, or leave both empty."),
        ({"opens_4": "14:00", "closes_4": "13:00"}, "Friday ends before it begins."),
        ({"opens_6": "09:00", "closes_6": "12:00"}, "Sunday is no working day. Tick it above"),
        ({"opens_4": "noon", "closes_4": "13:00"}, "Enter a valid time."),
        ({"mql_line": 0}, "greater than or equal to 1"),
        ({"weekdays": []}, "This field is required."),
        ({"time_zone": "Moon/Base"}, "Moon/Base"),
        ({"accept_within": "soon"}, "Say it in hours and minutes"),
        ({"accept_within": "0 min"}, "Choose between 1 min and 400 h."),
        ({"days_off": "2026-12-24\nxmas"}, "xmas is not a day."),
    ],
)
def test_a_draft_that_cannot_be_is_shown_again_with_the_reason(client, mia, changes, text):
    make_draft(by=mia)
    client.force_login(mia)
    page = client.post(EDIT, said(**changes))
    assert page.status_code == 422
    assert text in page.text
    assert Agreement.objects.drafts().get().edit == 1


def test_a_short_friday_is_agreed_on_and_promises_are_counted_by_it(client, mia, sam, time_machine):
    make_draft(by=mia)
    client.force_login(mia)
    own = {"opens_4": "09:00", "closes_4": "13:00", "opens_1": "09:00", "closes_1": "17:30"}
    page = client.post(EDIT, said(**own), follow=True)
    assert "Friday 09:00-13:00" in page.text
    draft = Agreement.objects.drafts().get()
    assert draft.hours == {"4": ["09:00", "13:00"]}  # Tuesday has the usual hours
    form = client.get(EDIT)
    assert 'value="13:00"' in form.text
    assert form.context["form"].has_own_hours
    signed(client, mia, "marketing")
    signed(client, sam, "sales")
    assert "Mon-Thu 09:00-17:30, Fri 09:00-13:00 UTC" in client.get(AGREEMENT).text
    time_machine.move_to("2026-11-27T12:00:00Z", tick=False)  # a Friday
    assert make_handoff().due_at.isoformat() == "2026-11-30T16:00:00+00:00"
    assert client.get(reverse("handoff:board")).status_code == 200


def test_hours_that_end_before_they_begin_are_refused_by_the_database_too():
    terms = Agreement.objects.in_force()
    terms.hours = {"4": ["14:00", "13:00"]}
    with pytest.raises(IntegrityError, match="agreement_hours_open_before_they_close"):
        terms.save()


def test_the_words_say_what_they_mean_and_ask_for_nothing_more(client, sam):
    make_agreement(mql_line=52, required_facts=["phone"])
    make_handoff()
    client.force_login(sam)
    page = words(client.get(reverse("handoff:board")))
    assert "At least 52 of 100 points. Known: phone." in page
    assert 'popovertarget="term-mql-lane"' in page
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("handoff:board"))
    assert not [query for query in asked if "leads_scorecard" in query["sql"]]


def test_its_pages_ask_as_often_with_many_versions_as_with_few(client, mia, sam):
    make_draft(by=mia, mql_line=45)

    def counted():
        client.force_login(mia)
        found = []
        for address in (AGREEMENT, DRAFT, EDIT):
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                client.get(address)
            found.append(len(asked))
        return found

    few = counted()
    for line in (46, 47, 48, 49, 50):
        draft = Agreement.objects.drafts().get()
        agreement.amend(draft, actor=sam, seen=draft.edit, mql_line=line)
    agreement.drop(draft, actor=sam, seen=draft.edit + 1)
    for line in (51, 52, 53):
        make_agreement(mql_line=line)
    make_draft(by=mia, mql_line=54)
    assert counted() == few
    assert max(few) <= 12
