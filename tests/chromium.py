"""The system's Chromium, driven by Playwright against a live server; where there is none, such tests are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from accounts.models import User

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]
MISSING = "Browser tests are skipped: no Chromium was found (name one with CHROMIUM=/path/to/it)."


def found() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def pytest_terminal_summary(terminalreporter) -> None:
    if not found():
        terminalreporter.write_line(MISSING)


def said(page: Page, text: str) -> None:
    """Wait until a toast says this."""
    page.locator("#toasts .toast", has_text=text).first.wait_for()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = found()
    if path is None:
        pytest.skip(MISSING)
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # root has no sandbox
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*OPTIONS, *sandbox])
        yield chromium
        chromium.close()


@pytest.fixture
def page_of(browser: Browser, live_server) -> Iterator[Callable[..., Page]]:
    """Make the page of a person who has signed in (or of the outsider), in a browser of their own.

    A test fails if one of its pages threw an error in a script or met the content security policy.
    """
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def make(person: User | None = None, **options) -> Page:
        context = browser.new_context(base_url=live_server.url, reduced_motion="reduce", **options)
        contexts.append(context)
        if person is not None:
            client = Client()
            client.force_login(person)
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
            context.add_cookies([{**cookie, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert not wrong, f"In the browser: {wrong}"


@pytest.fixture
def live_page(page_of) -> Page:
    """The outsider's page at a live server."""
    return page_of()
