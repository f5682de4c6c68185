"""Watching the two servers while Smarketing runs, so that the terminal says when one is away and when it is back."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psycopg2
import redis

from smarketing.embedded.trouble import Trouble, check_disk
from smarketing.installation import data_dir


@dataclass
class Watch:
    """One server, asked now and then; says something only when that changes."""

    title: str
    embedded: bool
    away: bool = False

    def ask(self) -> str:
        """A sentence if the server went away or came back since last asked, else nothing."""
        answers = self._answers()
        if answers == (not self.away):
            return ""
        self.away = not answers
        if answers:
            return f"{self.title} answers again."
        if not self.embedded:
            return f"{self.title} has stopped answering; pages say so until it is back."
        try:
            check_disk(data_dir())
        except Trouble as trouble:
            return f"{self.title} has stopped. {trouble}"
        return f"{self.title} has stopped; it is being started again."

    def _answers(self) -> bool:
        raise NotImplementedError


class PostgreSQLWatch(Watch):
    connection: psycopg2.extensions.connection | None = None

    def _answers(self) -> bool:
        # One lasting connection: a server that died and is up again between two questions is noticed by its loss.
        try:
            if self.connection is None:
                self.connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=2)
                self.connection.autocommit = True
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error:
            self.connection = None
            return False
        return True


class RedisWatch(Watch):
    client: redis.Redis | None = None

    def _answers(self) -> bool:
        try:
            if self.client is None:  # it connects as it is made
                self.client = redis.Redis.from_url(
                    os.environ["REDIS_URL"],
                    socket_timeout=2,
                    socket_connect_timeout=2,
                    retry=None,
                    single_connection_client=True,
                )
            return bool(self.client.ping())
        except (redis.RedisError, OSError):
            self.client = None
            return False
