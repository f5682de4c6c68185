"""The contract between the two teams: drafted by anybody, signed by both, in force at the second signature."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.choices import Team
from accounts.models import User
from handoff import notices, reasons
from handoff.models import Agreement, Amendment, Signature
from handoff.models.agreement import PARTIES
from leads import clock, points, rights
from leads.models import Scorecard

DEFINITION = (
    "A person who fits (business address, a role that decides, a company we can serve) and has shown interest: "
    "together at least the points of the line, or asked to talk."
)
#: What the definition of an MQL says, on the scorecard where the leads' side reads it.
CARD_TERMS = ("mql_line", "required_facts", "personas", "high_intent", "points")
#: What an agreement says beside its scorecard.
OWN_TERMS = (
    "definition", "leads_a_month", "value_a_month", "completeness", "accept_within", "attempt_within",
    "hand_raise_within", "contact_within", "attempts", "attempts_days", "both_qualify", "remind_before",
    "escalate_after", "reassign_after", "reassign_most", "weekdays", "opens", "closes", "hours", "time_zone",
    "holidays", "days_off",
)  # fmt: skip
TERMS = CARD_TERMS + OWN_TERMS


@transaction.atomic
def lay_down_defaults() -> None:
    """Give a new database its first scorecard, agreement and reasons; leave an older one as it is.

    Nobody has signed that first agreement, and its page says so.
    """
    if not Scorecard.objects.exists():
        Scorecard.objects.create(version=1, in_force=True, in_force_since=timezone.now())
    if not Agreement.objects.exists():
        Agreement.objects.create(version=1, scorecard=Scorecard.objects.get(in_force=True), definition=DEFINITION)
    reasons.lay_down()


def said(agreement: Agreement) -> dict[str, Any]:
    """Every term of a version by name."""
    return {name: getattr(agreement, name) for name in TERMS}


def differences(old: Agreement, new: Agreement) -> dict[str, tuple[Any, Any]]:
    """The terms in which two versions differ: name -> what the old and the new one say."""
    before, after = said(old), said(new)
    return {name: (before[name], after[name]) for name in TERMS if before[name] != after[name]}


def coming() -> Agreement:
    """What a change starts from: the draft, or what is in force while there is none."""
    base = Agreement.objects.select_related("scorecard", "drafted_by", "agreed_by")
    return base.drafts().first() or base.in_force()


def stands(version: Agreement) -> tuple[int, int]:
    """The version and its edit, by which a form knows later whether it has changed; edit 0 is no draft."""
    return version.version, version.edit if version.is_draft else 0


def next_version() -> int:
    return (Agreement.objects.aggregate(newest=Max("version"))["newest"] or 0) + 1


class Meanwhile(NamedTuple):
    """What became of a term since a form was drawn: plain values, and who wrote the last one if that is known."""

    old: Any
    new: Any
    who: User | None


def meanwhile(shown: Agreement, seen: int, now: Agreement) -> dict[str, Meanwhile]:
    """What others changed since this edit of a version was shown, by term."""
    if shown.pk != now.pk:
        changes: dict[str, tuple[Any, Any]] = dict(differences(shown, now))
        if now.is_draft and now.why:
            changes["why"] = ("", now.why)
        who = now.drafted_by if now.is_draft else None
        return {name: Meanwhile(plain(old), plain(new), who) for name, (old, new) in changes.items()}
    found: dict[str, Meanwhile] = {}
    for row in now.amendments.filter(edit__gt=seen).select_related("person").order_by("edit"):
        for name, (old, new) in row.changes.items():
            found[name] = Meanwhile(found[name].old if name in found else old, new, row.person)
    return {name: change for name, change in found.items() if change.old != change.new}


def signs_for(person: User) -> list[str]:
    """The teams that this person may sign for: their own; a manager stands in for a team that has nobody yet."""
    if person.team in PARTIES:
        return [person.team]
    manned = set(User.objects.on(*PARTIES).order_by().values_list("team", flat=True).distinct())
    return [team for team in PARTIES if team not in manned]


def check_none_begun() -> None:
    """Raise ValidationError that says whose draft is open."""
    if (draft := Agreement.objects.drafts().select_related("drafted_by").first()) is not None:
        raise ValidationError(
            _("%(who)s has begun %(version)s already. Nothing was changed; go on with theirs.")
            % {"who": draft.drafted_by or _("Somebody"), "version": draft}
        )


@transaction.atomic
def begin(*, actor: User, why: str = "", **terms: Any) -> Agreement:
    """Begin the next version from the one in force, with terms that differ where given; one draft at a time."""
    _hold()
    check_none_begun()
    current, at = Agreement.objects.in_force(), clock.now()
    wanted = {**said(current), **_read(terms)}
    newest = Scorecard.objects.aggregate(newest=Max("version"))["newest"]
    card = Scorecard.objects.create(
        version=newest + 1,
        created_at=at,
        **{name: wanted[name] for name in CARD_TERMS},
    )
    draft = Agreement.objects.create(
        version=next_version(),
        scorecard=card,
        why=why,
        drafted_by=actor,
        drafted_at=at,
        in_force_since=None,
        **{name: wanted[name] for name in OWN_TERMS},
    )
    _write_down(draft, differences(current, draft), actor=actor)
    return draft


@transaction.atomic
def change(*, actor: User, version: int, seen: int, why: str | None = None, **terms: Any) -> Agreement:
    """Change the draft, or begin one with this change where there is none.

    Raises ValidationError, with code "stale" when something else stands now than `version` at the edit `seen`.
    """
    _hold()
    now, terms = coming(), _read(terms)
    if stands(now) != (version, seen):
        raise ValidationError(_since(version, now), code="stale")
    if now.is_draft:
        return amend(now, actor=actor, seen=seen, why=why, **terms)
    if now.signatures.exists() and all(getattr(now, name) == value for name, value in terms.items()):
        raise ValidationError(_("Nothing is changed yet. A draft begins with the first change."))
    return begin(actor=actor, why=why or "", **terms)


@transaction.atomic
def amend(draft: Agreement, *, actor: User, seen: int, why: str | None = None, **terms: Any) -> Agreement:
    """Change terms of the draft. Signatures were given to other words, so a change voids them.

    Raises ValidationError when the draft is no longer the edit that was `seen`, or no longer a draft, and when points
    are none, by rule.
    """
    draft, terms = _draft(draft, seen=seen), _read(terms)
    changes = {name: (getattr(draft, name), value) for name, value in terms.items() if getattr(draft, name) != value}
    if why is not None and why != draft.why:
        changes["why"] = (draft.why, why)
    if not changes:
        return draft
    for name, (_old, new) in changes.items():
        setattr(draft.scorecard if name in CARD_TERMS else draft, name, new)
    draft.scorecard.save()
    draft.edit += 1
    draft.save()
    _write_down(draft, changes, actor=actor)
    _void(draft, actor=actor)
    return draft


@transaction.atomic
def drop(draft: Agreement, *, actor: User, seen: int) -> None:
    """Put the draft away; what it said stays readable, its number is not given again."""
    draft = _draft(draft, seen=seen)
    concerned = _concerned(draft)
    draft.signatures.standing().update(voided_at=clock.now())
    draft.ended_at, draft.edit = clock.now(), draft.edit + 1
    draft.save(update_fields=["ended_at", "edit"])
    _write_down(draft, {}, actor=actor)
    notices.write(
        kind="agreement:away",
        to=concerned,
        actor=actor,
        text=_("%(who)s has put %(version)s of the agreement away. Its words are kept, and it can be taken up again.")
        % {"who": actor, "version": draft},
        event=f"agreement:{draft.version}:away:{draft.edit}",
    )


@transaction.atomic
def take_up(version: Agreement, *, actor: User) -> Agreement:
    """Make a draft again of one that was put away, or one with its words where other versions came after it.

    Raises ValidationError when it was in force, or another draft is open, and PermissionDenied when it says other
    points than those in force and the actor writes none.
    """
    _hold()
    version = Agreement.objects.select_related("scorecard", "drafted_by").get(pk=version.pk)
    if version.in_force_since is not None or version.ended_at is None:
        raise ValidationError(_("%(version)s is not put away. Nothing was changed.") % {"version": version})
    if version.points != Agreement.objects.in_force().points:
        rights.permit(actor, "points")
    if version.version + 1 < next_version() or Agreement.objects.drafts().exists():
        return begin(actor=actor, why=version.why, **said(version))
    version.ended_at, version.edit = None, version.edit + 1
    version.save(update_fields=["ended_at", "edit"])
    _write_down(version, {}, actor=actor)
    notices.write(
        kind="agreement:away",
        to=_concerned(version),
        actor=actor,
        text=_("%(who)s has taken up %(version)s of the agreement again. Signatures are asked for anew.")
        % {"who": actor, "version": version},
        event=f"agreement:{version.version}:again:{version.edit}",
    )
    return version


def _concerned(draft: Agreement) -> set[User]:
    """Whose draft it is: who began it, and who has signed it, also an earlier wording."""
    signed = {one.person for one in draft.signatures.select_related("person")}
    return signed | ({draft.drafted_by} if draft.drafted_by else set())


@transaction.atomic
def sign(draft: Agreement, *, actor: User, team: str, seen: int) -> Agreement:
    """Give a team's word for the draft as it was `seen`; the second word puts it in force and ends the one before."""
    draft = _draft(draft, seen=seen)
    if team not in signs_for(actor):
        raise PermissionDenied(may_not_sign(actor, team))
    current, given = Agreement.objects.in_force(), list(draft.signatures.standing().select_related("person"))
    if (mine := next((one for one in given if one.team == team), None)) is not None:
        raise ValidationError(
            _("%(who)s has signed %(version)s for %(team)s already. Nothing was changed.")
            % {"who": mine.person, "version": draft, "team": Team(team).label}
        )
    if (
        not differences(current, draft) and current.signatures.exists()
    ):  # what came with the house may be signed as it is
        raise ValidationError(
            _("%(draft)s says what %(current)s says. Change a term first.") % {"draft": draft, "current": current}
        )
    Signature.objects.create(
        agreement=draft, team=team, person=actor, person_team=actor.team, edit=draft.edit, signed_at=clock.now()
    )
    if {one.team for one in given} | {team} == set(PARTIES):
        _put_in_force(draft, current, actor=actor)
    else:
        _ask_the_other(draft, team, actor=actor)
    return draft


