from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from personas.choices import BuyingRole
from personas.fit import validate_rules


class PersonaQuerySet(models.QuerySet["Persona"]):
    def in_use(self) -> PersonaQuerySet:
        return self.filter(retired_at=None)


class Persona(models.Model):
    """A kind of buyer, written by both teams: what moves them, and how to recognise one."""

    name = models.CharField(_("name"), max_length=80)
    summary = models.CharField(_("in one sentence"), max_length=300, blank=True)
    hopes = models.TextField(_("hopes"), blank=True)
    fears = models.TextField(_("fears"), blank=True)
    dreams = models.TextField(_("dreams"), blank=True)
    dreads = models.TextField(_("dreads"), blank=True)
    buying_role = models.CharField(_("buying role"), max_length=12, choices=BuyingRole, blank=True)
    objections = models.TextField(_("objections"), blank=True)
    what_to_say = models.TextField(_("what to say"), blank=True)
    rules = models.JSONField(
        _("fit rules"),
        default=list,
        blank=True,
        validators=[validate_rules],
        help_text=_('A list of {"field", "op", "value", "points"}; the persona with the most points fits best.'),
    )
    changed_at = models.DateTimeField(auto_now=True, help_text=_("Leads that were matched earlier are matched anew."))
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    objects = PersonaQuerySet.as_manager()

    class Meta:
        verbose_name = _("persona")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="persona_name_unique")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("personas:detail", args=[self.pk])
