#!/usr/bin/env python
"""Every command of Smarketing. Servers that the environment does not name are started for it, or shared."""

import os
import sys


def main() -> None:
    try:
        from django.core.management import execute_from_command_line
        from django.db.utils import OperationalError
    except ImportError:
        sys.exit("Smarketing's packages are missing: run `make setup`, then .venv/bin/python manage.py.")
    from smarketing import installation
    from smarketing.embedded.trouble import Trouble

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")
    try:
        installation.furnish(sys.argv[1] if len(sys.argv) > 1 else "")
        execute_from_command_line(sys.argv)
    except Trouble as trouble:
        sys.exit(str(trouble))
    except OperationalError as error:
        code = getattr(error.__cause__, "pgcode", None) or "08"
        if code[:2] not in ("08", "53", "57", "58") or "--traceback" in sys.argv:
            raise  # a refused statement, not a server that is away or a full disk
        sys.exit(f"The database is away: {' '.join(str(error).split())}")


if __name__ == "__main__":
    main()
