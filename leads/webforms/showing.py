"""What a form is shown with: its page, its script for websites, its colours, and who may show it."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from leads.models import WebForm
from leads.webforms import fields, guard
from leads.webforms.entry import Entry


def page(form: WebForm, entry: Entry | None = None, *, embedded: bool = False, thanked: bool = False) -> str:
    """The form's own page, as HTML."""
    context = {"alone": True, "embedded": embedded, "thanked": thanked, "look": look(form)}
    return render_to_string("webform/page.html", context | drawing(form, entry or Entry(form)))


def look(form: WebForm) -> str:
    """The address of the form's colours; another edit is another address."""
    return f"{reverse('leads:look', args=[form.public_id])}?{form.version}"


def drawing(form: WebForm, entry: Entry, *, token: str | None = None, inert: bool = False) -> dict[str, Any]:
    """What the form's template needs; `inert` is a form that only shows how it will look."""
    return {
        "form": form,
        "entry": entry,
        "wording": form.consent,
        "action": "" if inert else reverse("leads:hosted", args=[form.public_id]),
        "token": guard.token(form) if token is None else token,
        "target": "_top" if form.redirect_to else "",
        "inert": inert,
        "on_accent": on(form.accent),
    }


def colours(form: WebForm, root: str = ".smk") -> str:
    """The form's colour and the one of words on it, as CSS."""
    return f"{root}{{--smk-accent:{form.accent};--smk-on-accent:{on(form.accent)}}}"


def on(accent: str) -> str:
    """Black or white, whichever is read better on a colour (`#rrggbb`): the larger contrast by WCAG 2."""
    channels = [int(accent[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else "#ffffff"


def script(form: WebForm) -> str:
    """What a website loads to show the form: our script, with the form in it."""
    address = settings.SITE_URL + reverse("leads:hosted", args=[form.public_id])
    data = {
        "address": address,
        "html": render_to_string("webform/_form.html", drawing(form, Entry(form), token="") | {"action": address}),
        "css": built("webform.css") + colours(form),
        "wrong": _("Not sent yet: please look at what is marked. Everything you wrote is still here."),
        "away": _("This could not be sent: no connection. Everything you wrote is still here; please try again."),
    }
    return f"(()=>{{const form={json.dumps(data)};{built('webform-embed.js')}}})();\n"


class Snippets(NamedTuple):
    """What somebody copies into a website's page: our script, or a form in plain HTML."""

    address: str
    script: str
    plain: str


def snippets(form: WebForm) -> Snippets:
    """What is copied into a website's page."""
    address = settings.SITE_URL + reverse("leads:hosted", args=[form.public_id])
    context = drawing(form, Entry(form), token="") | {"action": address, "height": height(form)}
    plain = render_to_string("webform/plain.html", context)
    return Snippets(
        address=address,
        script=render_to_string("webform/snippet.html", context).strip(),
        plain="\n".join(line for line in plain.splitlines() if line.strip()),
    )


def height(form: WebForm) -> int:
    """How high the form is at most in a frame 320 pixels wide, in pixels: without a script it cannot say so itself."""

    def lines(text: str) -> int:
        return -(-len(text) // 34)

    consent = form.consent.words if form.consent else ""
    rows = sum(lines(field.help) + len(field.choices) for field in fields.stored(form.fields))
    talk = 0 if form.hand_raise == WebForm.Raise.NEVER else 240
    return 300 + 104 * len(form.fields) + talk + 28 * (rows + lines(consent) + lines(form.title) + lines(form.intro))


def edition(form: WebForm) -> str:
    """Changes whenever the script does."""
    made = blake2b((built("webform.css") + built("webform-embed.js")).encode(), digest_size=6).hexdigest()
    return f'"{form.version}-{form.consent_id or 0}-{made}"'


def built(name: str) -> str:
    """A file of the front end, as it was built."""
    path = finders.find(f"dist/{name}")
    if not isinstance(path, str):
        raise FileNotFoundError(f"static/dist/{name} is not built: npm run build")
    return _read(path, Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _read(path: str, _written: int) -> str:
    return Path(path).read_text()


def policy(form: WebForm) -> dict[str, list[str]]:
    """Whom the page's content policy lets show it in a frame, and where its form may lead."""
    parts = urlsplit(form.redirect_to)
    beyond = [f"https://{parts.netloc}"] if form.redirect_to else []
    return {"frame-ancestors": ["'self'", *form.hosts], "form-action": ["'self'", *beyond]}
