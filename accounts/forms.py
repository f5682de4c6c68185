"""What a person says of their own account."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import people, presence, tokens
from accounts.choices import WEEKDAYS, Scope, Team
from accounts.models import ApiToken, User

DAYS = [(30, gettext_lazy("30 days")), (90, gettext_lazy("90 days")), (365, gettext_lazy("A year"))]

ENDS = {"opens": gettext_lazy("%(day)s from"), "closes": gettext_lazy("%(day)s until")}


class NewToken(forms.Form):
    """A token that is still to be made, and once it is, its text."""

    name = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=60,
        help_text=gettext_lazy("Such as: web form, data warehouse."),
    )
    days = forms.TypedChoiceField(label=gettext_lazy("Good for"), choices=DAYS, coerce=int, initial=90)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=Scope.choices,
        initial=[Scope.READ, Scope.CAPTURE],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Never more than you may yourself. A web form only brings leads in."),
        error_messages={"required": gettext_lazy("Choose what the program may do.")},
    )

    def __init__(self, data: Any = None, *, person: User) -> None:
        self.person = person
        self.made: tuple[ApiToken, str] | None = None
        super().__init__(data)

    def attempt(self) -> bool:
        """Make it if the words are right."""
        if not self.is_valid():
            return False
        try:
            self.made = tokens.make(self.person, **self.cleaned_data)
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True


#: Areas that are not named by a place, or doubles of those that are.
ABBREVIATED = ("Etc/", "SystemV/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/")
#: Names that tzdata keeps for old settings only: each is a double of another.
OLD_NAMES = """
    Africa/Asmera Africa/Timbuktu America/Argentina/ComodRivadavia America/Atka America/Buenos_Aires America/Catamarca
    America/Coral_Harbour America/Cordoba America/Ensenada America/Fort_Wayne America/Godthab America/Indianapolis
    America/Jujuy America/Knox_IN America/Louisville America/Mendoza America/Montreal America/Nipigon
    America/Pangnirtung America/Porto_Acre America/Rainy_River America/Rosario America/Santa_Isabel America/Shiprock
    America/Thunder_Bay America/Virgin America/Yellowknife Antarctica/South_Pole Asia/Ashkhabad Asia/Calcutta
    Asia/Choibalsan Asia/Chongqing Asia/Chungking Asia/Dacca Asia/Harbin Asia/Istanbul Asia/Kashgar Asia/Katmandu
    Asia/Macao Asia/Rangoon Asia/Saigon Asia/Tel_Aviv Asia/Thimbu Asia/Ujung_Pandang Asia/Ulan_Bator Atlantic/Faeroe
    Atlantic/Jan_Mayen Australia/ACT Australia/Canberra Australia/Currie Australia/LHI Australia/NSW Australia/North
    Australia/Queensland Australia/South Australia/Tasmania Australia/Victoria Australia/West Australia/Yancowinna
    Europe/Belfast Europe/Kiev Europe/Nicosia Europe/Tiraspol Europe/Uzhgorod Europe/Zaporozhye Pacific/Enderbury
    Pacific/Johnston Pacific/Ponape Pacific/Samoa Pacific/Truk Pacific/Yap
"""
RENAMED = frozenset(OLD_NAMES.split())


@lru_cache(maxsize=1)
def time_zones() -> list[tuple[str, str]]:
    """Every zone that names a place by its name of today, and UTC."""
    known = available_timezones() - RENAMED
    places = (zone for zone in known if "/" in zone and not zone.startswith(ABBREVIATED))
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in sorted(places))]


class About(forms.Form):
    """What is said of a person: the part that they may change themselves."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=150)
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=time_zones, help_text=gettext_lazy("Times are shown and read in it.")
    )

    def __init__(self, data: Any = None, *, person: User | None = None) -> None:
        self.person = person
        names = [name for name in self.base_fields if person is not None and hasattr(person, name)]
        super().__init__(data, initial={name: getattr(person, name) for name in names})
        zones = self.fields["time_zone"]
        assert isinstance(zones, forms.ChoiceField)
        if person and person.time_zone not in dict(time_zones()):
            zones.choices = [(person.time_zone, person.time_zone), *time_zones()]

    def attempt(self) -> bool:
        return self._try(lambda: people.edit(self._known(), **self.cleaned_data))

    def _known(self) -> User:
        assert self.person is not None
        return self.person

    def _try(self, act: Callable[[], Any]) -> bool:
        """Do it if the words are right; what refuses it becomes an error of the form."""
        return said(self, act)


