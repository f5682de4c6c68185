"""Two weeks of both teams, with a moved clock: who offers, answers, breaks a promise, and what the figures say of it.

The weeks have a holiday in them (26 October in Austria) and the night in which the clocks are set back.
"""

import csv
import io
import re
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from handoff import accounting, invariants
from handoff.models import Deal, Delivery, Handoff, Message, Notice, Promise, Task
from leads import capture
from leads.models import Lead
from tests.browser import recount
from tests.browser.office import Office, inbox, lead, move, offered, one_line, table
from tests.chromium import said
from tests.factories import make_agreement, make_reason

#: The kinds of notices whose number the ledgers tell as well.
VERDICTS = ["handoff:accept", "handoff:returned", "handoff:recycled", "handoff:disqualified", "handoff:withdrawn",
            "handoff:qualified", "handoff:claim_early", "handoff:again"]  # fmt: skip


@pytest.fixture
def office(page_of, time_machine, settings):
    settings.EMAIL_CONFIGURED = True
    return Office(page_of, time_machine)


def test_two_weeks_of_both_teams_end_with_figures_that_the_ledgers_confirm_to_the_minute(office):
    make_agreement(time_zone="Europe/Vienna", holidays="AT", attempts=3, attempts_days=3)
    unreachable = make_reason("recycle", "unreachable")
    answer = Client()
    answer.force_login(office.ruth)
    answer.post(reverse("handoff:reason", args=[unreachable.pk]), {"label": "Unreachable", "look_again_days": "7"})
    the_first_week(office)
    the_second_week(office)
    the_figures(office)
    the_notices(office)


