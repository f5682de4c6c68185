"""The door: keep what came in, then make a lead of it. One submission or a thousand go the same way."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from leads import clock, identity, learning, pipeline, scoring, timeline, visitors
from leads.identity import Profile
from leads.models import Activity, Campaign, Company, Import, Lead, Signal, Source, Submission, WebForm, WebhookSource
from leads.models.submission import MAX_ATTEMPTS
from leads.payload import check, plain
from personas.choices import Stage


@dataclass
class Processed:
    """What became of one submission: its lead, whether it is new, and the fields that changed."""

    submission: Submission
    lead: Lead | None = None
    created: bool = False
    changed: list[str] = field(default_factory=list)

    @property
    def is_historic(self) -> bool:
        return self.submission.way == Submission.Way.FILE


def accept(
    payload: dict[str, Any],
    *,
    way: str,
    actor: User | None = None,
    key: str | None = None,
    at: datetime | None = None,
    upload: Import | None = None,
    webform: WebForm | None = None,
    held_for: str | None = None,
) -> Submission:
    """Keep a submission as it came; raise ValidationError, by field, if nobody could ever make a lead of it.

    The same key gives the submission that is already here, so that a retry or a double click is one lead. What is
    `held_for` a reason waits for a person: the worker leaves it alone.
    """
    check(payload, way=way)
    kept = {"payload": plain(payload), "way": way, "actor": actor, "key": key, "at": at or clock.now()}
    submission = Submission(**kept, upload=upload, webform=webform, held_for=held_for, error=held_for or "")
    if held_for:
        submission.attempts = MAX_ATTEMPTS
    return _keep(submission)


def keep(
    payload: dict[str, Any], *, way: str, key: str, raw: dict[str, Any] | None = None, hook: WebhookSource | None = None
) -> Submission:
    """Keep what a program sent that nobody can ask again; what cannot be read waits for a person, with its reason.

    `raw` is what they said, where the payload was made of it. Raises ValidationError only for what no column takes.
    """
    said = Submission(payload=plain(payload), way=way, key=key, at=clock.now(), hook=hook, raw=raw and plain(raw))
    try:
        check(payload, way=way)
    except ValidationError as error:
        said.attempts, said.error = MAX_ATTEMPTS, reasons(error)
    return _keep(said)


def reasons(error: ValidationError) -> str:
    """What is wrong, field by field, a line each."""
    if not hasattr(error, "error_dict"):
        return "\n".join(error.messages)
    return "\n".join(f"{name}: {said}" for name, messages in error.message_dict.items() for said in messages)


def _keep(submission: Submission) -> Submission:
    key = submission.key
    if key is None:
        submission.save(force_insert=True)  # one statement: nothing here can clash
        return submission
    try:
        # One statement is a transaction of its own; within another it needs a savepoint, since it may clash.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            submission.save(force_insert=True)
    except IntegrityError:
        earlier = Submission.objects.filter(key=key).first()
        if earlier is None:
            raise
        return earlier
    return submission


def take(payload: dict[str, Any], *, actor: User, key: str) -> Processed:
    """Keep and process at once what a person typed by hand, so that they see it.

    The row is locked meanwhile: a second click, or the worker, finds it done.
    """
    submission = accept(payload, way=Submission.Way.HAND, actor=actor, key=key)
    with transaction.atomic():
        submission = Submission.objects.select_for_update().get(pk=submission.pk)
        if submission.processed_at:
            return Processed(submission, submission.lead)
        return process([submission])[0]


def process_waiting(limit: int = 200) -> int:
    """Process what waits, oldest first; safe to run anywhere, any number at once. Returns how many are done."""
    with transaction.atomic():
        waiting = Submission.objects.filter(processed_at=None, attempts__lt=MAX_ATTEMPTS).order_by("id")
        batch = list(waiting.select_for_update(skip_locked=True)[:limit])
        try:
            with transaction.atomic():
                process(batch)
        except DatabaseError:
            for submission in batch:  # one of them spoils the batch: find it, keep it with its error, do the rest
                _process_alone(submission)
    return sum(submission.processed_at is not None for submission in batch)


def _process_alone(submission: Submission) -> None:
    try:
        with transaction.atomic():
            process([submission])
    except DatabaseError as error:
        submission.attempts += 1
        submission.error = repr(error)
        submission.save(update_fields=["attempts", "error"])


@transaction.atomic
def process(submissions: Sequence[Submission], read: Sequence[Profile] = ()) -> list[Processed]:
    """Make leads of submissions: identify, record, score, notice readiness, in one transaction.

    `read` holds their profiles where the caller has them already. A submission that cannot be read stays unprocessed
    with its error; database errors are the caller's.
    """
    now = clock.now()
    found = zip(submissions, read, strict=True) if read else ((s, _read(s)) for s in submissions)
    readable = [(Processed(submission), profile) for submission, profile in found if profile]
    if not readable:
        return []
    profiles = [profile for _done, profile in readable]
    identity.hold(profiles)
    visitors.tell_first_touch(profiles)
    leads = _leads([done for done, _profile in readable], profiles, now)
    visitors.join(_visitors(readable))
    told = [pair for pair in readable if pair[0].created or pair[0].changed or not pair[0].is_historic]
    timeline.record_many([_first_line(done, profile, done.lead) for done, profile in told if done.lead])
    _wake([done for done, _profile in readable], now)
    counted = scoring.rescore({lead.pk for lead in leads}, at=now)
    historic = {done.lead.pk for done, _profile in readable if done.lead and done.is_historic}
    fresh = {done.lead.pk for done, _profile in readable if done.lead and done.created}
    learning.answer(counted.without(historic), created=fresh)  # history waits for the worker
    _raise_signals([done for done, _profile in readable])  # first: who asks to talk is offered as such, not by points
    pipeline.notice_readiness(set(counted.crossed) - historic, at=now)
    _settle([done for done, _profile in readable], now)
    return [done for done, _profile in readable]


def _visitors(readable: Sequence[tuple[Processed, Profile]]) -> list[visitors.Known]:
    """The browsers from which people have said who they are."""
    return [
        visitors.Known(profile.origin.visitor, done.lead, profile.origin, done.submission.at)
        for done, profile in readable
        if done.lead and profile.origin.visitor
    ]


def _settle(dones: Sequence[Processed], now: datetime) -> None:
    """Mark submissions as done and say which lead each became, all in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_submission SET processed_at = %s, lead_id = done.lead, error = '' "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS done(id, lead) WHERE leads_submission.id = done.id",
            [now, [done.submission.pk for done in dones], [done.lead.pk for done in dones if done.lead]],
        )
    for done in dones:
        done.submission.processed_at, done.submission.lead, done.submission.error = now, done.lead, ""


