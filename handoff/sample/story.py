"""The sample company's months, told in order: everything that happens, happens by the acts that people do."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any

from django.db import connection

from accounts.models import User
from handoff import answers, lifecycle, promises, sla
from handoff.models import Agreement, Deal, DealLead, Handoff, Notice, Promise, Reason
from handoff.sample import words
from handoff.sample.cast import Person
from leads import capture, clock, editing
from leads.models import Activity, Identity, Lead, LeadScore, Signal, StageChange, Submission, Visit
from personas.choices import Stage

Event = Callable[[], object]


#: After so many days the planner is told how large the tables have become: it took them for empty.
COUNTED = (3, 10, 25, 60, 120, 200)
#: At these hours of a day people hear of promises.
SWEPT = (8, 11, 14, 17)
TABLES = (
    Lead,
    Activity,
    LeadScore,
    Visit,
    StageChange,
    Identity,
    Submission,
    Signal,
    Handoff,
    Deal,
    DealLead,
    Notice,
    Promise,
)


def count_rows() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(model._meta.db_table for model in TABLES)}")


class Story:
    """A calendar of events. Each is told at its own moment; what was to come after the end has not happened yet."""

    def __init__(self, rng: Random, *, begin: datetime, end: datetime, colleagues: dict[str, User]) -> None:
        self.rng, self.begin, self.end, self.colleagues = rng, begin, end, colleagues
        agreement = Agreement.objects.in_force()
        self.hours = sla.Calendar.of(agreement)
        self.by_lead: dict[int, Person] = {}
        self.answers_to_offers: Callable[[Person, Handoff], None] = lambda person, handoff: None
        self.reasons: dict[str, list[Reason]] = {}
        for reason in Reason.objects.filter(retired=False):
            self.reasons.setdefault(reason.act, []).append(reason)
        self._events: list[tuple[datetime, int, Event]] = []
        self._numbers = count()
        self._arriving: list[tuple[Person, dict[str, Any], datetime]] = []
        self._touching: list[tuple[Person, str, str, User | None, datetime]] = []
        card = agreement.scorecard
        self.line, self.worth = card.mql_line, {rule["kind"]: rule["points"] for rule in card.points["engagement"]}
        self._waiting: set[int] = set()
        self._owed: dict[str, float] = {}
        self._newest_signal = Signal.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        self._newest_offer = Handoff.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    # the calendar

    def plan(self, at: datetime, event: Event) -> None:
        if at < self.end:
            heapq.heappush(self._events, (at, next(self._numbers), event))

    def tell(self) -> None:
        """Tell everything in order. Arrivals and touches wait for the next act, or the end of their day."""
        for day in range((self.end - self.begin).days + 1):
            self.plan(self.begin + timedelta(days=day), self.catch_up)
            if day in COUNTED:
                self.plan(self.begin + timedelta(days=day), count_rows)
            for hour in SWEPT:
                self.plan(self.begin + timedelta(days=day, hours=hour), self.sweep)
        self.plan(self.end - timedelta(minutes=1), self.catch_up)
        while self._events:
            at, _number, event = heapq.heappop(self._events)
            with clock.at(at):
                event()

    def work_time(self, at: datetime, minutes: float) -> datetime:
        """The moment when so much business time has passed, a little before or after."""
        return self.hours.due(at, minutes) + timedelta(seconds=self.rng.uniform(0, 50))

    def odds(self, share: float) -> bool:
        return self.rng.random() < share

    def sometimes(self, what: str, share: float) -> bool:
        """As often as its share says, but evenly: what is rare happens in every story, and early in it."""
        owed = self._owed.get(what, 1 - share) + share
        happens = owed >= 1 - 1e-9
        self._owed[what] = owed - happens
        return happens

    def sweep(self) -> None:
        """What the beat does: people are told of the promises that are about to run out, or have."""
        promises.sweep(leads=self.by_lead.keys())

    # what leads do

    def arrive(self, person: Person, **said: Any) -> None:
        """Somebody comes in, or comes back, by a form or by a colleague's hand."""
        self._arriving.append((person, {**person.profile, **said}, clock.now()))
        self._waiting.add(id(person))

    def touch(self, person: Person, kind: str, text: str = "", actor: User | None = None) -> None:
        """Something small happens; at once, when it may bring somebody over the line."""
        self._touching.append((person, kind, text, actor, clock.now()))
        self._waiting.add(id(person))
        person.interest += self.worth.get(kind, 0)
        if person.fit + person.interest >= self.line and not person.crossed:
            person.crossed = True
            self.catch_up()

    def settle(self, person: Person) -> Lead | None:
        """The lead as it stands now, with all that has happened to it."""
        if id(person) in self._waiting:
            self.catch_up()
        return Lead.objects.select_related("company").filter(pk=person.lead).first()

    def catch_up(self) -> None:
        """What the worker does: process what came in, answer what leads have shown."""
        arriving, self._arriving = self._arriving, []
        touching, self._touching = self._touching, []
        self._waiting = set()
        if arriving:
            self._process(arriving)
        touching = [touch for touch in touching if touch[0].lead]
        if touching:
            leads = Lead.objects.in_bulk({person.lead for person, *_rest in touching})
            capture.log_many(
                [
                    Activity(lead=leads[person.lead], kind=kind, text=text, actor=actor, at=at)
                    for person, kind, text, actor, at in touching
                ]
            )
        if arriving or touching:
            self.answer()

    def _process(self, arriving: list[tuple[Person, dict[str, Any], datetime]]) -> None:
        waiting = [
            capture.accept(said, way=person.way, actor=person.marketer if person.way == "hand" else None, at=at)
            for person, said, at in arriving
        ]
        for (person, _said, _at), done in zip(arriving, capture.process(waiting), strict=True):
            if done.created and done.lead:  # a namesake who was here before us is left alone
                person.lead = done.lead.pk
                self.by_lead[person.lead] = person
        fits = LeadScore.objects.filter(lead__in=[person.lead for person, *_rest in arriving])
        for lead, fit in fits.values_list("lead", "fit"):
            self.by_lead[lead].fit = fit

    def answer(self) -> None:
        """Answer the signals of our leads, and none that wait for somebody else's."""
        waiting = Signal.objects.unhandled().filter(pk__gt=self._newest_signal).order_by("pk")
        signals = [(pk, lead) for pk, lead in waiting.values_list("pk", "lead") if lead in self.by_lead]
        if signals:
            self._newest_signal = signals[-1][0]
            answers.answer_signals(leads={lead for _pk, lead in signals})
            self.offered()

    def offered(self) -> None:
        """Whoever is newly offered gets an answer of sales in time."""
        fresh = Handoff.objects.filter(pk__gt=self._newest_offer).select_related("owner").order_by("pk")
        for handoff in fresh:
            self._newest_offer = handoff.pk
            person = self.by_lead.get(handoff.lead_id)
            if person is None:
                continue
            if handoff.due_at:
                self.plan(handoff.due_at + timedelta(seconds=20), partial(promises.sweep, leads=[person.lead]))
            self.answers_to_offers(person, handoff)

    # words

    def reason(self, act: str, *codes: str) -> Reason | None:
        """A reason for this act: one of these codes, or any; what a manager has retired is not given."""
        offered = self.reasons.get(act, [])
        wanted = [reason for reason in offered if reason.code in codes] or offered
        return self.rng.choice(wanted) if wanted else None

    def word(self, said: dict[str, list[str]], reason: Reason) -> str:
        return self.rng.choice(said.get(reason.code, [reason.label]))

    def some(self, sentences: list[str]) -> str:
        return self.rng.choice(sentences)


