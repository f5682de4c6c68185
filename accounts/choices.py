from django.db import models
from django.utils.translation import gettext_lazy as _


class Team(models.TextChoices):
    MARKETING = "marketing", _("Marketing")
    SALES = "sales", _("Sales")
    MANAGEMENT = "management", _("Management")
