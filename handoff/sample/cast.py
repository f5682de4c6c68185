"""Who the sample company's leads are: invented people in invented companies, the same for the same seed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from accounts.models import User
from handoff.sample import words

COMPANIES, LEADS = 190, 424
LATELY = 12  # one in so many comes in the last week, so that there is something to do
MONTHS = 9
DAYS = 30 * MONTHS
#: How often who comes along: one who decides in a real company, one who does not, one who will never buy.
QUALITY = {"good": 46, "some": 40, "poor": 14}
FOLD = str.maketrans({"ß": "ss", "ł": "l", "Ł": "l", "ı": "i", "ø": "o", "đ": "d"})


@dataclass
class Person:
    """One lead of the sample: what is said of them, and what is known of them as the story goes on."""

    profile: dict[str, Any]
    quality: str
    way: str
    arrives: datetime
    marketer: User | None = None
    rep: User | None = None
    lead: int = 0
    fit: int = 0
    interest: int = 0
    crossed: bool = False
    hot: bool = False
    taken: bool = False


#: Campaigns: name, source, first and last moment.
Running = list[tuple[str, str, datetime, datetime]]


def people(rng: Random, *, begin: datetime, end: datetime, campaigns: Running, leads: int) -> list[Person]:
    """Everybody who will come along between two moments, in the order in which they come."""
    companies = [_company(rng, number) for number in range(COMPANIES)]
    taken: set[str] = set()
    weights = [rng.paretovariate(2.2) for _company in companies]  # a few companies send many
    found = []
    for number in range(leads):
        lately = number >= leads - leads // LATELY
        quality = rng.choices(list(QUALITY), weights=list(QUALITY.values()))[0]
        if lately and quality == "poor":
            quality = "some"
        place, company = rng.choices(companies, weights=weights)[0]
        share = 1 - rng.random() ** 2 * 5 / DAYS if lately else rng.betavariate(1.25, 0.95)  # more as the months go on
        arrives = begin + (end - begin) * share
        source = rng.choices(words.SOURCES, weights=[source[3] for source in words.SOURCES])[0][0]
        way = "hand" if source in ("trade_fair", "partner", "referral") or rng.random() < 0.12 else "form"
        profile = _profile(rng, place, company, quality, taken)
        running = [name for name, slug, first, last in campaigns if slug == source and first <= arrives <= last]
        profile |= {"source": source, **({"campaign": rng.choice(running)} if running else {})}
        arrives = by_day(rng, arrives, way)
        if lately and arrives > end - timedelta(hours=2):
            arrives -= timedelta(days=1)
        found.append(Person(profile, quality, way, arrives, hot=lately))
    return sorted((p for p in found if p.arrives < end - timedelta(minutes=20)), key=lambda p: p.arrives)


def by_day(rng: Random, moment: datetime, way: str) -> datetime:
    """The same day at an hour at which people read, or at which colleagues work."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if way == "hand":
        day -= timedelta(days=max(0, day.weekday() - 4))
        hour = rng.uniform(8, 16)
    else:
        hour = rng.triangular(5.5, 22, 10)
    return day + timedelta(hours=hour)


def _company(rng: Random, number: int) -> tuple[Any, dict[str, Any]]:
    place = (
        words.PLACES[number % len(words.PLACES)] if number < 2 * len(words.PLACES) else rng.choice(words.PLACES[:11])
    )
    country, _prefix, cities, forms, stems, _first, _last = place
    combined = [(form, stem) for form in forms for stem in stems]
    form, stem = combined[(number * 7) % len(combined)]
    name = form.format(stem)
    size = int(min(2_400, max(4, rng.lognormvariate(4.4, 1.1))))
    return place, {
        "name": name,
        "domain": f"{slug(name)}.example",
        "industry": forms[form],
        "size": size,
        "country": country,
        "city": rng.choice(cities),
    }


def _profile(rng: Random, place: Any, company: dict[str, Any], quality: str, taken: set[str]) -> dict[str, Any]:
    country, prefix, _cities, _forms, _stems, first, last = place
    name = f"{rng.choice(first)} {rng.choice(last)}"
    private = quality == "poor" and rng.random() < 0.6  # known by a phone alone
    profile: dict[str, Any] = {"name": name, "country": country}
    if not private:
        local, domain = slug(name).replace("-", "."), company["domain"]
        profile["email"] = _new(taken, (f"{local}{n if n > 1 else ''}@{domain}" for n in count(1)))
    if title := rng.choice(words.TITLES[quality]):
        profile["job_title"] = title
    if not private:
        profile["company"] = {**company} if rng.random() < 0.85 else {k: company[k] for k in ("name", "domain")}
    if private or rng.random() < (0.85 if quality == "good" else 0.4):
        profile["phone"] = _new(taken, (f"{prefix}{rng.randrange(100, 1000)}" for _n in count()))
    if preferred := rng.choice(words.PREFERRED):
        profile["preferred_contact"] = preferred
    if quality == "good" and rng.random() < 0.5:
        profile["value"] = str(worth(rng, company["size"]))
    return profile


def _new(taken: set[str], candidates: Iterator[str]) -> str:
    found = next(one for one in candidates if one not in taken)
    taken.add(found)
    return found


def worth(rng: Random, size: int) -> int:
    """What a deal with a company of so many people may bring, in euro."""
    return int(round((4_000 + 55 * min(size, 1_400) * rng.uniform(0.6, 1.5)) / 500) * 500)


def slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.translate(FOLD)).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", plain.lower()).strip("-")
