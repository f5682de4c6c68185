"""The agreed points: how well a lead fits and how much it is interested, with every point accounted for."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, Max, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads import clock
from leads.composed import Composed
from leads.definition import Definition, acted
from leads.engagement import (
    HEADLINE,
    Rule,
    Touches,
    beside,
    day,
    idle_for,
    is_touch,
    kinds,
    read,
    rules,
    touched,
    whole,
)
from leads.identity import is_business_email
from leads.models import Activity, Lead, LeadScore, Scorecard
from leads.unchanged import Unchanged
from personas.fit import Rule as Trait
from personas.fit import fit
from personas.models import Persona

HALF = 50  # fit and engagement each count for at most this much
WEEK = timedelta(days=7)
JUST_NOW = timedelta(minutes=10)  # in which a touch loses less than a thousandth
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
    return Table.read(points).score(profile, touches, at=at)


class Table(NamedTuple):
    """A scorecard's points, read once for many leads: rules of fit, rules of engagement, and the kinds they name."""

    fit: list[Trait]
    engagement: list[Rule]
    kinds: list[str]

    @classmethod
    def read(cls, points: Mapping[str, Any]) -> Table:
        interest = rules(points)
        traits = [Trait.read({**rule, "points": whole(rule.get("points"))}) for rule in points["fit"]]
        return cls(traits, interest, kinds(interest))

    def score(self, profile: Mapping[str, Any], touches: Mapping[str, Touches], *, at: datetime) -> Points:
        """The points of a profile and of what was done up to a moment."""
        fits = [_part("fit", str(trait), trait.points) for trait in self.fit if trait.holds(profile)]
        interests = [part for rule in self.engagement for part in _interest(rule, touches, self.kinds, at)]
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
        parts.append(_part("engagement", bound(rule, worth), held - worth))
    return parts


def bound(rule: Rule, worth: int) -> str:
    """What holds a rule whose touches are worth so much, in words."""
    words = _("%(what)s: at most %(most)d points count") if worth > 0 else _("%(what)s: at most %(most)d taken off")
    return words % {"what": rule.label, "most": rule.cap}


def half_bound(worth: int) -> str:
    """What holds a half of the score that would be worth so much, in words."""
    return _("At most %(most)d points count") % {"most": HALF} if worth > 0 else _("Never below 0")


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
        parts.append(_part(group, half_bound(total), held - total))
    return held


def heat(touches: Mapping[str, Touches], agreed: Iterable[Rule], *, at: datetime) -> float | None:
    """What a lead is ordered by where the warmest come first: log2 of its weighted touches at the headline half-life.

    Counted from the epoch, so that it is the same at any moment without a new touch. None: nothing speaks for it.
    """
    each = [rule for rule in agreed if rule.is_each and rule.kind in touches]
    weighted = math.fsum(rule.points * touches[rule.kind].worth(HEADLINE) for rule in each)
    return math.log2(weighted) + day(at) / HEADLINE if weighted > 0 else None


def facts(lead: Lead) -> dict[str, Any]:
    """The plain facts that rules and the definition read of a lead."""
    business = "yes" if lead.email and is_business_email(lead.email) else ""
    return {**lead.profile, "name": lead.name, "business_email": business}


@dataclass(frozen=True)
class Counted:
    """What was read of leads and counted at a moment: whoever says more of them then need not read it again.

    Each lead carries `came`, the kind of the first line of its timeline.
    """

    at: datetime
    card: Scorecard
    leads: list[Any]
    facts: dict[int, dict[str, Any]]
    touches: dict[int, dict[str, Touches]]
    points: dict[int, Points]
    crossed: list[int] = field(default_factory=list)

    def without(self, leads: Collection[int]) -> Counted:
        """The same of all but these leads."""
        return replace(self, leads=[lead for lead in self.leads if lead.pk not in leads])


def _rows() -> QuerySet[Lead]:
    """Leads with all that counting reads of them: relations, what is kept, the first line, and the last count."""
    first = Activity.objects.filter(lead=OuterRef("pk")).order_by("at", "id").values("kind")
    return Lead.objects.select_related("company", "source", "campaign", "persona").annotate(
        kept=beside("pk"),
        came=Subquery(first[:1]),
        was_ready=F("score__ready"),
        was_total=F("score__total"),
        was_at=F("score__scored_at"),
        was_line=F("score__scorecard__mql_line"),
    )


_row = Composed(lambda lead: _rows().filter(pk=lead))


def count(leads: Collection[int], card: Scorecard, *, at: datetime) -> Counted:
    """What these leads have by a scorecard at a moment, in the order of their keys; nothing is written."""
    found: list[Any] = _row(*leads) if len(leads) == 1 else list(_rows().filter(pk__in=leads).order_by("pk"))
    named, touches, untold = kinds(rules(card.points)), {}, []
    for lead in found:
        if (done := read(lead.kept, at=at)) is not None:
            touches[lead.pk] = done
        if done is None or not all(map(is_touch, named)):
            untold.append(lead.pk)
    if untold:
        touches |= touched(untold, at=at, also=named)
    return _counted(found, touches, card, at)


def _counted(leads: list[Any], touches: dict[int, dict[str, Touches]], card: Scorecard, at: datetime) -> Counted:
    known = {lead.pk: facts(lead) for lead in leads}
    table = Table.read(card.points)
    points = {pk: table.score(profile, touches.get(pk, {}), at=at) for pk, profile in known.items()}
    return Counted(at, card, leads, known, touches, points)


