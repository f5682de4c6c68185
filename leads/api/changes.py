"""What machines may change, field by field: each is checked as it is where leads come in."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.choices import Team
from accounts.models import User
from leads import identity
from leads.models import Campaign, Company, Lead, Source
from leads.payload import plain
from personas.models import Persona


class CompanySaid(serializers.Field[Any, Any, Any, Any]):
    """A company by its name, or by what is known of it."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        try:
            company = identity.read_company(data)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        if not company.get("name") and not company.get("domain"):
            raise serializers.ValidationError(_("A company needs a name or a domain."))
        return company

    def to_representation(self, value: Any) -> Any:
        return value


def named(model: type[Model], field: str, *, required: bool = True, **among: Any) -> Any:
    """A field that names one row by what people call it."""
    rows = model._default_manager.filter(**among)
    return serializers.SlugRelatedField(slug_field=field, queryset=rows, allow_null=True, required=required)


class Custom(serializers.DictField):
    """Custom fields by name, as they come in with a lead."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return plain(identity.read_custom(data))
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error


class LeadChanges(serializers.Serializer[Lead]):
    """What PATCH may change of a lead."""

    name = serializers.CharField(max_length=200, allow_blank=True)
    email = serializers.CharField(max_length=254, allow_blank=True)
    phone = serializers.CharField(max_length=60, allow_blank=True)
    job_title = serializers.CharField(max_length=120, allow_blank=True)
    country = serializers.RegexField("^[A-Z]{2}$", allow_blank=True)
    company = CompanySaid(allow_null=True)
    source = named(Source, "slug")
    campaign = named(Campaign, "name")
    persona = named(Persona, "name", retired_at=None)
    value = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=0, allow_null=True)
    currency = serializers.RegexField("^[A-Z]{3}$")
    preferred_contact = serializers.CharField(max_length=80, allow_blank=True)
    next_action = serializers.CharField(max_length=120, allow_blank=True)
    next_action_at = serializers.DateTimeField(allow_null=True)
    look_again_on = serializers.DateField(allow_null=True)
    marketer = named(User, "username", is_active=True, team__in=[Team.MARKETING, Team.MANAGEMENT])
    rep = named(User, "username", is_active=True, team__in=[Team.SALES, Team.MANAGEMENT])
    custom = Custom()


class CompanyChanges(serializers.Serializer[Company]):
    """What PATCH may change of a company."""

    name = serializers.CharField(max_length=200)
    domain = serializers.RegexField(r"^([a-z0-9-]+\.)+[a-z0-9-]{2,}$", max_length=253, allow_blank=True)
    industry = serializers.CharField(max_length=80, allow_blank=True)
    size = serializers.IntegerField(min_value=0, max_value=2_000_000_000, allow_null=True)
    country = serializers.RegexField("^[A-Z]{2}$", allow_blank=True)
    city = serializers.CharField(max_length=80, allow_blank=True)
    custom = Custom()


class CampaignSaid(serializers.Serializer[Campaign]):
    """What is said of a campaign: all of it when one is added, what changes when one is changed."""

    name = serializers.CharField(max_length=120)
    source = named(Source, "slug", required=False)
    starts_on = serializers.DateField(allow_null=True, required=False)
    ends_on = serializers.DateField(allow_null=True, required=False)
    cost = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=0, allow_null=True, required=False)
    currency = serializers.RegexField("^[A-Z]{3}$", required=False)