def the_first_week(office):
    mia, sam, priya, ruth = office.mia, office.sam, office.priya, office.ruth
    lena, theo = lead("Lena Fischer", "Brauhaus Fehr"), lead("Theo Lang", "Lang Druck")
    greta, hugo = lead("Greta Holm", "Holm Logistik"), lead("Hugo Brandt", "Brandt Glas")
    jana, ida = lead("Jana Vogel", "Vogel Bau"), lead("Ida Lorenz", "Lorenz Textil")
    paula, otto = lead("Paula Berger", "Berger Papier"), lead("Otto Reiter", "Reiter Holz")
    nils = lead("Nils Aaberg", "Aaberg Eis", of_company={"size": 240, "industry": "Food"}, phone="+43662123456",
                job_title="Head of energy", country="AT")  # fmt: skip
    viktor = lead("Viktor Stein", "Stein Metall")

    # Monday: marketing offers by hand, takes one offer back at once, and a meeting lifts a lead over the line.
    office.until("19 Oct 09:00")
    page = office.desk(mia, theo.get_absolute_url())
    hand_over(page, "Asked for a price list")
    said(page, "Theo Lang is offered to sales.")
    page.locator("#toasts .toast", has_text="Theo Lang is offered").get_by_role("button", name="Undo").click()
    said(page, "Undone: Theo Lang is where it was.")
    page = office.desk(mia, lena.get_absolute_url())
    hand_over(page, "Her tariff ends on 31 January")
    said(page, "Lena Fischer is offered to sales.")
    for each in (greta, hugo, jana, ida):
        office.act(mia, each, "offer", note="Asked for a demo", to=sam.pk)
    for each in (paula, otto):
        office.act(mia, each, "offer", note="Read the pricing page")
    page = office.desk(mia, nils.get_absolute_url())
    page.get_by_role("button", name="Met", exact=True).click()
    said(page, "Nils Aaberg is ready by the agreement and is being offered to sales.")
    office.beat()
    assert offered(nils).origin == "line"

    # Two reps claim the same lead: one gets it, and the other is told who.
    office.until("19 Oct 09:30")
    desks = [office.desk(rep, inbox(lena)) for rep in (sam, priya)]
    for page in desks:
        page.keyboard.press("c")
    for page in desks:
        page.locator("#toasts .toast").first.wait_for()
    first = offered(lena).owner
    other = priya if first == sam else sam
    said(office.pages[first], "Lena Fischer is yours.")
    said(office.pages[other], f"{first} has claimed this lead already. Nothing was changed.")
    office.until("19 Oct 09:40")
    page = office.desk(first, inbox(lena))
    page.get_by_role("button", name="Accept").first.click()
    said(page, "Lena Fischer is accepted: the clock waits for your first call.")
    office.until("19 Oct 10:00")
    page = office.desk(first, inbox(lena))
    page.get_by_role("button", name="Left a message").click()
    said(page, "Logged: Left a message. Next: Try again: attempt 2 of 3")
    office.act(priya, nils, "accept")

    # What is in the wrong place goes on to the right rep at once.
    office.until("19 Oct 10:15")
    page = office.desk(sam, inbox(greta))
    page.keyboard.press("r")
    page.get_by_label("Another region").check()
    page.locator(".back [name=to]").select_option(label="Priya Nair")
    page.get_by_label("What would make it right? Marketing reads this").fill("Her plant lies in Carinthia")
    page.locator(".back button", has_text="Return").click()
    said(page, "Greta Holm is returned.")
    assert (offered(greta).owner, offered(greta).origin) == (priya, "rerouted")
    office.until("19 Oct 10:20")
    for each in (jana, ida):
        office.act(sam, each, "accept")
    office.until("19 Oct 10:25")
    page = office.desk(sam, inbox(jana))
    page.get_by_role("button", name="No answer").click()
    said(page, "Logged: No answer.")
    office.tap(priya, nils, "call:spoke")

    # What is missing is mended by marketing and offered again; what is not as agreed goes back to nurture.
    office.until("19 Oct 11:00")
    office.act(sam, paula, "claim")
    page = office.desk(sam, inbox(paula))
    page.keyboard.press("r")
    page.get_by_label("Facts missing or wrong").check()
    for name in ("phone", "job_title"):
        page.locator(f".back [name=fields_wrong][value={name}]").check()
    page.locator(".back button", has_text="Return").click()
    said(page, "Paula Berger is returned.")
    verdict = "Four people are too few"
    office.act(priya, otto, "return", reason=make_reason("return", "below_fit").pk, verdict=verdict)
    office.until("19 Oct 11:30")
    page = office.desk(mia, "/")
    expect(page.locator("[aria-labelledby=h-mend]")).to_contain_text("Mend phone, job title")
    page.get_by_role("link", name="Mend Paula Berger").click()
    page.locator("#id_phone").fill("+43 662 987654")
    page.locator("#id_job_title").fill("Buyer")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Paula Berger", level=1).wait_for()
    page = office.desk(mia, "/")
    page.get_by_role("button", name="Mended: offer again Paula Berger").click()
    said(page, "Paula Berger is mended and offered to sales.")
    assert (offered(paula).owner, Task.objects.get(lead=paula).done_by) == (sam, mia)
    office.until("19 Oct 12:30")
    office.act(sam, paula, "accept")
    office.tap(sam, paula, "call:spoke")
    office.act(sam, paula, "qualify")
    office.until("19 Oct 14:00")
    office.act(priya, greta, "accept")

    # Tuesday: Sam has not answered Hugo; the managers hear of it. Priya and Lena's rep go on.
    office.until("20 Oct 10:20")
    office.tap(priya, greta, "call:spoke")
    office.tap(sam, jana, "call:left_message")
    assert not Notice.objects.filter(person=ruth, kind="promise:escalate", lead=hugo).exists()
    office.until("20 Oct 11:00")
    page = office.desk(ruth, "/notices/")
    expect(page.locator("main")).to_contain_text("Hugo Brandt still waits for an answer")
    expect(page.locator("main")).to_contain_text("Ida Lorenz is accepted and never touched")
    page = office.desk(first, inbox(lena))
    page.get_by_role("button", name="Spoke").click()
    said(page, "Logged: Spoke.")
    page.get_by_role("button", name="Qualified").click()
    said(page, "Lena Fischer is qualified.")
    page.get_by_role("link", name="Open a deal").click()
    page.locator("#act").get_by_label("Amount").fill("61000")
    page.locator("#act").get_by_role("button", name="Open deal").click()
    said(page, "The deal for Lena Fischer is open.")
    office.until("20 Oct 11:30")
    page = office.desk(priya, nils.get_absolute_url())
    move(page, "Disqualify")
    page.locator("#act").get_by_label("No need").check()
    page.locator("#act").get_by_role("button", name="Disqualify").click()
    said(page, "Nils Aaberg is in OUT.")

    # Somebody asks to talk, and is answered within the hour.
    office.until("20 Oct 14:00")
    capture.accept({"email": "kurt@maier-stahl.example", "name": "Kurt Maier", "hand_raise": {"note": "Call me"}},
                   way="form")  # fmt: skip
    office.beat()
    kurt = Lead.objects.get(name="Kurt Maier")
    office.until("20 Oct 14:40")
    office.act(sam, kurt, "accept")
    office.tap(sam, kurt, "call:spoke")

    # Ida was accepted and never called: she comes to other hands. Hugo goes back to where anybody may claim him.
    office.until("20 Oct 15:49")
    assert offered(ida).owner == sam
    office.until("20 Oct 16:10")
    assert (offered(ida).owner, offered(ida).reassigned) == (priya, 1)
    office.tap(priya, ida, "call:left_message")
    office.until("21 Oct 09:59")
    assert offered(hugo).owner == sam
    office.until("21 Oct 10:30")
    assert (offered(hugo).owner, offered(hugo).reassigned) == (None, 1)

    # The agreed attempts are made and nobody answered: one click.
    page = office.desk(sam, inbox(jana))
    page.get_by_role("button", name="No answer").click()
    said(page, "The agreed 3 attempts are made")
    page.get_by_role("button", name="Recycle as unreachable").click()
    said(page, "Jana Vogel is back in nurture as unreachable.")
    jana.refresh_from_db()
    assert jana.look_again_on == date(2026, 10, 28)
    office.act(mia, viktor, "offer", note="Came to the fair")
    office.tap(priya, ida, "call:no_answer")
    office.until("21 Oct 14:00")
    office.act(priya, hugo, "accept")
    office.until("21 Oct 15:07")
    office.tap(priya, hugo, "call:spoke")
    page = office.desk(priya, inbox(greta))
    page.get_by_role("link", name="Recycle…").click()
    page.locator("#act").get_by_label("Not now").check()
    page.locator("#act").get_by_label("Or on this day").fill("2026-10-29")
    page.locator("#act").get_by_role("button", name="Recycle").click()
    said(page, "Greta Holm is back in nurture.")

    # Thursday and Friday
    office.until("22 Oct 09:30")
    office.tap(priya, ida, "call:spoke")
    page = office.desk(priya, inbox(ida))
    page.get_by_role("link", name="Put off…").click()
    page.locator("#act").get_by_label("Because").fill("She is away until then")
    page.locator("#act").get_by_label("In a week").check()
    page.locator("#act").get_by_role("button", name="Put off").click()
    said(page, "Ida Lorenz comes back to your inbox on Thu 29 Oct 09:00.")
    office.act(sam, kurt, "open_deal", amount="9000", currency="EUR")
    office.act(mia, viktor, "withdraw", reason=make_reason("withdraw", "offered_too_early").pk)
    office.until("23 Oct 15:00")
    lotte = lead("Lotte Winkler", "Winkler Milch")
    office.act(mia, lotte, "offer", note="Asked about delivery times", to=priya.pk)
    clock = office.desk(priya, inbox(lotte)).locator(".clock")
    expect(clock).to_contain_text("Mon-Fri 09:00-17:30 CET")
    expect(clock).to_contain_text("Holidays of Austria are left out.")
    office.until("23 Oct 17:30")