class Colleague(About):
    """What a manager says of somebody: their team, too."""

    team = forms.ChoiceField(
        label=gettext_lazy("Team"),
        choices=Team.choices,
        help_text=gettext_lazy("Decides what each stage lets them do. Management may do everything."),
    )
    field_order = ["name", "email", "team", "time_zone"]


class NewColleague(Colleague):
    """Somebody who is still to be added, and once they are, their first password."""

    username = forms.CharField(
        label=gettext_lazy("Username"),
        max_length=150,
        help_text=gettext_lazy("Short: it signs in, and @mentions use it."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ["name", "username", "email", "team", "time_zone"]

    def __init__(self, data: Any = None, *, time_zone: str = "UTC") -> None:
        self.made: tuple[User, str] | None = None
        super().__init__(data)
        self.initial["time_zone"] = time_zone

    def attempt(self) -> bool:
        def add() -> None:
            self.made = people.add(**self.cleaned_data)

        return self._try(add)


class Away(forms.Form):
    """Days on which somebody is away."""

    begins_on = forms.DateField(label=gettext_lazy("First day away"), widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(
        label=gettext_lazy("Last day away"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: until further notice."),
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=120, required=False)

    def __init__(self, data: Any = None, *, person: User) -> None:
        self.person = person
        super().__init__(data)

    def attempt(self, *, actor: User) -> bool:
        return said(self, lambda: presence.be_away(self.person, actor=actor, **self.cleaned_data))


class Share(forms.Form):
    """How much somebody gets of what goes round."""

    capacity = forms.IntegerField(
        label=gettext_lazy("Open hand-offs at once"),
        min_value=1,
        max_value=10_000,
        required=False,
        help_text=gettext_lazy("Empty: no limit. Leads that they know already come to them all the same."),
    )
    weight = forms.IntegerField(
        label=gettext_lazy("Weight"),
        min_value=1,
        max_value=10,
        help_text=gettext_lazy("Who has 2 gets twice as many in turn as who has 1."),
    )

    def __init__(self, data: Any = None, *, person: User) -> None:
        self.person = person
        super().__init__(data, initial={"capacity": person.capacity, "weight": person.weight})

    def attempt(self, *, actor: User) -> bool:
        return said(self, lambda: presence.take(self.person, actor=actor, **self.cleaned_data))


class Hours(forms.Form):
    """The hours of each weekday; a day without any is a day off, a week without any is the agreement's."""

    def __init__(self, data: Any = None, *, person: User) -> None:
        self.person = person
        kept = {one.weekday: (one.opens, one.closes) for one in person.hours.all()}
        initial = {f"{name}_{day}": hour for day, hours in kept.items() for name, hour in zip(ENDS, hours, strict=True)}
        super().__init__(data, initial=initial)
        for day, label in WEEKDAYS:
            for name, words in ENDS.items():
                self.fields[f"{name}_{day}"] = forms.TimeField(
                    label=words % {"day": label},
                    required=False,
                    widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
                )

    @property
    def days(self) -> list[tuple[Any, forms.BoundField, forms.BoundField]]:
        return [(label, self[f"opens_{day}"], self[f"closes_{day}"]) for day, label in WEEKDAYS]

    def clean(self) -> dict[str, Any]:
        for day, label in WEEKDAYS:
            opens, closes = (self.cleaned_data.get(f"{name}_{day}") for name in ENDS)
            if bool(opens) != bool(closes):
                self.add_error(f"{'closes' if opens else 'opens'}_{day}", _("Say from when until when."))
            elif opens and closes and opens >= closes:
                self.add_error(f"closes_{day}", _("%(day)s ends before it begins.") % {"day": label})
        return self.cleaned_data

    def attempt(self, *, actor: User) -> bool:
        def work() -> None:
            asked = ((day, tuple(self.cleaned_data[f"{name}_{day}"] for name in ENDS)) for day, _label in WEEKDAYS)
            presence.work(self.person, actor=actor, hours={day: hours for day, hours in asked if all(hours)})

        return said(self, work)


def said(form: forms.Form, act: Callable[[], Any]) -> bool:
    """Do it if the words are right; what refuses it becomes an error of the form."""
    if not form.is_valid():
        return False
    try:
        act()
    except ValidationError as error:
        known = hasattr(error, "error_dict") and set(error.error_dict) <= set(form.fields)
        form.add_error(None, error if known else ValidationError(error.messages))
        return False
    return True
