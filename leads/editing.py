"""A person changes a lead's record; somebody else's change in between is shown, never overwritten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from leads import clock, identity, learning, pipeline, scoring, timeline
from leads.models import Company, Identity, Lead
from leads.rights import may_edit, who_may_edit
from personas.choices import Stage

#: What a person may change on a lead's record.
FIELDS = (
    "name", "email", "phone", "job_title", "country", "company", "source", "campaign", "persona", "value",
    "currency", "preferred_contact", "next_action", "next_action_at", "look_again_on", "marketer", "rep", "custom",
)  # fmt: skip
#: In the middle a lead's rep is who has its hand-off.
REP_BY_HANDOFF = gettext_lazy("The hand-off says whose it is: claim it, or return it to the right rep.")


@transaction.atomic
def edit(lead: Lead, *, actor: User, changes: dict[str, Any], version: int | None = None) -> Lead:
    """Change fields of a lead: rights by field, identities, timeline, score and readiness together.

    Raises PermissionDenied for a field this person may not edit, and ValidationError when the form is stale (the lead
    is no longer at `version`) or an e-mail names somebody else. `company` may be a name: it is found, or made.
    """
    if changes.get("email"):
        changes = {**changes, "email": _hold_email(changes["email"])}
    if isinstance(named := changes.get("company"), str):
        changes = {**changes, "company": company({"name": named.strip()}) if named.strip() else None}
    lead = Lead.objects.lock(lead)
    changes = {name: value for name, value in changes.items() if name in FIELDS and _differs(lead, name, value)}
    if version is not None and version != lead.version and changes:
        raise ValidationError(_stale(lead), code="stale")
    for name in changes:
        if not may_edit(actor, name, lead):
            raise PermissionDenied(who_may_edit(name, lead))
    if "rep" in changes and lead.stage == Stage.MOFU:
        raise ValidationError({"rep": REP_BY_HANDOFF})
    if not changes:
        return lead
    said = {name: [_plain(getattr(lead, name)), _plain(value)] for name, value in changes.items()}
    for name, value in changes.items():
        setattr(lead, name, value)
    _take_identities(lead, changes)
    if "persona" in changes:
        lead.persona_chosen = lead.persona is not None
    now = clock.now()
    lead.version, lead.edited_by, lead.edited_at = lead.version + 1, actor, now
    lead.save(update_fields=[*changes, "persona_chosen", "version", "edited_by", "edited_at"])
    timeline.record(lead, kind="lead:edit", actor=actor, data={"changes": said}, at=now)
    counted = scoring.rescore([lead.pk], at=now)
    pipeline.notice_readiness(counted.crossed, at=now)
    learning.answer(counted)
    lead.refresh_from_db()
    return lead


def company(said: dict[str, Any]) -> Company:
    """The company that these words name, joined by domain or name, or made; inside the transaction that edits."""
    profile = identity.Profile(company=said)
    identity.hold([profile])
    found = identity.companies([profile])[0]
    if found is None:
        raise ValidationError({"company": _("A company needs a name or a domain.")})
    return found


def _differs(lead: Lead, name: str, value: Any) -> bool:
    """Choosing the persona that the rules have found anyway is a change too: from then on it stays."""
    chosen = name == "persona" and (value is not None) != lead.persona_chosen
    return chosen or getattr(lead, name) != value


@transaction.atomic
def plan(lead: Lead, *, actor: User, next_action: str, next_action_at: datetime | None, was: str | None = None) -> Lead:
    """Write down what is next on a lead; without words, what was planned is done and nothing follows it.

    `was` is what its reader saw planned: when something else is by now, that is kept and ValidationError says so.
    """
    lead = Lead.objects.lock(lead)
    if was is not None and was != lead.next_action:
        raise ValidationError(
            _("By now this is planned: %(what)s. Nothing was changed.") % {"what": lead.next_action or _("nothing")}
        )
    return edit(lead, actor=actor, changes={"next_action": next_action, "next_action_at": next_action_at})


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | dict | None) else str(value)


def _stale(lead: Lead) -> str:
    if lead.edited_by and lead.edited_at and lead.edited_at >= lead.stage_since:
        at = timezone.localtime(lead.edited_at)
        when = date_format(at, "H:i" if at.date() == clock.today() else "j M H:i")
        return _(
            "%(who)s changed this lead at %(when)s. Your words are kept here; look at theirs, then save again."
        ) % {
            "who": lead.edited_by,
            "when": when,
        }
    return _("This lead has moved on since you opened it. Your words are kept here; look again, then save.")


def _take_identities(lead: Lead, changes: dict[str, Any]) -> None:
    signs: list[identity.Key] = []
    if changes.get("email"):
        key = (Identity.Kind.EMAIL.value, "", lead.email)
        other = identity.first_lead([key])
        if other and other.pk != lead.pk:
            raise ValidationError(
                {"email": _("%(lead)s already has this e-mail. Nothing was changed.") % {"lead": other}}
            )
        signs.append(key)
    if changes.get("phone"):
        try:
            lead.phone = identity.normalise_phone(lead.phone, lead.country)
        except ValidationError as error:
            raise ValidationError({"phone": error.messages}) from error
        signs.append((Identity.Kind.PHONE.value, "", lead.phone))
    identity.remember((lead.pk, key) for key in signs)


def _hold_email(raw: str) -> str:
    """The address as it names one person, held before the lead is locked: the order in which capture locks."""
    try:
        email = identity.normalise_email(raw)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from error
    identity.hold([identity.Profile(email=email)])
    return email
