"""A visitor's answers to a form: read, refused by field in words for a visitor, or made a submission's payload."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads import clock, identity
from leads.identity import origin
from leads.models import ConsentWording, Submission, WebForm
from leads.webforms import guard
from leads.webforms.fields import CUSTOM, Field, stored

#: How somebody who asks for a talk wants to be reached.
CHANNELS: dict[str, Any] = {
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("E-mail"),
    "video": gettext_lazy("Video call"),
    "message": gettext_lazy("Text message"),
}
WHEN_LENGTH = 60
#: Numbers have fewer digits than this before the point, and count as none where they begin later behind it.
LARGEST, SMALLEST = 12, -20
#: So many answers of one are radio buttons; more are a list to open.
SEEN_AT_ONCE = 5
#: Fields of a company among the fields of a form.
OF_COMPANY = {"company": "name", "industry": "industry", "size": "size"}
#: What a drawn form carries of where the visitor is and came from.
CARRIED = {"origin_url": 2_000, "origin_referrer": 2_000, "visitor": 36}
VISITOR = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Asked:
    """One field as it is drawn: its question, what was answered, and what is wrong with that."""

    field: Field
    id: str
    value: Any
    errors: list[str]

    @property
    def is_open(self) -> bool:
        """Whether all that may be chosen is seen at once: few answers are."""
        return self.field.type == "picks" or (self.field.type == "choice" and len(self.field.choices) <= SEEN_AT_ONCE)

    @property
    def input(self) -> str:
        """The type of its input, as HTML knows it."""
        return self.field.type if self.field.type in ("email", "tel", "number", "date") else "text"

    @property
    def about(self) -> str:
        """The ids of what describes it: its help, and what is wrong."""
        said = [f"{self.id}-help"] if self.field.help else []
        return " ".join([*said, f"{self.id}-err"] if self.errors else said)

    @property
    def options(self) -> list[tuple[str, str]]:
        """What may be chosen: values and words."""
        if self.field.type == "country":
            return list(identity.countries())
        return [(choice, choice) for choice in self.field.choices]


class Entry:
    """What a visitor sent by a form, or nothing yet."""

    def __init__(
        self, form: WebForm, said: QueryDict | None = None, *, came_from: str = "", referrer: str = ""
    ) -> None:
        self.form, self.said = form, said if said is not None else QueryDict()
        self.came_from, self.referrer = came_from, referrer
        self.is_sent = said is not None
        self.fields = stored(form.fields)
        self.errors: dict[str, list[str]] = {}
        self.answers: dict[str, Any] = {}
        self.consented: ConsentWording | None = None
        self.notice = ""  # a sentence about what was sent as a whole
        self.submission: Submission | None = None
        if self.is_sent:
            self._read()

    def _read(self) -> None:
        for one in self.fields:
            try:
                answer = self._answer(one)
                if one.required and answer in ("", [], None):
                    raise ValidationError(MISSING.get(one.type, MISSING["text"]))
                self.answers[one.name] = answer
            except ValidationError as error:
                self.errors[one.name] = error.messages
        names = {one.name for one in self.fields}
        signs = [name for name in ("email", "phone") if name in names]
        if not any(self.answers.get(name) or name in self.errors for name in signs):
            self.errors.setdefault(signs[0], [_("Give an e-mail or a phone number, so that we can reach you.")])
        self._read_consent()
        if self.talks and len(self.when) > WHEN_LENGTH:
            self.errors["talk_when"] = [_("Say it in up to %(n)d characters.") % {"n": WHEN_LENGTH}]
        if self.talks and self.channel == "phone" and "phone" in names and not self.answers.get("phone"):
            self.errors.setdefault("phone", [_("Give the number at which we reach you.")])

    def refuse(self, error: ValidationError) -> None:
        """Say what no lead can be made of: beside its field where it has one here, else as a notice."""
        names = {one.name for one in self.fields}
        for name, sentences in error.message_dict.items() if hasattr(error, "error_dict") else [("", error.messages)]:
            if name in names:
                self.errors.setdefault(name, sentences)
            else:
                self.notice = " ".join(sentences)

    def _answer(self, one: Field) -> Any:
        if one.type == "picks":
            return [choice for choice in one.choices if choice in self.said.getlist(one.name)]
        text = self.said.get(one.name, "").replace("\x00", "").strip()
        if len(text) > one.limit:
            raise ValidationError(
                _("Up to %(n)d characters, please; these are %(found)d.") % {"n": one.limit, "found": len(text)}
            )
        reader = READERS.get(one.type)
        return reader(text, one, self.said) if reader and text else text

    def _read_consent(self) -> None:
        """Which words were agreed to: those that stood in the form when it was drawn, as it names them."""
        if self.form.consent is None:
            return
        version = self.said.get("consent", "")
        if version == str(self.form.consent.version):
            self.consented = self.form.consent
        elif version.isdecimal() and len(version) < 10:
            self.consented = ConsentWording.objects.filter(form=self.form, version=int(version)).first()
        if self.consented is None and self.form.consent_required:
            self.errors["consent"] = [_("Please tick this box: without it we may not keep what you send.")]

    @property
    def talks(self) -> bool:
        """Whether the visitor asks for a talk."""
        raised = self.form.hand_raise
        return raised == WebForm.Raise.ALWAYS or (raised == WebForm.Raise.OFFERED and bool(self.said.get("talk")))

    @property
    def channels(self) -> list[tuple[str, Any]]:
        return list(CHANNELS.items())

    @property
    def channel(self) -> str:
        """By which channel they want to be reached, as it was sent."""
        return self.said.get("talk_channel", "")

    @property
    def when(self) -> str:
        """When they want to be reached, as it was sent."""
        return self.said.get("talk_when", "")

    @property
    def is_trapped(self) -> bool:
        """Whether the field that nobody sees was filled in."""
        return bool(self.said.get(guard.TRAP, "").strip())

    @property
    def asked(self) -> Iterator[Asked]:
        """The fields as they are drawn."""
        for number, one in enumerate(self.fields):
            value = self.said.getlist(one.name) if one.type == "picks" else self.said.get(one.name, "")
            yield Asked(one, f"smk-{number}", value, self.errors.get(one.name, []))

    @property
    def carried(self) -> dict[str, str]:
        """What the form carries along: as it was sent, or as it is known when it is drawn first."""
        known = {"origin_url": self.came_from, "origin_referrer": self.referrer}
        return {name: (self.said.get(name) or known.get(name, ""))[:limit] for name, limit in CARRIED.items()}

    @property
    def payload(self) -> dict[str, Any]:
        """The answers as every door of capture takes them."""
        said: dict[str, Any] = {"form": {"id": self.form.public_id, "name": self.form.name}}
        company, custom = {}, {}
        for name, answer in self.answers.items():
            if answer in ("", [], None):
                continue
            if name in OF_COMPANY:
                company[OF_COMPANY[name]] = answer
            elif name.startswith(CUSTOM):
                custom[name.removeprefix(CUSTOM)] = answer
            elif name != "message":
                said[name] = answer
        message = self.answers.get("message", "")
        parts = {"company": company, "custom": custom, "activity": {"text": message} if message else None}
        said |= {name: part for name, part in parts.items() if part}
        if self.consented:
            said["consent"] = agreed(self.consented)
        return said | self._talk(message) | self._origin()

    def _talk(self, message: str) -> dict[str, Any]:
        if not self.talks:
            return {}
        channel = str(CHANNELS.get(self.channel, ""))
        wish = ", ".join(part for part in (channel, self.when.strip()) if part)
        note = "\n".join(part for part in (message, wish) if part)
        raised = {"note": note} if note else {}
        return {"hand_raise": raised or True, **({"preferred_contact": wish} if wish else {})}

    def _origin(self) -> dict[str, Any]:
        """Where the visitor came from; where that names no source, the form's own counts."""
        carried = self.carried
        known = origin.of_url(carried["origin_url"], carried["origin_referrer"])
        if VISITOR.fullmatch(carried["visitor"]):
            known["visitor"] = carried["visitor"]
        told = origin.read(known)
        said: dict[str, Any] = {"origin": known} if known else {}
        if self.form.source and not told.source:
            said["source"] = self.form.source.slug
        if self.form.campaign and not told.campaign:
            said["campaign"] = self.form.campaign.name
        return said

    def key(self, word: str) -> str:
        """The same form with the same answers is one submission, however often it is sent."""
        said = {name: self.said.getlist(name) for name in self.said if name not in ("token", *CARRIED)}
        words = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
        return f"form:{self.form.pk}:{word}:{words}"


