"""A connection is taken up again without asking the server whether it is there: a closed one can be seen from here."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django asks `SELECT 1` before the first statement of each request, which takes as long as many a statement.

    A server that went away has closed its end, and then there is something to read where nothing may be.
    """

    def is_usable(self) -> bool:
        """Whether this connection can be used; where something is to be read from it, the server is asked."""
        if self.connection is not None and not self.connection.closed:
            line = select.poll()
            line.register(self.connection.fileno(), select.POLLIN | select.POLLPRI)
            if not line.poll(0):
                return True
        return bool(super().is_usable())