def _read(submission: Submission) -> Profile | None:
    try:
        return check(submission.payload, way=submission.way)
    except ValidationError as error:
        submission.attempts, submission.error = MAX_ATTEMPTS, reasons(error)
        submission.save(update_fields=["attempts", "error"])
        return None


def _leads(dones: Sequence[Processed], profiles: Sequence[Profile], now: datetime) -> list[Lead]:
    """Find or make the lead of each profile; two profiles of one new person make one lead."""
    companies = identity.companies(profiles)
    sources, campaigns = identity.sources(profiles), identity.campaigns(profiles)
    carriers = identity.known(profiles)
    found = identity.resolve(profiles, carriers)
    known = {lead.pk: lead for lead in Lead.objects.locked({pk for pk in found if pk})}
    fresh: dict[identity.Key, Lead] = {}
    new: list[Lead] = []
    began: dict[Lead, datetime] = {}
    leads: list[Lead] = []
    touched: dict[int, Lead] = {}
    for done, profile, company, pk in zip(dones, profiles, companies, found, strict=True):
        submission = done.submission
        lead = known.get(pk) if pk else next((fresh[key] for key in profile.naming_keys if key in fresh), None)
        if lead is None:
            at = profile.first_seen_at or submission.at
            lead = Lead(stage=Stage.TOFU, stage_since=at, moves=1, first_seen_at=at, last_activity_at=at)
            if submission.actor and submission.actor.team == Team.MARKETING:
                lead.marketer = submission.actor
            elif submission.actor and submission.actor.team == Team.SALES:
                lead.rep = submission.actor
            done.created = True
            new.append(lead)
        identity.leave_to_others(profile, lead, carriers, fresh)
        for key in profile.naming_keys:
            fresh.setdefault(key, lead)
        source = sources[profile.source] if profile.source else None
        campaign = campaigns[profile.campaign.lower()] if profile.campaign else None
        overwrite = bool(submission.payload.get("overwrite"))
        changed = fill(lead, profile, company, source, campaign, overwrite=overwrite)
        if lead.pk and changed:
            touched[lead.pk] = lead
        done.lead, done.changed = lead, [] if done.created else changed
        leads.append(lead)
    Lead.objects.bulk_create(new)
    for done in dones:
        if done.created and done.lead:
            began[done.lead] = done.lead.first_seen_at
    imported = {done.lead for done in dones if done.lead and done.created and done.is_historic}
    pipeline.enter(new, actor=None, at=began, imported=imported)
    changed_leads = [touched[pk] for pk in sorted(touched)]
    for lead in changed_leads:
        lead.version += 1
    names = {name.partition(".")[0] for done in dones for name in done.changed}
    Lead.objects.bulk_update(changed_leads, [*sorted(names), "version"])
    identity.remember((lead.pk, key) for lead, profile in zip(leads, profiles, strict=True) for key in profile.keys)
    return leads