def agreed(wording: ConsentWording) -> dict[str, Any]:
    """A consent as a submission keeps it: which words, their digest, and when."""
    return {"version": wording.version, "hash": wording.digest, "at": clock.now().isoformat()}


MISSING: dict[str, Any] = {
    "text": gettext_lazy("Please fill this in."),
    "choice": gettext_lazy("Please choose one."),
    "country": gettext_lazy("Please choose one."),
    "picks": gettext_lazy("Please choose at least one."),
    "yes": gettext_lazy("Please tick this box."),
}


def _email(text: str, _field: Field, _said: QueryDict) -> str:
    identity.normalise_email(text)
    return text


def _phone(text: str, _field: Field, said: QueryDict) -> str:
    identity.normalise_phone(text, said.get("country", "")[:2])
    return text


def _number(text: str, _field: Field, _said: QueryDict) -> Any:
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation as error:
        raise ValidationError(_("Please give a number.")) from error
    if not number.is_finite() or (number and number.adjusted() >= LARGEST):
        raise ValidationError(_("Please give a smaller number."))
    if not number or number.adjusted() < SMALLEST:
        return 0
    return int(number) if number == number.to_integral_value() else float(number)


def _date(text: str, _field: Field, _said: QueryDict) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValidationError(_("Please give a date such as 2026-11-23.")) from error


def _choice(text: str, one: Field, _said: QueryDict) -> str:
    known = dict(identity.countries()) if one.type == "country" else one.choices
    if text not in known:
        raise ValidationError(_("Please choose one of those offered."))
    return text


READERS: dict[str, Any] = {
    "email": _email,
    "tel": _phone,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "country": _choice,
    "yes": lambda text, _field, _said: "yes",
}
