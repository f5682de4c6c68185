"""The brief of a hand-off: why now, on what evidence, as it stood when the lead was offered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from handoff import standing, telling
from handoff.models import Handoff
from leads import clock, engagement, learning, scoring, timeline
from leads.definition import FACTS, named
from leads.models import Activity, Lead, LeadScore
from leads.models.scoring import grade
from personas.choices import Stage
from personas.fit import holding

TOUCHES, MESSAGES, GROUP = 5, 3, 4
#: Kinds that tell what a person did or was told, as opposed to what we did with the record.
TELLING = ("web", "form", "event", "email", "call", "meeting", "message")
#: Facts that sales works with, whatever the agreement asks for.
WORKED_WITH = ("name", "email", "phone", "job_title", "company", "industry", "size", "country")
#: What they did themselves, which may be why now.
PROPOSED = ("form", "email:reply", "event", "web:pricing", "meeting", "call:spoke")
#: What they did by themselves; and what we told them: messages, content, e-mail.
THEIRS = ("web", "form", "event", "email:open", "email:click", "email:reply")
TOLD = ("message:told", "email:sent", "content:sent")
#: What a person said in their own words, where there are some.
OWN_WORDS = ("form:", "email:reply")


def write(lead: Lead, *, origin: str, why_this_rep: str) -> dict[str, Any]:
    """What a rep needs to call within 30 seconds; plain data, kept with the hand-off."""
    rows = LeadScore.objects.filter(lead=lead).select_related("lead__chance", "scorecard")
    score = rows.annotate(kept=engagement.beside("lead")).first()
    if score:
        scoring.bring_up_to(clock.now(), score, lead, score.kept)
    chance = learning.told(score.lead) if score else None
    seen = list(lead.activities.of_kinds(*TELLING).order_by("-at", "-id")[: TOUCHES + MESSAGES])
    return {
        "trigger": _trigger(origin, score, seen),
        "score": _score(score) if score else None,
        "chance": chance.data() if chance else None,
        "touches": [_kept(touch) for touch in seen[:TOUCHES]],
        "told": [_kept(touch) for touch in seen if touch.kind in TOLD][:MESSAGES],
        "persona": _persona(lead),
        "company": _company(lead),
        "persona_id": lead.persona_id,
        "known": [name for name, value in scoring.facts(lead).items() if name in FACTS and value not in (None, "")],
        "lacks": [named(name) for name in (score.missing or [])] if score else [],
        "visits": [[visit.stage, visit.entered_at.isoformat()] for visit in lead.visits.order_by("seq")],
        "verdicts": [
            {"end": handoff.end, "reason": handoff.reason.label if handoff.reason else "", "verdict": handoff.verdict}
            for handoff in lead.handoffs.counted().exclude(ended_at=None).select_related("reason").order_by("id")
        ],
        "preferred_contact": lead.preferred_contact,
        "routed": why_this_rep,
        "next_step": _next_step(lead),
    }


def why_now(lead: Lead) -> str:
    """Why now, proposed to whoever hands a lead over: what they did last, in their own words where there are some."""
    last = lead.activities.of_kinds(*PROPOSED).order_by("-at", "-id").first()
    if last is None:
        return ""
    when = date_format(timezone.localtime(last.at), "j M")
    words = _("%(what)s on %(when)s") % {"what": telling.named(last.kind), "when": when}
    return f"{words}: {last.text[:300]}" if last.text else words


def _score(score: LeadScore) -> dict[str, Any]:
    """The points as they stand at the offer, in the words of that day."""
    parts = scoring.told(score.parts, at=clock.now())
    return {"total": score.total, "fit": score.fit, "engagement": score.engagement, "parts": parts}


def _trigger(origin: str, score: LeadScore | None, seen: Sequence[Activity]) -> str:
    """The first line: what set it off, in plain words, and what the person did last."""
    what = str(Handoff.Origin(origin).label)
    if origin == Handoff.Origin.LINE and score:
        line = score.scorecard.mql_line if score.scorecard else 0
        reached = score.total >= line
        what = _("Reached the MQL line, with %(n)d points") if reached else _("Skipped the MQL line, at %(n)d points")
        what %= {"n": score.total}
    last = next((touch for touch in seen if touch.kind.startswith(THEIRS)), None)
    if last is None or (origin == Handoff.Origin.HAND_RAISE and last.kind == "form:hand_raise"):
        return what
    return _("%(what)s; did last: %(last)s") % {"what": what, "last": telling.named(last.kind).lower()}


def _kept(touch: Activity) -> dict[str, str]:
    return {"kind": touch.kind, "text": touch.text, "at": touch.at.isoformat()}


def _company(lead: Lead) -> dict[str, Any] | None:
    """The company and who else of it we know: the buying group, as it stood."""
    company = lead.company
    if company is None:
        return None
    others = company.leads.exclude(pk=lead.pk).only("name", "email", "phone", "job_title", "stage").order_by("-pk")
    return {
        "name": company.name,
        "industry": company.industry,
        "size": company.size,
        "city": company.city,
        "group": [{"name": str(each), "job_title": each.job_title, "stage": each.stage} for each in others[:GROUP]],
    }


@transaction.atomic
def top_up(lead: Lead, *, actor: User, note: str, was: str | None = None, seen: str = "") -> Handoff:
    """Say more on why now, while the hand-off is open. `was` is what the form's reader saw."""
    lead = Lead.objects.lock(lead)
    handoff = standing.open_handoff(lead)
    note = note.replace("\x00", "").strip()
    if was is not None and was.strip() != handoff.note.strip() != note:
        raise ValidationError(
            {"note": _("It says now: “%(now)s”. Your words are kept here.") % {"now": handoff.note or _("nothing")}}
        )
    if note != handoff.note:
        changes = {"why now": [handoff.note, note]}
        handoff.note = note
        handoff.save(update_fields=["note"])
        timeline.record(lead, kind="handoff:brief", actor=actor, data={"changes": changes})
    return handoff


