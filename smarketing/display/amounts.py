"""Amounts of money, counts and shares as people read them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import get_language

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "ILS": "₪", "KRW": "₩"}
MINUS, NO_BREAK = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
UNITS = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def grouped(number: Decimal | int, decimals: int = 0) -> str:
    return number_format(number, decimal_pos=decimals, use_l10n=True, force_grouping=True)


def priced(amount: Decimal, text: str, currency: str) -> str:
    code = str(currency or "EUR").upper()
    return f"{MINUS if amount < 0 else ''}{SYMBOLS.get(code, code + NO_BREAK)}{text}"


def compact(size: Decimal) -> str:
    for index, (unit, letter) in enumerate(UNITS):
        if size < unit:
            continue
        places = Decimal("0.1") if letter != "k" or size < 10 * unit else Decimal(1)
        part = (size / unit).quantize(places, ROUND_HALF_UP)
        if part >= 1000 and index:
            return f"1{UNITS[index - 1][1]}"
        return f"{grouped(part, 0 if part == part.to_integral_value() else 1)}{letter}"
    return grouped(size.quantize(Decimal(1), ROUND_HALF_UP))


def money(amount: Decimal | float | None, currency: str = "EUR") -> str:
    """An amount at a glance: €32k, €1.2M, €950."""
    if amount is None or amount == "":
        return ""
    return glanced(amount if isinstance(amount, Decimal) else Decimal(str(amount)), currency, get_language())


@lru_cache(maxsize=4096)
def glanced(amount: Decimal, currency: str, language: str | None) -> str:
    return priced(amount, compact(abs(amount)), currency)


def money_full(amount: Decimal | float | None, currency: str = "EUR") -> str:
    """An amount to the unit, or to the cent when it has cents: €61,000, €61,000.50."""
    if amount is None or amount == "":
        return ""
    value = Decimal(str(amount))
    return priced(value, grouped(abs(value), 0 if value == value.to_integral_value() else 2), currency)


def count(number: int | str | None, cap: int | None = None) -> str:
    """A count with separators; above the cap it is "1,000+", because big counts stop early."""
    if number is None or number == "":
        return ""
    return counted_to(int(number), None if cap is None else int(cap), get_language())


@lru_cache(maxsize=4096)
def counted_to(number: int, cap: int | None, language: str | None) -> str:
    return grouped(number) if cap is None or number <= cap else f"{grouped(cap)}+"


def share(part: Any, whole: Any) -> int:
    """A whole percentage for the classes p-N and g-N: something is never 0, not everything is never 100."""
    part, whole = float(part or 0), float(whole or 0)
    if part <= 0 or whole <= 0:
        return 0
    return 100 if part >= whole else min(99, max(1, round(100 * part / whole)))