def points_now(leads: Iterable[Lead], card: Scorecard, *, at: datetime) -> dict[int, int]:
    """What these leads would be counted at by a scorecard; nothing is written."""
    leads = list(leads)
    touches = touched([lead.pk for lead in leads], at=at, also=kinds(rules(card.points)))
    return {pk: points.total for pk, points in _counted(leads, touches, card, at).points.items()}


#: The points in force and the personas in use.
agreed = Unchanged(
    "SELECT 1, id, xmin::text, ctid::text FROM leads_scorecard WHERE in_force "
    "UNION ALL SELECT 2, id, xmin::text, ctid::text FROM personas_persona WHERE retired_at IS NULL",
    lambda: (Scorecard.objects.get(in_force=True), list(Persona.objects.in_use())),
)


def rescore(leads: Collection[int], *, at: datetime | None = None) -> Counted:
    """Count these leads' points anew and write them; `crossed` are those that have just crossed the MQL line.

    Whoever did not meet the definition that counted when they were last scored, and meets today's, has crossed it; so
    has whoever meets it and has just done what skips the line.
    """
    card, personas = agreed()
    counted = count(leads, card, at=at or clock.now())
    _match(counted, personas)
    definition = Definition.of(card)
    acts = acted(leads, definition.actions, at=counted.at)
    known, written = rules(card.points), []
    for lead in counted.leads:
        points = counted.points[lead.pk]
        missing = definition.missing(counted.facts[lead.pk], lead.persona_id)
        ready = definition.met(points.total, missing=missing, acted=lead.pk in acts)
        if ready and (not _was_over(lead) or _has_acted_since(acts.get(lead.pk), lead.was_at)):
            counted.crossed.append(lead.pk)
        warm = heat(counted.touches.get(lead.pk, {}), known, at=counted.at)
        told = json.dumps(points.parts), json.dumps(missing)
        written.append((lead.pk, points.fit, points.engagement, warm, ready, *told))
    if written:
        columns = [list(column) for column in zip(*written, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [card.pk, counted.at, *columns])
    return counted


_WRITE = """
INSERT INTO leads_leadscore
       (lead_id, fit, engagement, total, heat, scorecard_id, scored_at, ready, parts, missing)
SELECT lead, fit, engagement, fit + engagement, heat, %s::bigint, %s::timestamptz, ready, parts,
       ARRAY(SELECT jsonb_array_elements_text(missing))
  FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::float8[], %s::bool[], %s::jsonb[], %s::jsonb[])
       AS counted(lead, fit, engagement, heat, ready, parts, missing)
    ON CONFLICT (lead_id) DO UPDATE SET
       fit = excluded.fit, engagement = excluded.engagement, total = excluded.total, heat = excluded.heat,
       scorecard_id = excluded.scorecard_id, scored_at = excluded.scored_at, ready = excluded.ready,
       parts = excluded.parts, missing = excluded.missing
"""


def _match(counted: Counted, personas: Sequence[Persona]) -> None:
    """Give each lead the persona that it fits, unless a person chose one."""
    if not personas:
        return
    changed = []
    for lead in counted.leads:
        persona = fit(counted.facts[lead.pk], personas).persona
        if not lead.persona_chosen and lead.persona_id != (persona.pk if persona else None):
            lead.persona = persona
            changed.append(lead)
    if changed:
        Lead.objects.bulk_update(changed, ["persona"])


def bring_up_to(at: datetime, row: LeadScore, lead: Lead, kept: Iterable[Mapping[str, Any]]) -> None:
    """Let a score say what it is at a moment, by what is kept beside it; it is not written.

    It stays as it was last counted where that was just now or later, or where only the timeline could tell.
    """
    if row.scorecard is None or at - row.scored_at < JUST_NOW:
        return
    touches = read(kept, at=at)
    if touches is None or not all(map(is_touch, kinds(rules(row.scorecard.points)))):
        return
    points = score(facts(lead), touches, row.scorecard.points, at=at)
    row.fit, row.engagement, row.total, row.parts, row.scored_at = (
        points.fit, points.engagement, points.total, points.parts, at,
    )  # fmt: skip


def _was_over(lead: Any) -> bool:
    """Whether it met the definition when it was last counted."""
    if lead.was_ready is None:  # counted before it was kept, if at all
        return lead.was_line is not None and lead.was_total >= lead.was_line
    return bool(lead.was_ready)


def _has_acted_since(act: tuple[datetime, str] | None, moment: datetime) -> bool:
    return act is not None and act[0] > moment


def changed_at() -> datetime:
    """When the points or a persona last changed."""
    changed: datetime | None = Persona.objects.aggregate(at=Max("changed_at"))["at"]
    card = Scorecard.objects.get(in_force=True)
    agreed = card.in_force_since or card.created_at
    return max(agreed, changed or agreed)


def outdated(limit: int) -> list[int]:
    """Leads that were counted before the points or a persona last changed, the oldest first."""
    oldest = LeadScore.objects.order_by("scored_at").values_list("lead", flat=True)
    return list(oldest.filter(scored_at__lt=changed_at())[:limit])


def behind(most: int) -> int:
    """How many leads wait to be counted by today's points and personas; `most` stands for any more."""
    return LeadScore.objects.filter(scored_at__lt=changed_at())[:most].count()


def hold_counted(leads: Collection[int]) -> None:
    """Mark these as counted by today's points and personas, even where a clock set back says that was before them."""
    changed = changed_at()
    LeadScore.objects.filter(lead__in=leads, scored_at__lt=changed).update(scored_at=changed)