def lacking(handoff: Handoff) -> list[str]:
    """What is not known of the lead: what the agreement asks for first, then what sales works with. Once the hand-off
    has ended, as it stood at the offer. Reads `handoff.lead` with its company and score.
    """
    lead, then = handoff.lead, list(handoff.brief.get("lacks", []))
    if not handoff.is_open:
        return then
    known, score = scoring.facts(lead), getattr(lead, "score", None)
    asked = {named(name) for name in (score.missing or ())} if score else set()
    unknown = [named(name) for name in WORKED_WITH if known.get(name) in (None, "")]
    return list(dict.fromkeys([*(what for what in then if what in asked), *sorted(asked - {*then}), *unknown]))


def told(brief: dict[str, Any], *, lead: Lead | None = None) -> dict[str, Any]:
    """A brief as a page shows it. One that was written by an older version, or by none, tells what it has.

    Of a lead whose hand-off is open, `lead`, the chance is the one of now, as the lead's page says it.
    """
    then = learning.Told.read(brief["chance"]) if brief.get("chance") else None
    touches = [_touch(touch) for touch in brief.get("touches", [])]
    quote = next((touch for touch in touches if touch["text"] and touch["kind"].startswith(OWN_WORDS)), None)
    score = brief.get("score")
    return {
        "trigger": brief.get("trigger", ""),
        "score": {**score, "grade": grade(score["total"])} if score else None,
        "chance": learning.told(lead) if lead else then,
        "touches": [touch for touch in touches if touch is not quote],
        "quote": quote,
        "persona": brief.get("persona"),
        "told": [_touch(touch) for touch in brief.get("told", [])],
        "company": brief.get("company"),
        "group": [{**each, "stage": Stage(each["stage"])} for each in (brief.get("company") or {}).get("group", [])],
        "visits": [(Stage(stage), datetime.fromisoformat(at)) for stage, at in brief.get("visits", [])],
        "verdicts": [
            {**verdict, "end": Handoff.End(verdict["end"]).label if verdict["end"] else ""}
            for verdict in brief.get("verdicts", [])
        ],
        "lacks": brief.get("lacks", []),
        "preferred_contact": brief.get("preferred_contact", ""),
        "routed": brief.get("routed", ""),
        "next_step": brief.get("next_step", ""),
    }


def _touch(touch: dict[str, str]) -> dict[str, Any]:
    kind = touch["kind"]
    return {
        "kind": kind,
        "words": telling.named(kind),
        "icon": telling.of(kind).icon,
        "text": touch["text"],
        "at": datetime.fromisoformat(touch["at"]),
    }


def _persona(lead: Lead) -> dict[str, Any] | None:
    persona = lead.persona
    if persona is None:
        return None
    reasons = [str(rule) for rule in holding(persona.rules, scoring.facts(lead))]
    return {
        "name": persona.name,
        "hopes": persona.hopes,
        "fears": persona.fears,
        "objections": persona.objections,
        "what_to_say": persona.what_to_say,
        "because": reasons,
    }


def _next_step(lead: Lead) -> str:
    if lead.next_action:
        return lead.next_action
    if lead.phone:
        return _("Call %(phone)s") % {"phone": lead.phone}
    return _("Write to %(email)s") % {"email": lead.email} if lead.email else _("Find a way to reach them")