def may_not_sign(actor: User, team: str) -> str:
    """The sentence that somebody reads who may not sign for this team."""
    if actor.is_manager:
        return _("%(team)s signs for itself; a manager stands in only while a team has nobody.") % {
            "team": Team(team).label
        }
    return _("This is for somebody of %(team)s. Nothing was signed.") % {"team": Team(team).label}


def _read(terms: dict[str, Any]) -> dict[str, Any]:
    """Terms as they are kept: a table of points has its rules checked, whoever wrote it."""
    return {**terms, "points": points.clean(terms["points"])} if "points" in terms else terms


def _hold() -> None:
    """Whoever drafts, amends or signs at the same time waits here."""
    list(Agreement.objects.select_for_update().order_by("version")[:1])


def _draft(draft: Agreement, *, seen: int) -> Agreement:
    """The draft read anew under the lock, as its reader saw it, or ValidationError saying what happened since."""
    _hold()
    draft = Agreement.objects.select_related("scorecard", "agreed_by").get(pk=draft.pk)
    last = draft.amendments.select_related("person").first()
    if draft.in_force_since is not None:
        raise ValidationError(
            _("%(who)s has put %(version)s in force meanwhile. Nothing was changed.")
            % {"who": draft.agreed_by or _("Somebody"), "version": draft}
        )
    who = last.person if last and last.person else _("Somebody")
    if draft.ended_at is not None:
        raise ValidationError(
            _("%(who)s has put %(version)s away. Nothing was changed.") % {"who": who, "version": draft}
        )
    if draft.edit != seen:
        raise ValidationError(_changed(draft, last), code="stale")
    return draft


