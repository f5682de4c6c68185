"""Countries by name, for lists in forms: the codes are ISO 3166-1."""

from __future__ import annotations

import re
from functools import lru_cache

from holidays.registry import COUNTRIES

#: Where the name in the register is not what people say.
NAMES = {
    "AX": "Åland Islands", "BL": "Saint Barthélemy", "CD": "DR Congo", "CI": "Côte d'Ivoire", "CW": "Curaçao",
    "GW": "Guinea-Bissau", "HM": "Heard Island and McDonald Islands", "RE": "Réunion", "ST": "São Tomé and Príncipe",
    "TL": "Timor-Leste", "TR": "Türkiye",
}  # fmt: skip


@lru_cache(maxsize=1)
def countries() -> list[tuple[str, str]]:
    """Each code with the name that people look for in a list, in the order of the names."""
    known = {codes[1]: _spaced(codes[0]) for codes in COUNTRIES.values()} | NAMES
    return sorted(known.items(), key=lambda country: country[1].replace("Å", "A"))


def _spaced(name: str) -> str:
    """'IsleOfMan' as 'Isle of Man'."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.sub(r" (And|Of|The|Da)\b", lambda word: word[0].lower(), words)


def country(code: str) -> str:
    """The name of a country, or the code where nobody knows it."""
    return dict(countries()).get(code, code)
