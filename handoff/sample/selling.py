"""What sales does with what is offered: answers, calls, verdicts, deals, and what comes after a win."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from handoff import conversation, deals, lifecycle
from handoff.models import Deal, Handoff, Reason
from handoff.sample import words
from handoff.sample.cast import Person, worth
from handoff.sample.story import Marketing, Story
from leads import clock
from leads.models import Lead
from personas.choices import DealStep, Lane, Stage

REPS = ("sam", "priya", "tomasz", "lucia", "erik")
#: How much of the usual time each of them takes to answer.
PACE = {"sam": 0.7, "priya": 0.6, "tomasz": 1.1, "lucia": 0.9, "erik": 1.6}


class Sales:
    """Five reps, each with a pace of their own. Every verdict depends on who the lead is, and on luck."""

    def __init__(self, story: Story, marketing: Marketing) -> None:
        self.story, self.rng, self.marketing = story, story.rng, marketing
        self.reps = [story.colleagues[name] for name in REPS]
        story.answers_to_offers = self.hear

    # answers

    def hear(self, person: Person, handoff: Handoff) -> None:
        """Decide who answers an offer, when, and how; the last offers are not answered yet."""
        story, at = self.story, handoff.offered_at
        if handoff.lane != Lane.MQL:
            return self.call(person, handoff.pk, handoff.owner or self.reps[0], at, tries=0)
        age = story.end - at
        fresh, recent = age < timedelta(hours=30), age < timedelta(days=6)
        if (fresh and story.odds(0.8)) or (recent and not fresh and story.odds(0.35)):
            return None
        rep = handoff.owner or self.rng.choices(self.reps, weights=(5, 3, 3, 3, 2))[0]
        usual = 20 if handoff.origin == Handoff.Origin.HAND_RAISE else 80
        minutes = usual * PACE[self._name(rep)] * self.rng.lognormvariate(0, 0.95)
        when = story.work_time(at, min(minutes, 2_400))
        if person.marketer and story.sometimes("withdraw", 0.025):
            return self.plan(
                story.work_time(at, minutes / 3), person, handoff.pk, lambda lead: self.withdraw(person, lead)
            )
        if handoff.owner is None and story.odds(0.3):
            self.plan(story.work_time(at, minutes / 2), person, handoff.pk, lambda lead: self.claim(handoff.pk, rep))
        if story.odds(0.12):
            self.say(person, story.some(words.COMMENTS_BY_MARKETING), person.marketer, story.work_time(at, minutes / 4))
        verdict = self.verdict(person, handoff)
        if verdict:
            return self.plan(when, person, handoff.pk, lambda lead: self.give_back(person, lead, rep, verdict))
        return self.plan(when, person, handoff.pk, lambda lead: self.accept(person, lead, rep, handoff.pk))

    def verdict(self, person: Person, handoff: Handoff) -> str:
        """The class of a return, or nothing: accepted."""
        second = handoff.origin in (Handoff.Origin.REROUTED, Handoff.Origin.EXPANSION, Handoff.Origin.CLAIMED)
        shares = {"good": (0.07, 0.08, 0.06), "some": (0.07, 0.09, 0.24), "poor": (0.02, 0.15, 0.65)}[person.quality]
        draw = self.rng.random() * (3 if second else 1)
        for name, share in zip(("procedural", "clerical", "definitional"), shares, strict=True):
            if draw < share:
                return name
            draw -= share
        return ""

    def plan(self, at: datetime, person: Person, handoff: int, act: Callable[[Lead], Any]) -> None:
        """Do something at its time, if the hand-off is still open by then."""

        def event() -> None:
            lead = self.story.settle(person)
            if lead and Handoff.objects.open().filter(pk=handoff).exists():
                act(lead)

        self.story.plan(at, event)

    def claim(self, handoff: int, rep: User) -> None:
        found = Handoff.objects.open().filter(pk=handoff, owner=None).first()
        if found:
            lifecycle.claim(found, actor=rep)

    def withdraw(self, person: Person, lead: Lead) -> None:
        if reason := self.story.reason("withdraw"):
            assert person.marketer is not None
            lifecycle.withdraw(lead, actor=person.marketer, reason=reason, verdict=self.story.some(words.WITHDRAWN))

    def give_back(self, person: Person, lead: Lead, rep: User, kind: str) -> None:
        reasons = [reason for reason in self.story.reasons["return"] if reason.return_class == kind]
        reason = self.rng.choice(reasons) if reasons else None
        if reason is None:
            return
        other = self.rng.choice([one for one in self.reps if one != rep]) if self.story.odds(0.7) else None
        to = other if kind == "procedural" else None
        lifecycle.return_to_marketing(
            lead, actor=rep, reason=reason, verdict=self.story.word(words.RETURNED, reason), to=to
        )
        self.story.offered()
        if kind != "procedural":
            after = timedelta(days=self.rng.uniform(2, 9) if kind == "clerical" else self.rng.uniform(40, 110))
            if self.story.odds(0.6 if kind == "clerical" else 0.15):
                self.story.plan(self.story.work_time(clock.now() + after, 30), lambda: self.offer_again(person))

    def offer_again(self, person: Person) -> None:
        """Marketing has mended the record, or looks again."""
        lead = self.story.settle(person)
        if lead and lead.stage == Stage.TOFU and not lead.do_not_contact and person.marketer:
            lifecycle.offer(lead, actor=person.marketer, note=self.story.some(words.WHY_NOW))
            self.story.offered()

    def accept(self, person: Person, lead: Lead, rep: User, handoff: int) -> None:
        owner = Handoff.objects.get(pk=handoff).owner or rep
        lifecycle.accept(lead, actor=owner, next_action="First call")
        person.rep = owner
        self.call(person, handoff, owner, clock.now(), tries=0)

    # calls

    def call(self, person: Person, handoff: int, rep: User, at: datetime, *, tries: int) -> None:
        """Plan the next attempt: the first soon, the others a day or two apart."""
        pause = (
            self.rng.lognormvariate(3.7, 1.0) * PACE[self._name(rep)] if tries == 0 else self.rng.uniform(420, 1_100)
        )
        when = self.story.work_time(at, min(pause, 2_000))
        self.plan(when, person, handoff, lambda lead: self.dial(person, lead, rep, handoff, tries))

    def dial(self, person: Person, lead: Lead, rep: User, handoff: int, tries: int) -> None:
        reached = self.story.odds(0.5 if person.profile.get("phone") else 0.3)
        if reached:
            kind, text = "call:spoke", self.story.some(words.SPOKE)
        else:
            kind = self.rng.choice(["call:no_answer", "call:left_message", "email:sent"])
            said = {
                "call:no_answer": words.NO_ANSWER,
                "call:left_message": words.LEFT_MESSAGE,
                "email:sent": words.SENT,
            }
            text = self.story.some(said[kind])
        again = clock.now() + timedelta(days=self.rng.uniform(0.8, 2.5))
        act = self.story.some(words.NEXT_CALL)
        lifecycle.log_touch(lead, actor=rep, kind=kind, text=text, next_action=act, next_action_at=self.hour(again))
        if reached:
            self.after_contact(person, handoff, rep)
        elif tries < 4:
            self.call(person, handoff, rep, clock.now(), tries=tries + 1)
        else:
            when = self.story.work_time(clock.now(), 600)
            self.plan(when, person, handoff, lambda lead: self.recycle(person, lead, rep, "unreachable"))

    def after_contact(self, person: Person, handoff: int, rep: User) -> None:
        """Somebody answered: qualify, send back to nurture with a date, or say that there is nothing to sell."""
        story, draw = self.story, self.rng.random() - {"good": 0.1, "some": 0.0, "poor": -0.35}[person.quality]
        when = story.work_time(clock.now(), self.rng.uniform(120, 4_500))
        if story.odds(0.2):
            self.say(person, story.some(words.COMMENTS_BY_SALES), rep, story.work_time(clock.now(), 20))
        if draw < 0.60:
            if story.odds(0.35):
                self.plan(when - (when - clock.now()) / 2, person, handoff, lambda lead: self.meet(lead, rep))
            if story.odds(0.3):  # qualified and opened in one click
                return self.plan(when, person, handoff, lambda lead: self.open_deal(person, lead, rep))
            return self.plan(when, person, handoff, lambda lead: self.qualify(person, lead, rep, handoff))
        if draw < 0.82:
            return self.plan(
                when, person, handoff, lambda lead: self.recycle(person, lead, rep, "not_now", "no_budget_yet")
            )
        return self.plan(when, person, handoff, lambda lead: self.disqualify(person, lead, rep))

    def meet(self, lead: Lead, rep: User) -> None:
        lifecycle.log_touch(lead, actor=rep, kind="meeting:met", text=self.story.some(words.MET))

    def recycle(self, person: Person, lead: Lead, rep: User, *codes: str) -> None:
        reason = self.story.reason("recycle", *codes)
        if reason is None:
            return
        lifecycle.recycle(lead, actor=rep, reason=reason, verdict=self.story.word(words.RECYCLED, reason))
        self.come_back(person, reason)

    def come_back(self, person: Person, reason: Reason) -> None:
        """Some of those who went back to nurture show interest again, mostly after the day to look again."""
        if self.story.odds(0.45):
            after = timedelta(days=(reason.look_again_days or 20) * self.rng.uniform(0.8, 1.4))
            person.interest, person.crossed = 0, False
            self.marketing.nurture(person, clock.now() + after, 0.95, rounds=self.rng.randint(4, 7))

    def disqualify(self, person: Person, lead: Lead, rep: User) -> None:
        rare = self.story.sometimes("asked not to be contacted", 0.2)
        codes = ("do_not_contact",) if rare else ("no_need", "no_budget", "no_interest", "wrong_person")
        reason = self.story.reason("disqualify", *codes)
        if reason is None:
            return
        lifecycle.disqualify(lead, actor=rep, reason=reason, verdict=self.story.word(words.DISQUALIFIED, reason))
        if not rare and self.story.sometimes("back by themselves", 0.25):
            back = clock.now() + timedelta(days=self.rng.uniform(25, 90))
            self.story.plan(back, lambda: self.return_by_self(person))

    def return_by_self(self, person: Person) -> None:
        person.way, was = "form", person.way
        self.story.arrive(person, activity={"kind": "form:submit", "text": self.story.some(words.FORMS)})
        self.story.catch_up()
        person.way = was

    def qualify(self, person: Person, lead: Lead, rep: User, handoff: int) -> None:
        lifecycle.qualify(lead, actor=rep)
        when = self.story.work_time(clock.now(), self.rng.uniform(200, 4_000))
        if self.story.odds(0.06):
            return self.plan(when, person, handoff, lambda lead: self.recycle(person, lead, rep, "no_budget_yet"))
        return self.plan(when, person, handoff, lambda lead: self.open_deal(person, lead, rep))

    # deals

    def open_deal(self, person: Person, lead: Lead, rep: User) -> None:
        known = lead.company.size if lead.company and lead.company.size else 60
        close = (clock.now() + timedelta(days=self.rng.uniform(25, 80))).date()
        firm = str(lead.company or lead)
        name = self.rng.choice(
            [f"{firm}, first line", f"{firm}, metering", f"{firm}: {self.rng.randint(8, 60)} meters"]
        )
        amount = Decimal(worth(self.rng, known))
        deal = deals.open_deal(lead, actor=rep, name=name, amount=amount, close_on=close)
        self.next(person, deal.pk, rep)

    def next(self, person: Person, deal: int, rep: User) -> None:
        """Plan what happens next with an open deal, and write down the next action for it."""
        when = self.story.work_time(clock.now() + timedelta(days=self.rng.lognormvariate(2.3, 0.6)), 30)
        found = Lead.objects.get(pk=person.lead)
        due = self.hour(when - timedelta(days=self.rng.choice([0, 0, 0, 1, 2])))
        said = {"email:sent": words.SENT, "meeting:met": words.MET, "call:spoke": words.MET}
        kind, act = self.rng.choice(list(said)), self.story.some(words.NEXT_DEAL)
        lifecycle.log_touch(
            found, actor=rep, kind=kind, text=self.story.some(said[kind]), next_action=act, next_action_at=due
        )
        self.story.plan(when, lambda: self.go_on(person, deal, rep))

    def go_on(self, person: Person, pk: int, rep: User) -> None:
        self.story.settle(person)
        deal = Deal.objects.open().filter(pk=pk, leads__stage=Stage.BOFU).first()
        if deal is None:
            return
        steps, draw = list(DealStep.values), self.rng.random()
        step = steps.index(deal.step)
        chance = 0.36 + (0.13 if person.quality == "good" else 0) - (0.08 if self._name(rep) == "erik" else 0)
        if draw < (0.20, 0.27, 0.0)[step]:
            self.lose(person, deal, rep)
        elif step == 1 and deal.handoff_id and self.story.sometimes("requalify", 0.07):
            self.requalify(person, deal, rep)
        elif step < 2:
            deals.advance(deal, actor=rep, step=steps[step + 1])
            self.next(person, pk, rep)
        elif draw < 0.35:
            self.next(person, pk, rep)  # still talking
        elif self.story.sometimes("win", chance):
            self.win(person, deal, rep)
        else:
            self.lose(person, deal, rep)

    def requalify(self, person: Person, deal: Deal, rep: User) -> None:
        lead = Lead.objects.get(pk=person.lead)
        lifecycle.requalify(lead, actor=rep, note="The new controller wants to begin at the beginning.")
        self.story.offered()

    def lose(self, person: Person, deal: Deal, rep: User) -> None:
        reason = self.story.reason("lose")
        if reason is None:
            return
        rival = self.story.some(words.COMPETITORS) if reason.code == "competitor" or self.story.odds(0.15) else ""
        deals.lose(deal, actor=rep, reason=reason, competitor=rival, note=self.story.word(words.LOST, reason))
        if not reason.final:
            self.come_back(person, reason)

    def win(self, person: Person, deal: Deal, rep: User) -> None:
        final = (deal.amount or Decimal(9_000)) * Decimal(str(round(self.rng.uniform(0.88, 1.04), 2)))
        deals.win(deal, actor=rep, amount=final.quantize(Decimal("1.00")))
        self.after_win(person, rep)

    def after_win(self, person: Person, rep: User) -> None:
        now = clock.now()
        if self.story.sometimes("churn", 0.2):
            self.story.plan(now + timedelta(days=self.rng.uniform(30, 80)), lambda: self.churn(person, rep))
        elif self.story.sometimes("expand", 0.5):
            self.story.plan(now + timedelta(days=self.rng.uniform(15, 75)), lambda: self.expand(person))

    def churn(self, person: Person, rep: User) -> None:
        lead, reason = self.story.settle(person), self.story.reason("churn")
        if lead and lead.stage == Stage.CUSTOMER and reason:
            lifecycle.churn(lead, actor=rep, reason=reason, verdict=self.story.word(words.CHURNED, reason))

    def expand(self, person: Person) -> None:
        lead = self.story.settle(person)
        if lead and lead.stage == Stage.CUSTOMER and not lead.do_not_contact and person.marketer:
            lifecycle.offer(lead, actor=person.marketer, note="The second site asks for the same.")
            self.story.offered()

    # words

    def say(self, person: Person, text: str, actor: User | None, at: datetime) -> None:
        def event() -> None:
            lead = self.story.settle(person)
            assert lead is not None
            rep = person.rep or self.reps[0]
            marketer = person.marketer or self.marketing.people[0]
            ruth = self.story.colleagues["ruth"]
            said = text.format(rep=rep.username, marketer=marketer.username, ruth=ruth.username)
            conversation.comment(lead, actor=actor or marketer, text=said)

        self.story.plan(at, event)

    def hour(self, moment: datetime) -> datetime:
        """A moment at which people plan things: a working day, at a full or half hour."""
        local = timezone.localtime(moment)
        day = local.date() + timedelta(days=max(0, 7 - local.weekday()) if local.weekday() > 4 else 0)
        clock_face = time(self.rng.randint(9, 16), self.rng.choice([0, 30]))
        return datetime.combine(day, clock_face, self.story.hours.zone)

    def _name(self, rep: User) -> str:
        return next((name for name in REPS if self.story.colleagues[name] == rep), "sam")
