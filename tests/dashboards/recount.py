"""The funnel counted again by plain Python over the ledgers' rows. It shares no code with what it checks."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

from handoff.models import Deal, DealLead, Handoff
from leads.models import Lead, Visit

FORWARD = {
    "tofu": {"mofu", "bofu", "bought"},
    "mql": {"accepted", "purchased"},
    "sal": {"qualified", "purchased"},
    "sql": {"qualified", "purchased"},
    "bofu": {"won", "bought"},
    "customer": {"mofu"},
    "out": {"tofu", "bought"},
}


class Recount:
    def __init__(self, first=None, last=None, source="", persona=""):
        self.begin = datetime.combine(first, datetime.min.time(), UTC) if first else None
        self.end = datetime.combine(last, datetime.min.time(), UTC) + timedelta(days=1) if last else None
        leads = Lead.objects.select_related("source", "persona")
        self.every_lead = {lead.pk: lead for lead in leads}
        self.leads = {pk: lead for pk, lead in self.every_lead.items() if self.wanted(lead, source, persona)}

    @staticmethod
    def wanted(lead, source, persona):
        slug = lead.source.slug if lead.source else "none"
        kind = str(lead.persona_id) if lead.persona_id else "none"
        return (not source or slug == source) and (not persona or kind == persona)

    def within(self, at):
        return (self.begin is None or at >= self.begin) and (self.end is None or at < self.end)

    def stays(self):
        """(step, lead, entered, left, fate, came, reason) of every stay that began in the period."""
        for visit in Visit.objects.exclude(stage="mofu"):
            if visit.lead_id in self.leads and self.within(visit.entered_at):
                fate = "here" if visit.left_at is None else visit.left_to
                if visit.left_to == "customer" and visit.left_by in ("purchase", "win"):
                    fate = {"purchase": "bought", "win": "won"}[visit.left_by]
                yield (
                    visit.stage,
                    visit.lead_id,
                    visit.entered_at,
                    visit.left_at,
                    fate,
                    visit.entered_from or "new",
                    ((visit.left_by, visit.reason) if visit.reason else None),
                )
        for handoff in Handoff.objects.select_related("reason"):
            if handoff.lead_id not in self.leads:
                continue
            ended = (handoff.ended_at, handoff.end) if handoff.ended_at else (None, "here")
            reason = (handoff.reason.act, handoff.reason.code) if handoff.reason else None
            ways = {
                "mql": (handoff.offered_at, handoff.accepted_at, "accepted"),
                "sal": (handoff.accepted_at, handoff.qualified_at, "qualified"),
                "sql": (handoff.qualified_at, None, ""),
            }
            for lane, (entered, on, word) in ways.items():
                if entered is None or not self.within(entered) or (lane == "mql" and handoff.origin == "requalify"):
                    continue
                left, fate = (on, word) if on else ended
                yield lane, handoff.lead_id, entered, left, fate, handoff.origin, None if on else reason

    def steps(self):
        told = {step: {"visits": 0, "leads": set(), "fates": Counter(), "came": Counter(), "because": Counter(), "took": []}
                for step in FORWARD}  # fmt: skip
        for step, lead, entered, left, fate, came, reason in self.stays():
            told[step]["visits"] += 1
            told[step]["leads"].add(lead)
            told[step]["fates"][fate] += 1
            told[step]["came"][came] += 1
            if reason:
                told[step]["because"][(fate, *reason)] += 1
            if fate in FORWARD[step]:
                told[step]["took"].append(left - entered)
        return told

    def won(self):
        """The won deals of every lead, by lead; and the primary lead of every won deal."""
        of, primary = defaultdict(list), {}
        deals = {deal.pk: deal for deal in Deal.objects.filter(status="won")}
        for role in DealLead.objects.all():
            if role.deal_id in deals:
                of[role.lead_id].append(deals[role.deal_id])
                if role.primary:
                    primary[role.deal_id] = role.lead_id
        return of, primary, deals

    def wins(self):
        of, primary, deals = self.won()
        mine = [deal for pk, deal in deals.items() if primary[pk] in self.leads and self.within(deal.closed_at)]
        firsts = {lead: min(deal.closed_at for deal in found) for lead, found in of.items() if lead in self.leads}
        new = {lead: at - self.leads[lead].first_seen_at for lead, at in firsts.items() if self.within(at)}
        amounts = defaultdict(lambda: [0, 0])
        for deal in mine:
            if deal.amount is not None:
                amounts[deal.currency][0] += 1
                amounts[deal.currency][1] += deal.amount
        return len(mine), {code: tuple(pair) for code, pair in amounts.items()}, len(new), median(new.values())

    def sources(self):
        of, primary, deals = self.won()
        offered, accepted, qualified = set(), set(), set()
        for handoff in Handoff.objects.all():
            if handoff.origin != "requalify":
                offered.add(handoff.lead_id)
            if handoff.accepted_at:
                accepted.add(handoff.lead_id)
            if handoff.qualified_at:
                qualified.add(handoff.lead_id)
        told = defaultdict(lambda: [0, 0, 0, 0, 0, Counter()])
        for pk, lead in self.leads.items():
            if not self.within(lead.first_seen_at):
                continue
            row = told[lead.source.slug if lead.source else "none"]
            row[0] += 1
            for place, reached in enumerate((offered, accepted, qualified, of), start=1):
                row[place] += pk in reached
            for deal_pk, deal in deals.items():
                if primary[deal_pk] == pk and deal.amount is not None:
                    row[5][deal.currency] += deal.amount
        return {slug: tuple(row) for slug, row in told.items()}

    def months(self):
        told = defaultdict(lambda: [0, 0, 0])
        for handoff in Handoff.objects.exclude(origin="requalify"):
            if handoff.lead_id in self.leads and self.within(handoff.offered_at):
                row = told[f"{handoff.offered_at:%Y-%m}"]
                row[0] += 1
                row[1] += handoff.accepted_at is not None
                row[2] += handoff.qualified_at is not None
        return {month: tuple(row) for month, row in told.items()}


def median(spans):
    spans = list(spans)
    return statistics.median(spans) if spans else None