def _changed(draft: Agreement, last: Amendment | None) -> str:
    when = date_format(timezone.localtime(last.at), "j M H:i") if last else ""
    return _("%(who)s changed %(version)s at %(when)s. Nothing was done: it stands here as it is now.") % {
        "who": last.person if last and last.person else _("Somebody"),
        "version": draft,
        "when": when,
    }


def _since(version: int, now: Agreement) -> str:
    """What happened since a version was shown, in a sentence."""
    shown = Agreement.objects.filter(version=version).first()
    if now.is_draft and (shown is None or shown.pk == now.pk):
        return _changed(now, now.amendments.select_related("person").first())
    if shown is not None and not shown.in_force_since:
        last = shown.amendments.select_related("person").first()
        who = last.person if last and last.person else _("Somebody")
        return _("%(who)s has put %(version)s away.") % {"who": who, "version": shown}
    if now.is_draft:
        return _("%(who)s has begun %(version)s.") % {"who": now.drafted_by or _("Somebody"), "version": now}
    return _("%(version)s is in force now.") % {"version": now}


def _write_down(draft: Agreement, changes: dict[str, tuple[Any, Any]], *, actor: User) -> None:
    told = {name: [plain(old), plain(new)] for name, (old, new) in changes.items()}
    Amendment.objects.create(agreement=draft, edit=draft.edit, person=actor, changes=told, at=clock.now())


