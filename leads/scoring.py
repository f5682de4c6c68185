"""The agreed points: how well a lead fits and how much it is interested, with every point accounted for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads import clock
from leads.definition import Definition, acted
from leads.engagement import Rule, Touches, idle_for, kinds, rules, touched, whole
from leads.identity import is_business_email
from leads.models import Lead, LeadScore, Scorecard
from personas.fit import fit, holding
from personas.models import Persona

HALF = 50  # fit and engagement each count for at most this much
FADED_AFTER = timedelta(days=1)
WEEK = timedelta(days=7)
NAMED = 3  # so many reasons each way are told where there is little room


@dataclass(frozen=True)
class Points:
    """Points of one lead: `fit` and `engagement` (0-50 each), and `parts` that sum to them exactly."""

    fit: int
    engagement: int
    parts: list[dict[str, Any]]

    @property
    def total(self) -> int:
        return self.fit + self.engagement


def score(
    profile: Mapping[str, Any], touches: Mapping[str, Touches], points: Mapping[str, Any], *, at: datetime
) -> Points:
    """Count the points of a profile and of what was done up to a moment, by kind.

    A touch is worth half after each half-life of its rule. What a rule brings beyond its cap, or a half beyond its
    bounds, is taken off again as a part of its own, so that the parts always sum to the score.
    """
    stated = [{**rule, "points": whole(rule.get("points"))} for rule in points["fit"]]
    fits = [_part("fit", str(rule), rule.points) for rule in holding(stated, profile)]
    agreed, interests = rules(points), []
    for rule in agreed:
        interests += _interest(rule, touches, kinds(agreed), at)
    return Points(_capped("fit", fits), _capped("engagement", interests), fits + interests)


def _interest(rule: Rule, touches: Mapping[str, Touches], among: Iterable[str], at: datetime) -> list[dict[str, Any]]:
    """The parts that one rule of engagement gives."""
    done = touches.get(rule.kind)
    if rule.op == "idle":
        last = idle_for(touches, rule, among, at=at)
        return [_touched(rule, rule.points, 1, last, last)] if last and rule.points else []
    if done is None:
        return []
    if rule.op == "count":
        given = rule.points if done.number >= rule.value else 0
        return [_touched(rule, given, done.number, done.first, done.last)] if given else []
    worth = round(rule.points * done.worth(rule.half_life))
    held = rule.held(worth)
    if not held:
        return []
    parts = [_touched(rule, worth, done.number, done.first, done.last)]
    if held != worth:
        bound = _("%(what)s: at most %(most)d points count") if worth > 0 else _("%(what)s: at most %(most)d taken off")
        parts.append(_part("engagement", bound % {"what": rule.label, "most": rule.cap}, held - worth))
    return parts


def _part(group: str, label: str, points: int) -> dict[str, Any]:
    return {"group": group, "label": label, "points": points}


def _touched(rule: Rule, points: int, count: int, first: datetime, last: datetime) -> dict[str, Any]:
    """A part that says how often and when, so that `told` finds words for it that are true whenever they are read."""
    ends = {"first": first.isoformat(timespec="minutes"), "last": last.isoformat(timespec="minutes")}
    return {**_part("engagement", rule.label, points), "count": count, **ends}


def told(parts: Iterable[Mapping[str, Any]], *, at: datetime) -> list[dict[str, Any]]:
    """The parts of a score with labels as they read at a moment: 'Pricing page, twice this week'."""
    return [_part(part["group"], _words(part, at), part["points"]) for part in parts]


def reasons(parts: Iterable[Mapping[str, Any]], *, at: datetime) -> list[str]:
    """What lifts a score most and what takes most from it, in words: '+14 Pricing page, twice this week'."""
    known = sorted(told(parts, at=at), key=lambda part: -abs(part["points"]))
    up = [part for part in known if part["points"] > 0][:NAMED]
    down = [part for part in known if part["points"] < 0][:NAMED]
    return [f"{part['points']:+d} {part['label']}" for part in up + down]


def _words(part: Mapping[str, Any], at: datetime) -> str:
    label, count = str(part["label"]), part.get("count", 1)
    often = _("twice") if count == 2 else ngettext("%(n)d time", "%(n)d times", count) % {"n": count}
    if "last" not in part:
        return label if count == 1 else _("%(what)s, %(often)s") % {"what": label, "often": often}
    first, last = (datetime.fromisoformat(part[end]) for end in ("first", "last"))
    said = {"what": label, "often": often, "when": _ago(last, at)}
    if count == 1:
        return _("%(what)s, %(when)s") % said
    return (_("%(what)s, %(often)s this week") if at - first < WEEK else _("%(what)s, %(often)s, last %(when)s")) % said


def _ago(moment: datetime, at: datetime) -> str:
    days = (timezone.localdate(at) - timezone.localdate(moment)).days
    if days < 2:
        return _("yesterday") if days == 1 else _("today")
    return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}


def _capped(group: str, parts: list[dict[str, Any]]) -> int:
    total: int = sum(part["points"] for part in parts)
    held = max(0, min(HALF, total))
    if held != total:
        bound = _("At most %(most)d points count") % {"most": HALF} if total > HALF else _("Never below 0")
        parts.append(_part(group, bound, held - total))
    return held


def facts(lead: Lead) -> dict[str, Any]:
    """The plain facts that rules and the definition read of a lead."""
    business = "yes" if lead.email and is_business_email(lead.email) else ""
    return {**lead.profile, "name": lead.name, "business_email": business}


def rescore(leads: Collection[int], *, at: datetime | None = None) -> list[int]:
    """Count these leads' points anew and write them; return those that have just crossed the MQL line.

    Whoever did not meet the definition that counted when they were last scored, and meets today's, has crossed it; so
    has whoever meets it and has just done what skips the line.
    """
    at = at or clock.now()
    card = Scorecard.objects.get(in_force=True)
    definition = Definition.of(card)
    personas = list(Persona.objects.in_use())
    over = _over(leads)
    acts = acted(leads, definition.actions, at=at)
    crossed = []
    touches = touched(leads, kinds(rules(card.points)), at=at)
    scores, repersoned = [], []
    for lead in Lead.objects.filter(pk__in=leads).select_related("company", "source").order_by("pk"):
        known = facts(lead)
        points = score(known, touches.get(lead.pk, {}), card.points, at=at)
        persona = fit(known, personas).persona
        if personas and not lead.persona_chosen and lead.persona_id != (persona.pk if persona else None):
            lead.persona = persona
            repersoned.append(lead)
        missing = definition.missing(known, lead.persona_id)
        ready = definition.met(points.total, missing=missing, acted=lead.pk in acts)
        if ready and (lead.pk not in over or _has_acted_since(acts.get(lead.pk), over[lead.pk])):
            crossed.append(lead.pk)
        scores.append(
            LeadScore(
                lead=lead,
                fit=points.fit,
                engagement=points.engagement,
                total=points.total,
                parts=points.parts,
                scorecard=card,
                scored_at=at,
                ready=ready,
                missing=missing,
            )
        )
    LeadScore.objects.bulk_create(
        scores,
        update_conflicts=True,
        unique_fields=["lead"],
        update_fields=["fit", "engagement", "total", "parts", "scorecard", "scored_at", "ready", "missing"],
    )
    if repersoned:
        Lead.objects.bulk_update(repersoned, ["persona"])
    return crossed


def points_now(leads: Iterable[Lead], card: Scorecard, *, at: datetime) -> dict[int, int]:
    """What these leads would be counted at by a scorecard; nothing is written."""
    leads = list(leads)
    touches = touched([lead.pk for lead in leads], kinds(rules(card.points)), at=at)
    return {lead.pk: score(facts(lead), touches.get(lead.pk, {}), card.points, at=at).total for lead in leads}


def _over(leads: Collection[int]) -> dict[int, datetime]:
    """Those of these leads that met the definition when they were last counted, and when that was."""
    before = LeadScore.objects.filter(lead__in=leads)
    asked = before.values_list("lead", "scored_at", "ready", "total", "scorecard__mql_line")
    return {
        lead: scored_at
        for lead, scored_at, ready, total, line in asked
        if ready or (ready is None and line is not None and total >= line)  # counted before it was kept
    }


def _has_acted_since(act: tuple[datetime, str] | None, moment: datetime) -> bool:
    return act is not None and act[0] > moment


def changed_at() -> datetime:
    """When the points or a persona last changed."""
    changed: datetime | None = Persona.objects.aggregate(at=Max("changed_at"))["at"]
    card = Scorecard.objects.get(in_force=True)
    agreed = card.in_force_since or card.created_at
    return max(agreed, changed or agreed)


def outdated(limit: int) -> list[int]:
    """Leads to count anew: scored before the points or a persona last changed, or with interest that fades unseen."""
    oldest = LeadScore.objects.order_by("scored_at").values_list("lead", flat=True)
    found = list(oldest.filter(scored_at__lt=changed_at())[:limit])
    faded = oldest.filter(engagement__gt=0, scored_at__lt=clock.now() - FADED_AFTER)
    return found or list(faded[:limit])


def hold_counted(leads: Collection[int]) -> None:
    """Mark these as counted by today's points and personas, even where a clock set back says that was before them."""
    changed = changed_at()
    LeadScore.objects.filter(lead__in=leads, scored_at__lt=changed).update(scored_at=changed)
