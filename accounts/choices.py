from django.db import models
from django.utils.translation import gettext_lazy as _

#: Monday is 0, as in `date.weekday`.
WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]


class Team(models.TextChoices):
    MARKETING = "marketing", _("Marketing")
    SALES = "sales", _("Sales")
    MANAGEMENT = "management", _("Management")


class Scope(models.TextChoices):
    """What a token may be used for, beside the rights of whoever made it."""

    READ = "read", _("Read")
    CAPTURE = "capture", _("Bring leads in")
    WRITE = "write", _("Change and act")
