"""Who may do what: team x stage x act x field, in one place. Pages, API, export and feed all ask here."""

from __future__ import annotations

from typing import Protocol

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Team
from accounts.models import User
from personas.choices import Stage

MARKETING, SALES, BOTH = {Team.MARKETING}, {Team.SALES}, {Team.MARKETING, Team.SALES}
TOFU, MOFU, BOFU, CUSTOMER, OUT = Stage.TOFU, Stage.MOFU, Stage.BOFU, Stage.CUSTOMER, Stage.OUT


class HasStage(Protocol):
    stage: str


#: act -> stage -> the teams that may do it there. Management may do every act in the stages that are named.
ACTS: dict[str, dict[str, set[Team]]] = {
    "view": dict.fromkeys(Stage, BOTH),
    "comment": dict.fromkeys(Stage, BOTH),
    "edit": {TOFU: MARKETING, MOFU: BOTH, BOFU: SALES, CUSTOMER: BOTH, OUT: MARKETING},
    "log": {TOFU: MARKETING, MOFU: BOTH, BOFU: SALES, CUSTOMER: BOTH, OUT: MARKETING},
    "offer": {TOFU: MARKETING},
    "claim_early": {TOFU: SALES},
    "claim": {MOFU: SALES},
    "accept": {MOFU: SALES},
    "return": {MOFU: SALES},
    "reassign": {MOFU: SALES},
    "snooze": {MOFU: SALES},
    "wake": {MOFU: SALES},
    "top_up": {MOFU: MARKETING},
    "qualify": {MOFU: BOTH},
    "recycle": {MOFU: BOTH},
    "unreachable": {MOFU: SALES},
    "withdraw": {MOFU: MARKETING},
    "open_deal": {MOFU: SALES},
    "requalify": {BOFU: SALES},
    "advance": {BOFU: SALES},
    "win": {BOFU: SALES},
    "lose": {BOFU: SALES},
    "edit_deal": dict.fromkeys(Stage, SALES),
    "disqualify": {TOFU: MARKETING, MOFU: BOTH, BOFU: SALES, CUSTOMER: BOTH},
    "expand": {CUSTOMER: BOTH},
    "churn": {CUSTOMER: BOTH},
    "reopen": {OUT: MARKETING},
}

#: Fields that marketing keeps where sales owns the rest of the record.
KEPT_BY_MARKETING = frozenset({"source", "campaign", "persona"})

#: Acts that belong to no lead.
TEAM_ACTS: dict[str, set[Team]] = {
    "add": BOTH,
    "import": MARKETING,
    "submissions": MARKETING,
    "sources": MARKETING,
    "forms": MARKETING,
    "websites": MARKETING,
    "export": BOTH,
    "personas": BOTH,
    "agreement": BOTH,
    "points": MARKETING,
    "campaigns": MARKETING,
    "companies": BOTH,
    "task": BOTH,
    "thank": BOTH,
    "learning": set(),
    "settings": set(),
    "people": set(),
}

WHO = {
    frozenset(MARKETING): gettext_lazy("marketing"),
    frozenset(SALES): gettext_lazy("sales"),
    frozenset(BOTH): gettext_lazy("marketing and sales"),
    frozenset(): gettext_lazy("management"),
}


def allowed(actor: User, teams: set[Team]) -> bool:
    return actor.is_authenticated and actor.is_active and (actor.team in teams or actor.team == Team.MANAGEMENT)


def may(actor: User, act: str, lead: HasStage | None = None) -> bool:
    """Whether this person may do this act, to this lead as it stands, or at all when the act needs no lead."""
    if lead is None:
        return allowed(actor, TEAM_ACTS[act])
    return lead.stage in ACTS[act] and allowed(actor, ACTS[act][lead.stage])


def may_edit(actor: User, field: str, lead: HasStage) -> bool:
    """Field ownership follows the stage; in BOFU marketing keeps source, campaign and persona."""
    return allowed(actor, editors(field, lead))


def editors(field: str, lead: HasStage) -> set[Team]:
    """The teams that edit a field while the lead stands where it does."""
    return MARKETING if lead.stage == BOFU and field in KEPT_BY_MARKETING else ACTS["edit"][lead.stage]


def who_edits(field: str, lead: HasStage) -> str:
    """Who edits a field, for whoever may not."""
    return _in(lead.stage, editors(field, lead))


def whose(act: str, lead: HasStage) -> str:
    """Whose an act is while the lead stands here: 'In BOFU this is for sales.'"""
    return _in(lead.stage, ACTS[act][lead.stage])


def who_may(act: str, lead: HasStage | None = None) -> str:
    """The sentence a refused person reads."""
    if lead is None:
        return _("This is for %(who)s.") % {"who": WHO[frozenset(TEAM_ACTS[act])]}
    if lead.stage not in ACTS[act]:
        return _("This is not open while the lead is in %(stage)s. Nothing was changed.") % {
            "stage": Stage(lead.stage).label
        }
    return _("%(who)s Nothing was changed.") % {"who": whose(act, lead)}


def _in(stage: str, teams: set[Team]) -> str:
    return _("In %(stage)s this is for %(who)s.") % {"stage": Stage(stage).label, "who": WHO[frozenset(teams)]}


def who_may_edit(field: str, lead: HasStage) -> str:
    """The same for a field: in BOFU marketing keeps some that sales may not change."""
    return _("%(who)s Nothing was changed.") % {"who": who_edits(field, lead)}


def permit(actor: User, act: str, lead: HasStage | None = None) -> None:
    """Raise PermissionDenied, saying who may, unless `may()`."""
    if not may(actor, act, lead):
        raise PermissionDenied(who_may(act, lead))


def may_keep(actor: User, *keepers: int | None, managers: bool = True) -> bool:
    """Whether something belongs to this person, being one of its keepers by key; managers keep everything but words."""
    if not (actor.is_authenticated and actor.is_active):
        return False
    return actor.pk in keepers or (managers and actor.team == Team.MANAGEMENT)


def permit_keeper(actor: User, *keepers: int | None, managers: bool = True) -> None:
    """Raise PermissionDenied, saying who may, unless `may_keep()`."""
    if not may_keep(actor, *keepers, managers=managers):
        names = [str(one) for one in User.objects.filter(pk__in=[pk for pk in keepers if pk]).order_by("pk")]
        who = [*names, str(WHO[frozenset()])] if managers else names
        raise PermissionDenied(_("This is for %(who)s. Nothing was changed.") % {"who": _(" or ").join(who)})


def may_speak_for(actor: User, team: str) -> bool:
    """Whether this person may say how a team sees a lead."""
    return allowed(actor, {Team(team)})


def permit_to_speak_for(actor: User, team: str) -> None:
    if not may_speak_for(actor, team):
        raise PermissionDenied(_("This is for %(who)s. Nothing was changed.") % {"who": WHO[frozenset({Team(team)})]})
