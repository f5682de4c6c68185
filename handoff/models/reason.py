from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ReasonQuerySet(models.QuerySet["Reason"]):
    def offered_for(self, act: str) -> ReasonQuerySet:
        return self.filter(act=act, retired=False)


class Reason(models.Model):
    """Why a hand-off, a deal or a customer ended: data, so that the teams word it themselves."""

    class Act(models.TextChoices):
        RETURN = "return", _("Return before contact")
        RECYCLE = "recycle", _("Recycle to nurture")
        DISQUALIFY = "disqualify", _("Disqualify after contact")
        LOSE = "lose", _("Deal lost")
        CHURN = "churn", _("Customer left")
        WITHDRAW = "withdraw", _("Offer withdrawn by marketing")

    class ReturnClass(models.TextChoices):
        PROCEDURAL = "procedural", _("Procedural")
        CLERICAL = "clerical", _("Clerical")
        DEFINITIONAL = "definitional", _("Definitional")

    act = models.CharField(_("for"), max_length=12, choices=Act)
    code = models.SlugField(_("code"), max_length=40)
    label = models.CharField(_("label"), max_length=80)
    return_class = models.CharField(_("class of return"), max_length=12, choices=ReturnClass, blank=True)
    final = models.BooleanField(
        _("final"), default=False, help_text=_("Cannot change with time: the lead goes to OUT, not back to nurture.")
    )
    do_not_contact = models.BooleanField(_("do not contact"), default=False)
    look_again_days = models.PositiveSmallIntegerField(_("look again after days"), default=90)
    position = models.PositiveSmallIntegerField(default=0)
    retired = models.BooleanField(_("no longer offered"), default=False)

    objects = ReasonQuerySet.as_manager()

    class Meta:
        verbose_name = _("reason")
        ordering = ["act", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["act", "code"], name="reason_code_once_an_act"),
            models.CheckConstraint(
                condition=Q(act="return", return_class__in=["procedural", "clerical", "definitional"])
                | (~Q(act="return") & Q(return_class="")),
                name="reason_class_is_of_returns",
            ),
        ]

    def __str__(self) -> str:
        return self.label
