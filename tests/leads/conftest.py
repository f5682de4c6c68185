"""What tests of imports share: writing a file, and running the command on it."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command


class Ran:
    """What the command said: its last line, and what it complained of."""

    def __init__(self, said: str, complained: str) -> None:
        self.last, self.complained = (said.splitlines() or [""])[-1], complained


@pytest.fixture
def run(capsys):
    """Run the command; a mapping is a file, or what such a file says."""

    def run(path: Path, mapping, **options) -> Ran:
        if isinstance(mapping, dict):
            written = path.with_suffix(".map.json")
            written.write_text(json.dumps(mapping))
            mapping = written
        capsys.readouterr()
        call_command("import_leads", str(path), mapping=mapping, **options)
        return Ran(*capsys.readouterr())

    return run


@pytest.fixture
def file(tmp_path):
    """Write a file as it is."""

    def write(content: str | bytes, name: str = "leads.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