#: Columns that a profile fills.
FILLED = (
    "name", "email", "phone", "job_title", "country", "value", "currency",
    "preferred_contact", "next_action", "next_action_at", "first_seen_at",
)  # fmt: skip


def fill(
    lead: Lead,
    profile: Profile,
    company: Company | None,
    source: Source | None,
    campaign: Campaign | None,
    *,
    overwrite: bool,
) -> list[str]:
    """Take over what the profile knows: what is empty here, or, from a file that goes over ours, what differs.

    The first touch (source, campaign, the earliest `first_seen_at`) is never overwritten. Nothing is saved here;
    what is taken over may be unsaved itself. Returns the names of what changed.
    """
    changed = []
    for name in FILLED:
        ours, theirs = getattr(lead, name), getattr(profile, name)
        if theirs in (None, "") or theirs == ours:
            continue
        if name == "first_seen_at":
            if lead.pk is None or theirs >= ours:
                continue
        elif ours not in (None, "") and not overwrite and not (name == "currency" and lead.pk is None):
            continue
        setattr(lead, name, theirs)
        changed.append(name)
    if company and _lacks(lead, "company", company, overwrite=overwrite):
        lead.company = company
        changed.append("company")
    changed += _touch(lead, profile, source, campaign)
    for name, value in profile.custom.items():
        if lead.custom.get(name) != value and (overwrite or name not in lead.custom):
            lead.custom[name] = value
            changed.append(f"custom.{name}")
    return changed


def _touch(lead: Lead, profile: Profile, source: Source | None, campaign: Campaign | None) -> list[str]:
    """Source and campaign where they are empty; what an origin tells only if it is the first that is known at all."""
    changed = []
    known = (getattr(lead, f"{name}_id") or getattr(lead, name) for name in ("source", "campaign"))
    is_first = not lead.first_touch and not any(known)
    for name, theirs in (("source", source), ("campaign", campaign)):
        if theirs and _lacks(lead, name, theirs) and (is_first or name not in profile.inferred):
            setattr(lead, name, theirs)
            changed.append(name)
    if is_first and profile.first_touch.tells:
        lead.first_touch = profile.first_touch.data()
        changed.append("first_touch")
    return changed


def _lacks(lead: Lead, name: str, theirs: Model, *, overwrite: bool = False) -> bool:
    ours = getattr(lead, f"{name}_id")
    if ours is None:
        return getattr(lead, name) is None
    return overwrite and ours != theirs.pk


#: The first line of a timeline says how a lead came in.
CAME_BY = {
    Submission.Way.HAND: "lead:added",
    Submission.Way.API: "lead:captured",
    Submission.Way.FILE: "lead:imported",
    Submission.Way.FORM: "form:submit",
    Submission.Way.TRACKER: "web:identified",
    Submission.Way.WEBHOOK: "lead:received",
}


