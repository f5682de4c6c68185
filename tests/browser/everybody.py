"""What every page is held to, on a desk and on a small phone, by day and by night."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 320, "height": 720}
SCREENS = (DESK, PHONE)
RULES: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
#: Colours are all that the night changes.
COLOURS = {**RULES, "runOnly": ["color-contrast"]}


def held(page: Page, where: object = "") -> None:
    """A page as it stands shuts nobody out, and nothing of it scrolls sideways, on every screen and in any light."""
    for screen in SCREENS:
        page.set_viewport_size(screen)
        for scheme, rules in (("light", RULES), ("dark", COLOURS)):
            page.emulate_media(color_scheme=scheme)
            found = (violations(page, rules), sideways(page))
            assert found == ([], 0), (where, screen["width"], scheme, found)
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")


def violations(page: Page, rules: dict[str, Any] = RULES) -> list[tuple[str, list[str]]]:
    """What axe finds: the rule, and where it is broken."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("rules => axe.run(document, rules).then(said => said.violations)", rules)
    return [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.evaluate("Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)")
