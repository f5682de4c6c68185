"""The vocabulary every app above shares: the stages of the journey and the lanes that a board shows them in."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    TOFU = "tofu", _("TOFU")
    MOFU = "mofu", _("MOFU")
    BOFU = "bofu", _("BOFU")
    CUSTOMER = "customer", _("Customer")
    OUT = "out", _("OUT")


class Lane(models.TextChoices):
    """Where a hand-off stands inside the shared middle."""

    MQL = "mql", _("MQL offered")
    SAL = "sal", _("SAL accepted")
    SQL = "sql", _("SQL qualified")


class DealStep(models.TextChoices):
    DISCOVERY = "discovery", _("Discovery")
    PROPOSAL = "proposal", _("Proposal")
    NEGOTIATION = "negotiation", _("Negotiation")


class Channel(models.TextChoices):
    """Where a touch came from; the names follow the UTM conventions for `utm_medium`."""

    ORGANIC = "organic", _("Organic search")
    PAID = "paid", _("Paid search")
    SOCIAL = "social", _("Social")
    EMAIL = "email", _("E-mail")
    REFERRAL = "referral", _("Referral")
    DIRECT = "direct", _("Direct")
    DISPLAY = "display", _("Display")
    EVENT = "event", _("Event")
    PARTNER = "partner", _("Partner")
    OTHER = "other", _("Other")


class BuyingRole(models.TextChoices):
    DECIDER = "decider", _("Decides")
    CHAMPION = "champion", _("Champions us inside")
    INFLUENCER = "influencer", _("Influences")
    USER = "user", _("Uses it")
    GATEKEEPER = "gatekeeper", _("Guards the door")
    BUYER = "buyer", _("Signs and pays")