def _first_line(done: Processed, profile: Profile, lead: Lead) -> Activity:
    submission, said = done.submission, done.submission.payload.get("activity") or {}
    raised = submission.payload.get("hand_raise")
    kind = said.get("kind") or ("form:hand_raise" if raised else CAME_BY[Submission.Way(submission.way)])
    imported = submission.way == Submission.Way.FILE
    at = submission.at
    if said.get("at"):  # a sender's clock may run ahead; what it tells of has happened
        at = min(at, identity.read_moment(said["at"]))
    return Activity(
        lead=lead,
        kind=kind,
        text=str(said.get("text", ""))[:10_000],
        data=_told_with(done, profile),
        actor=submission.actor,
        campaign=lead.campaign if done.created else None,
        at=lead.first_seen_at if imported and done.created else at,
        imported=imported,
    )


def _told_with(done: Processed, profile: Profile) -> dict[str, Any]:
    """What the timeline tells beside the words: what changed, where from, the form, and the consent given in it."""
    said = done.submission.payload
    told = {"changed": done.changed, "origin": profile.origin.data()}
    told |= {name: said.get(name) for name in ("form", "consent")}
    return {name: value for name, value in told.items() if value}


def _wake(dones: Sequence[Processed], now: datetime) -> None:
    """New activity brings back who was OUT; who asked not to be contacted only with a consent given since then."""
    for done in dones:
        lead, said = done.lead, done.submission
        if not lead or lead.stage != Stage.OUT or said.way not in Submission.INBOUND:
            continue
        if lead.do_not_contact and said.payload.get("consent") and said.at > lead.stage_since:
            lead.do_not_contact = False
            lead.save(update_fields=["do_not_contact"])
        if not lead.do_not_contact:
            pipeline.move(lead, Stage.TOFU, act="return_by_self", at=now)


def _raise_signals(dones: Sequence[Processed]) -> None:
    """Hand-raises, purchases and a file's outcomes are for `handoff` to answer."""
    signals = []
    for done in dones:
        submission, payload = done.submission, done.submission.payload
        for name, kind in (
            ("hand_raise", Signal.Kind.HAND_RAISE),
            ("purchase", Signal.Kind.PURCHASE),
            ("outcome", Signal.Kind.OUTCOME),
        ):
            if said := payload.get(name):
                said = said if isinstance(said, dict) else {}
                signals.append(
                    Signal(
                        lead=done.lead,
                        kind=kind,
                        payload=said,
                        key=_event_key(submission, kind, said),
                        at=identity.read_moment(said["at"]) if said.get("at") else submission.at,
                        imported=submission.way == Submission.Way.FILE,
                    )
                )
    Signal.objects.bulk_create(signals, ignore_conflicts=True)


def _event_key(submission: Submission, kind: str, said: dict[str, Any]) -> str:
    """The key under which an event counts once: the sender's own, apart by kind, or the submission's."""
    if key := said.get("key"):
        return str(key) if kind == Signal.Kind.OUTCOME else f"{kind}:{key}"
    return f"submission:{submission.pk}:{kind}"


@transaction.atomic
def log(
    lead: Lead,
    *,
    kind: str,
    actor: User | None = None,
    text: str = "",
    data: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> Activity:
    """Record a touch and count what it is worth: timeline, score and readiness together."""
    lead, now = Lead.objects.lock(lead), clock.now()
    if at and at > now:
        raise ValidationError(
            {"at": _("This moment is still to come. Everything else was kept; choose an earlier one.")}
        )
    activity = timeline.record(lead, kind=kind, actor=actor, text=text, data=data, at=at or now)
    counted = scoring.rescore([lead.pk], at=now)
    pipeline.notice_readiness(counted.crossed, at=now)
    learning.answer(counted)
    return activity


@transaction.atomic
def log_many(lines: Sequence[Activity], *, by_themselves: bool = False) -> None:
    """The same for many touches of many leads, each line with its own moment, none of them still to come.

    What people do `by_themselves` brings back who was OUT when they did it, unless they asked not to be contacted.
    """
    now, leads = clock.now(), Lead.objects.locked({line.lead_id for line in lines})
    timeline.record_many(lines)
    if by_themselves:
        newest = {line.lead_id: line.at for line in sorted(lines, key=lambda line: line.at)}
        back = [lead for lead in leads if lead.stage == Stage.OUT and not lead.do_not_contact]
        if since := {lead: now for lead in back if newest[lead.pk] > lead.stage_since}:
            pipeline.move_many(since, Stage.TOFU, act="return_by_self")
    counted = scoring.rescore({lead.pk for lead in leads}, at=now)
    pipeline.notice_readiness(counted.crossed, at=now)
    learning.answer(counted)
