"""The house stands as docs/architecture.md says: imports go down, migrations are whole, every door is locked."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import URLPattern, get_resolver, reverse

ROOT = Path(__file__).resolve().parent.parent
#: What somebody who is not signed in may open.
OPEN = {
    "/accounts/login/",
    "/accounts/logout/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/confirm-email/",
    "/healthz",
    "/notices/leave/word/",
}


def addresses(resolver=None, prefix="/"):
    """Every address of the project, with a number or a word where the route asks for one."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(getattr(entry.pattern, "_route", None) or entry.pattern.regex.pattern.strip("^$\\Z"))
        if isinstance(entry, URLPattern):
            yield re.sub(r"<int:\w+>|\(\?P<pk>[^)]*\)", "1", re.sub(r"<(str|slug|path):\w+>|<\w+>", "word", route))
        elif "admin" not in route:
            yield from addresses(entry, route)


def test_imports_only_go_down():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_model_has_changed_without_a_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("address", sorted({a for a in addresses() if not set(a) & set("(<\\")}))
def test_the_outsider_is_asked_to_sign_in(client, address):
    for method in (client.get, client.post):
        response = method(address)
        if address in OPEN or address.startswith("/accounts/password/reset/"):
            assert response.status_code < 500
        elif address.startswith("/api/"):
            assert response.status_code in (401, 405), address
        elif response.status_code == 302:
            assert response.url.split("?")[0] == reverse("account_login"), address
        else:
            assert response.status_code in (401, 405), address


def test_no_room_is_called_utils():
    names = {path.stem for path in ROOT.glob("*/**/*.py") if not {".venv", "node_modules"} & set(path.parts)}
    assert not names & {"utils", "helpers", "common", "misc", "core"}


def test_a_comment_of_a_template_ends_on_its_line():
    """Django reads `{# #}` only within one line; a longer one would be shown to everybody."""
    open_ended = [
        f"{path.name}:{number}"
        for path in (ROOT / "templates").rglob("*.html")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.count("{#") != line.count("#}")
    ]
    assert not open_ended
