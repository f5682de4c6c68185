"""The house stands as docs/architecture.md says: imports go down, migrations are whole, every door is locked."""

import ast
import os
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
    "/f/word",
    "/f/word.css",
    "/f/word.js",
    "/f/word/thanks",
    "/f/word/token",
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


def test_a_web_process_does_not_carry_the_client_that_only_the_worker_posts_with():
    looked = (
        "import sys, smarketing.wsgi, smarketing.urls, handoff.notices.outside as outside; outside.close();"
        "print(sorted({'httpx2', 'httpcore2'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", looked],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr[-3000:]


def test_no_model_has_changed_without_a_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("address", sorted({a for a in addresses() if not set(a) & set("(<\\")}))
def test_the_outsider_is_asked_to_sign_in(client, address):
    for method in (client.get, client.post):
        response = method(address)
        if address in OPEN or address.startswith("/accounts/password/reset/"):
            assert response.status_code < 500
        elif address == "/api/v1/docs/":  # a page for people
            assert response.status_code in (302, 405)
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


def views():
    """Every function that answers a request: its place, and its lines of code without signature and docstring."""
    for path in sorted(
        [*ROOT.glob("*/views.py"), *ROOT.glob("*/views/*.py"), *ROOT.glob("*/api.py"), *ROOT.glob("*/api/*.py")]
    ):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef) or "request" not in [arg.arg for arg in node.args.args[:2]]:
                continue
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = text.splitlines()[body[0].lineno - 1 : node.end_lineno] if body else []
            code = [line for line in lines if line.strip() and not line.strip().startswith("#")]
            yield f"{path.relative_to(ROOT)}: {node.name}", len(code)


def test_a_view_fetches_calls_once_and_renders():
    """Under 15 lines: what takes more is a step's work."""
    found = dict(views())
    assert len(found) > 100
    assert not {name: lines for name, lines in found.items() if lines >= 15}
