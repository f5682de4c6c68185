"""Campaigns are added and changed; leads name them from then on."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from leads.models import Campaign


def add(**said: Any) -> Campaign:
    """A new campaign; raise ValidationError, by field, where its name is taken or its days are crossed."""
    return _keep(Campaign(**said))


@transaction.atomic
def edit(campaign: Campaign, *, changes: dict[str, Any]) -> Campaign:
    """Change fields of a locked campaign."""
    for name, value in changes.items():
        setattr(campaign, name, value)
    return _keep(campaign)


def _keep(campaign: Campaign) -> Campaign:
    if campaign.starts_on and campaign.ends_on and campaign.ends_on < campaign.starts_on:
        raise ValidationError({"ends_on": _("It ends before it begins. Nothing was changed.")})
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError as error:
        raise ValidationError({"name": _("Another campaign has this name. Nothing was changed.")}) from error
    return campaign