def hand_over(page, why):
    move(page, "Hand to sales")
    page.locator("#act").get_by_label("Why now").fill(why)
    page.locator("#act").get_by_role("button", name="Hand over").click()


def the_second_week(office):
    mia, sam, priya = office.mia, office.sam, office.priya
    named = ("Lena Fischer", "Jana Vogel", "Kurt Maier", "Lotte Winkler")
    lena, jana, kurt, lotte = (Lead.objects.get(name=name) for name in named)

    # Over the weekend, the night of the clocks and the holiday no promise runs: Lotte's waits for Tuesday.
    before = Notice.objects.count()
    office.until("27 Oct 13:29")
    assert Notice.objects.count() == before
    office.until("27 Oct 13:30")
    assert [(each.person, each.kind) for each in Notice.objects.order_by("-pk")[:1]] == [(priya, "promise:remind")]
    office.until("27 Oct 14:00")
    office.act(priya, lotte, "accept")
    office.until("28 Oct 09:20")
    office.tap(priya, lotte, "call:no_answer")

    # Jana's day to look again has come: she stands on the day of both who know her, and Sam takes her up.
    again = office.read(mia, "/").context["again"]
    assert [row.name for row in again] == ["Jana Vogel"]
    page = office.desk(sam, "/")
    expect(page.locator("[aria-labelledby=h-again]")).to_contain_text("Jana Vogel")
    page.get_by_role("link", name="Claim early Jana Vogel").click()
    page.locator("#act").get_by_label("Why now").fill("She called back")
    page.locator("#act").get_by_role("button", name="Claim", exact=True).click()
    said(page, "Jana Vogel is yours.")
    office.until("28 Oct 09:35")
    office.act(sam, jana, "accept")
    office.until("28 Oct 11:02")
    office.tap(sam, jana, "call:spoke")
    office.act(mia, jana, "qualify")

    # Greta's day comes a day later; Lena's deal is won, Kurt's is lost.
    assert "Greta Holm" not in [row.name for row in office.read(priya, "/").context["again"]]
    office.until("29 Oct 09:30")
    for person in (mia, priya):
        assert [row.name for row in office.read(person, "/").context["again"]] == ["Greta Holm"]
    page = office.desk(Deal.objects.get(roles__lead=lena).owner, lena.get_absolute_url())
    move(page, re.compile("Deal won"))
    page.locator("#act").get_by_role("button", name="Won").click()
    said(page, "Lena Fischer is a customer.")
    office.act(sam, kurt, "lose", reason=make_reason("lose", "timing").pk)
    office.until("30 Oct 15:00")
    office.act(mia, lead("Nora Pohl", "Pohl Kaffee"), "offer", note="Downloaded the guide")
    office.until("30 Oct 17:30")


