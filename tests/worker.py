"""A real Celery worker, in a process of its own, on the database and the Redis of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from smarketing.celery import app

START_SECONDS = WAIT_SECONDS = 30


class Worker:
    """The running worker; it takes work only while a test asks for the `worker` fixture."""

    def __init__(self, process: subprocess.Popen[bytes], name: str, log: Path) -> None:
        self.process, self.name, self.log = process, name, log

    def listen(self) -> None:
        app.control.purge()
        self._tell("add_consumer")

    def rest(self) -> None:
        """Take no more work, and be done with what is in hand: it would do the next test's as well."""
        self._tell("cancel_consumer")
        app.control.purge()
        self.wait_until(self._is_idle)

    def _is_idle(self) -> bool:
        at_work = app.control.inspect(destination=[self.name], timeout=WAIT_SECONDS, limit=1)
        answers = [at_work.active(), at_work.reserved()]
        return all(answer is not None and not answer[self.name] for answer in answers)

    def wait_until(self, done: Callable[[], object], *, seconds: float = WAIT_SECONDS) -> None:
        """Wait until `done()` is true; fail with what the worker said if it never is."""
        until = time.monotonic() + seconds
        while not done():
            if time.monotonic() > until or self.process.poll() is not None:
                pytest.fail(f"The worker has not done it. It said:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def _tell(self, what: str) -> None:
        queue = app.conf.task_default_queue
        said = getattr(app.control, what)(queue, destination=[self.name], reply=True, timeout=WAIT_SECONDS, limit=1)
        assert said, f"The worker does not answer:\n{self.log.read_text()[-4000:]}"


@pytest.fixture(scope="session")
def worker_process(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Worker]:
    name, log = f"test{os.getpid()}@localhost", tmp_path_factory.mktemp("worker") / "log"
    with django_db_blocker.unblock():
        database = connection.settings_dict["NAME"]
    options = [
        "--hostname",
        name,
        "--queues",
        "nothing",
        "--concurrency",
        "1",
        "--loglevel",
        "INFO",
        "--without-mingle",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("celery")), "-A", "smarketing", "worker", *options],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "TEST_DATABASE": database},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    worker = Worker(process, name, log)
    worker.wait_until(lambda: app.control.ping(destination=[name], timeout=0.5, limit=1), seconds=START_SECONDS)
    yield worker
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def worker(transactional_db, worker_process: Worker) -> Iterator[Worker]:
    """The worker, doing what is sent to it during this test; the test commits for real."""
    worker_process.listen()
    yield worker_process
    worker_process.rest()
