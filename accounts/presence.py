"""When somebody is here: days away, working hours, and how much they take at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import people
from accounts.models import Absence, User, WorkingHours


def permit(actor: User, person: User) -> None:
    """Raise PermissionDenied unless it is one's own presence, or a manager enters it."""
    if not actor.is_active or (actor.pk != person.pk and not actor.is_manager):
        raise PermissionDenied(_("Hours and absences are entered by the person or by management. Nothing was changed."))


@transaction.atomic
def be_away(person: User, *, actor: User, begins_on: date, ends_on: date | None = None, note: str = "") -> Absence:
    """Enter days away, the first and the last included; until further notice where no last day is named."""
    permit(actor, person)
    if ends_on and ends_on < begins_on:
        raise ValidationError({"ends_on": _("The last day lies before the first. Everything else was kept.")})
    if ends_on and ends_on < timezone.localdate(timezone=person.zone):
        raise ValidationError({"ends_on": _("These days are past. Everything else was kept; choose later ones.")})
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    others = person.absences.filter(Q(ends_on=None) | Q(ends_on__gte=begins_on))
    other = (others.filter(begins_on__lte=ends_on) if ends_on else others).first()
    if other:
        day = date_format(other.begins_on, "j M Y")
        raise ValidationError({"begins_on": _("Away from %(day)s is entered already: remove it first.") % {"day": day}})
    return person.absences.create(begins_on=begins_on, ends_on=ends_on, note=note, entered_by=actor)


def be_back(absence: Absence, *, actor: User) -> None:
    """Take days away back."""
    permit(actor, absence.person)
    absence.delete()


@transaction.atomic
def work(person: User, *, actor: User, hours: Mapping[int, tuple[time, time]]) -> None:
    """Set the hours of each weekday (0 is Monday), in the person's time zone; none at all: the agreement's count."""
    permit(actor, person)
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    person.hours.all().delete()
    WorkingHours.objects.bulk_create(
        WorkingHours(person=person, weekday=day, opens=opens, closes=closes) for day, (opens, closes) in hours.items()
    )


def take(person: User, *, actor: User, **share: Any) -> User:
    """How many open hand-offs somebody takes at once (`capacity`), and their share of what goes round (`weight`)."""
    if not actor.is_manager:
        raise PermissionDenied(_("This is for management. Nothing was changed."))
    return people.edit(person, **share)