def the_figures(office):
    """What the pages show is what the ledgers say, and that is what has been played."""
    mia, sam, priya, ruth = office.mia, office.sam, office.priya, office.ruth
    now = timezone.now()
    assert invariants.violations() == []
    assert set(Handoff.objects.values_list("agreement__version", flat=True)) == {2}

    # Every promise was kept or broken as its minutes say, and the list of them tells those minutes.
    for promise in Promise.objects.select_related("handoff__agreement"):
        assert recount.is_told_truly(promise, now), promise
    answer = office.read(ruth, reverse("dashboards:visits_csv"), what="promises", period="all")
    head, *rows = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert dict(promise_of(dict(zip(head, row, strict=True))) for row in rows) == recount.taken(now)
    counted = recount.handoffs()
    accounts = accounting.accounts(counted, now=now)
    for handoff in counted:
        called, spoken = recount.touched(handoff, recount.ATTEMPTS), recount.touched(handoff, recount.CONTACTS)
        assert (handoff.first_attempt_at, handoff.first_contact_at) == (called, spoken), handoff.lead
        account = accounts[handoff.pk]
        assert account.minutes() == recount.whose_time(handoff, now)
        if handoff.accepted_at:
            steps = [each for each in account.segments if each.step in ("answer", "attempt", "contact") and each.ended in
                     (handoff.accepted_at, called, spoken)]  # fmt: skip
            took = {each.step: account.calendar.minutes(each.began, each.ended) for each in steps}
            assert {step: n for step, n in took.items() if n} == recount.steps(handoff)
        if handoff == handoff.lead.handoffs.exclude(end="undone").order_by("pk").last():
            shown = office.read(mia, handoff.lead.get_absolute_url()).context["shown"].kept
            told = [length(n) for n in recount.whose_time(handoff, now).values() if n]
            assert sorted(span for _whose, span, _own in shown) == sorted(told)

    # The teams' pages, as a person reads them.
    page = office.desk(mia, f"{reverse('dashboards:verdicts')}?period=all")
    weeks = table(page, "[aria-labelledby=weeks]")
    assert weeks == {f"{monday:%-d %b %Y}": row for monday, row in recount.verdicts().items()}
    assert weeks == {
        "19 Oct 2026": [13, 0, 9, 3, 1, 4, 1, 1, 1, 1, 2, 1, 1],
        "26 Oct 2026": [2, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    }
    strip = page.locator(".strip .stat dd > a:first-child")
    assert [int(each) for each in strip.all_inner_texts()] == [15, 10, 3, 4, 1]
    page = office.desk(sam, f"{reverse('dashboards:promises')}?period=all")
    kinds = table(page, "[aria-labelledby=sales]")
    assert list(kinds.values()) == [recount.promises(now)[kind] for kind in ("answer", "attempt", "contact")]
    assert list(kinds.values()) == [[16, 13, 1, 1, 1], [11, 9, 2, 0, 0], [11, 8, 1, 0, 2]]
    page = office.desk(ruth, f"{reverse('dashboards:funnel')}?period=all")
    assert [row[0] for row in table(page, "[aria-labelledby=stages]").values()] == list(recount.funnel().values())
    expect(page.locator(".strip")).to_contain_text("€61,000")

    # Each one's day.
    for rep in (sam, priya):
        kept = recount.kept_by(rep, now)
        shown = office.desk(rep, "/").locator("[aria-labelledby=h-kept] .row").all_inner_texts()
        words = [f"{kept[kind][0]} of {kept[kind][1]}" if kind in kept else "none due yet" for kind in
                 ("attempt", "contact", "answer")]  # fmt: skip
        assert [row.split("in time")[1].strip() for row in shown] == words
    keys = office.desk(mia, "/").locator("section:has(#h-became) .key").all_inner_texts()
    assert {key.rsplit(" ", 1)[0].strip(): int(key.rsplit(" ", 1)[1]) for key in map(one_line, keys)} == dict(
        recount.became_of_the_week(mia, now)
    )
    rows = office.desk(ruth, "/").locator("[aria-labelledby=h-reps] tbody tr").all()
    shown = [list(map(int, row.locator("td").all_inner_texts())) for row in rows]
    assert sorted(shown) == sorted(recount.running(now).values())


def the_notices(office):
    """Everybody heard what concerns them: nobody of their own act, nobody twice, and each mail left once."""
    office.until("31 Oct 10:00")  # the mail of the day comes in its morning
    notices = list(Notice.objects.select_related("person", "actor"))
    assert [notice for notice in notices if notice.actor_id == notice.person_id] == []
    assert max(Counter((each.person_id, each.event) for each in notices).values()) == 1
    assert max(Counter((each.person_id, each.text, each.written_at) for each in notices).values()) == 1
    assert recount.told_of(VERDICTS) == recount.heard()
    for promise in Promise.objects.select_related("handoff__lead"):
        for event, moment, kind in (
            ("remind", promise.reminded_at, "promise:remind"),
            ("breach", promise.breached_at, "promise:over"),
            ("escalate", promise.escalated_at, "promise:escalate"),
        ):
            told = [each for each in notices if each.event == f"promise:{promise.pk}:{event}"]
            assert bool(told) == bool(moment), (promise, event)
            assert {each.kind for each in told} <= {kind}
            if event == "escalate":
                assert [each.person for each in told] in ([], [office.ruth])
    assert not Delivery.objects.waiting().exists()
    sent = Message.objects.filter(channel="mail")
    assert (sent.filter(sent_at=None).count(), sent.count()) == (0, len(mail.outbox))
    assert max(Counter(each.extra_headers["Message-ID"] for each in mail.outbox).values()) == 1
    for delivery in Delivery.objects.select_related("notice", "message"):
        assert delivery.message.person_id == delivery.notice.person_id != delivery.notice.actor_id
    assert max(Counter(Delivery.objects.values_list("notice", "channel")).values()) == 1


def promise_of(row):
    """A line of the list of promises, as `recount.taken` tells it."""
    words = {"Kept": "kept", "Later than promised": "broken", "Still running": "running", "Needless": "moot"}
    given = datetime.strptime(row["Given (UTC)"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    took = float(row["Business minutes taken"]) if row["Business minutes taken"] else None
    key = (row["Lead"], row["Promise"], given)
    return key, (int(row["Business minutes agreed"]), took, words[row["Kept"]])


def length(minutes):
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours and rest else f"{hours} h" if hours else f"{rest} min"