class Marketing:
    """How leads come in and are nurtured: forms, pages, webinars, mails; what marketing does by hand."""

    def __init__(self, story: Story) -> None:
        self.story, self.rng = story, story.rng
        self.people = [story.colleagues[name] for name in ("mia", "ines", "jonas")]

    def expect(self, person: Person) -> None:
        """Plan how somebody comes in, and what they do before anybody of sales knows them."""
        person.marketer = self.rng.choices(self.people, weights=(5, 3, 3))[0]
        at, interest = person.arrives, self.interest(person)
        said: dict[str, Any] = {}
        if person.way == "hand":
            said = {"activity": {"kind": "event:met"}} if person.profile["source"] == "trade_fair" else {}
            if self.story.odds(0.5):
                due = self.story.work_time(at + timedelta(days=self.rng.uniform(1, 9)), 60).replace(minute=0, second=0)
                said |= {"next_action": self.story.some(words.NEXT_NURTURE), "next_action_at": due.isoformat()}
                self.story.plan(due + timedelta(minutes=self.rng.uniform(-50, 300)), lambda: self.follow_up(person))
        elif interest > 0.85 and self.story.odds(0.4):
            said = {"hand_raise": {"note": self.story.some(words.HAND_RAISES)}}
            said["activity"] = {"kind": "form:hand_raise", "text": said["hand_raise"]["note"]}
        elif self.story.odds(0.45):
            said = {"activity": {"kind": "form:submit", "text": self.story.some(words.FORMS)}}
        else:
            said = {"activity": {"kind": "form:newsletter"}}
        self.story.plan(at, lambda: self.come(person, said))
        self.nurture(person, at, interest)
        if interest > 0.6 and not person.hot and self.story.sometimes("buy", 0.05):
            days = self.rng.choice([0.02, 0.04, self.rng.uniform(1, 20)])  # most in one go, from the click on
            self.story.plan(at + timedelta(days=days), lambda: self.buy(person))

    def interest(self, person: Person) -> float:
        usual = {"good": 0.45, "some": 0.22, "poor": 0.0}[person.quality] + 0.55 * self.rng.random()
        return max(usual, 0.95) if person.hot else usual

    def come(self, person: Person, said: dict[str, Any]) -> None:
        self.story.arrive(person, **said)
        if "hand_raise" in said:
            self.story.catch_up()

    def nurture(self, person: Person, at: datetime, interest: float, *, rounds: int = 0) -> None:
        """Plan the touches of some weeks: the more interest, the more and the closer together."""
        steps = rounds or self.rng.choices(range(9), weights=[6 - 5 * interest, 4, 3, 3, 3, 3, 3, 2, 3 * interest])[0]
        for step in range(steps):
            at += timedelta(hours=self.rng.expovariate(1 / (20 + 170 * (1 - interest))))
            kinds = ["web:page", "web:pricing", "email:click", "form:submit", "event:attended", "email:reply"]
            kind = self.rng.choices(kinds, weights=[8, 1 + 6 * interest, 4, 2, 1 + 2 * interest, 0.6])[0]
            self.story.plan(at, partial(self.show_interest, person, kind))
            if kind == "email:click":
                self.story.plan(at - timedelta(hours=self.rng.uniform(0.3, 30)), lambda: self.mail(person))
            if step == 3 and interest > 0.9 and self.story.odds(0.3):
                self.story.plan(at + timedelta(minutes=30), lambda: self.raise_hand(person))
        if person.quality != "poor" and self.story.odds(0.10):
            when = self.story.work_time(at, self.rng.uniform(60, 900))
            self.story.plan(when, lambda: self.offer_or_claim(person))
        if person.quality == "poor" and self.story.odds(0.4):
            self.story.plan(self.story.work_time(at, self.rng.uniform(60, 2_000)), lambda: self.sort_out(person))

    def show_interest(self, person: Person, kind: str) -> None:
        text = {
            "web:page": words.PAGES, "web:pricing": ["/pricing"], "email:click": words.MAILS,
            "form:submit": words.FORMS, "event:attended": words.EVENTS, "email:reply": words.REPLIES,
        }[kind]  # fmt: skip
        self.story.touch(person, kind, self.story.some(text))

    def mail(self, person: Person) -> None:
        """Marketing writes; who writes to a lead that nobody looks after takes it."""
        if person.lead and person.marketer:
            self.story.touch(person, "email:sent", self.story.some(words.MAILS), person.marketer)
            lead = self.story.settle(person) if not person.taken and self.story.odds(0.5) else None
            person.taken = True
            if lead and lead.marketer is None and lead.stage == Stage.TOFU:
                editing.edit(lead, actor=person.marketer, changes={"marketer": person.marketer})

    def follow_up(self, person: Person) -> None:
        """What was planned by hand is done, and mostly something else planned."""
        lead = self.story.settle(person)
        if lead is None or lead.stage != Stage.TOFU or person.marketer is None:
            return
        again = self.story.odds(0.3)
        lifecycle.log_touch(
            lead,
            actor=person.marketer,
            kind="email:sent",
            text=self.story.some(words.MAILS),
            next_action=self.story.some(words.NEXT_NURTURE) if again else "",
            next_action_at=clock.now() + timedelta(days=self.rng.randint(3, 12)) if again else None,
        )

    def raise_hand(self, person: Person) -> None:
        note = self.story.some(words.HAND_RAISES)
        person_way, person.way = person.way, "form"
        self.story.arrive(person, hand_raise={"note": note}, activity={"kind": "form:hand_raise", "text": note})
        self.story.catch_up()
        person.way = person_way

    def buy(self, person: Person) -> None:
        """The fast lane: from the shop, without anybody having called. Who has a deal open buys by that."""
        deal = {"name": "Starter kit, ordered online", "amount": str(self.rng.choice([1_900, 2_400, 3_900, 5_200]))}
        lead = self.story.settle(person)
        if lead and lead.stage == Stage.BOFU:
            return
        person.way, was = "api", person.way
        self.story.arrive(person, purchase={"deal": deal}, activity={"kind": "web:order", "text": deal["name"]})
        self.story.catch_up()
        person.way = was

    def offer_or_claim(self, person: Person) -> None:
        """Marketing hands over by its own judgement; now and then sales comes first."""
        lead = self.story.settle(person)
        if lead is None or lead.stage != Stage.TOFU or lead.do_not_contact:
            return
        if self.story.sometimes("claim early", 0.25):
            rep = self.story.colleagues[self.rng.choice(["sam", "priya", "tomasz", "lucia", "erik"])]
            lifecycle.claim_early(lead, actor=rep, note=self.story.some(words.WHY_EARLY))
        else:
            assert person.marketer is not None
            lifecycle.offer(lead, actor=person.marketer, note=self.story.some(words.WHY_NOW))
        self.story.offered()

    def sort_out(self, person: Person) -> None:
        """Marketing sees by itself that somebody will never buy."""
        lead = self.story.settle(person)
        reason = self.story.reason("disqualify", "no_need", "no_interest", "wrong_person", "no_need")
        if lead and lead.stage == Stage.TOFU and reason:
            verdict = self.story.word(words.DISQUALIFIED, reason)
            lifecycle.disqualify(lead, actor=person.marketer or self.people[0], reason=reason, verdict=verdict)