def plain(value: Any) -> Any:
    """A value of a term as an amendment keeps it."""
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return str(value) if isinstance(value, date | time | Decimal) else value


def _void(draft: Agreement, *, actor: User) -> None:
    """What was signed were other words: whoever signed hears of it."""
    standing = list(draft.signatures.standing().select_related("person"))
    draft.signatures.standing().update(voided_at=clock.now())
    changed = _("%(who)s changed %(version)s, so your signature no longer counts. Look at it and sign again.")
    notices.write(
        kind="agreement:voided",
        to=[one.person for one in standing],
        actor=actor,
        text=changed % {"who": actor, "version": draft},
        event=f"agreement:{draft.version}:voided:{draft.edit}",
    )


def _ask_the_other(draft: Agreement, team: str, *, actor: User) -> None:
    other = next(party for party in PARTIES if party != team)
    notices.write(
        kind="agreement:to_sign",
        to=User.objects.on(other),
        actor=actor,
        text=_("%(who)s has signed %(version)s of the agreement for %(team)s. It waits for %(other)s.")
        % {"who": actor, "version": draft, "team": Team(team).label, "other": Team(other).label},
        event=f"agreement:{draft.version}:to_sign:{draft.edit}",
    )


def _put_in_force(draft: Agreement, current: Agreement, *, actor: User) -> None:
    """End the version in force and begin this one, with the scorecard it pins, in the transaction of the signature."""
    at, written = clock.now(), None
    if all(getattr(current.scorecard, name) == getattr(draft.scorecard, name) for name in CARD_TERMS):
        draft.scorecard, written = current.scorecard, draft.scorecard  # nobody needs to be counted anew
    else:
        Scorecard.objects.filter(in_force=True).update(in_force=False)
        draft.scorecard.in_force, draft.scorecard.in_force_since = True, at
        draft.scorecard.save(update_fields=["in_force", "in_force_since"])
    Agreement.objects.filter(pk=current.pk).update(ended_at=at)
    draft.in_force_since, draft.agreed_by = at, actor
    draft.save(update_fields=["in_force_since", "agreed_by", "scorecard"])
    if written is not None:
        written.delete()
    notices.write(
        kind="agreement:in_force",
        to=User.objects.on(*Team.values),
        actor=actor,
        text=_("Both teams have signed: %(version)s of the agreement is in force.") % {"version": draft},
        event=f"agreement:{draft.version}:in_force",
    )
