"""A real mail server and a real receiver of webhooks, both on this machine, which a test can let die and come back."""

from __future__ import annotations

import email
import json
import threading
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from handoff.notices import sending
from tests.smarketing.installations import free_port


class Taker:
    """What aiosmtpd asks for each mail."""

    def __init__(self, server: Mails) -> None:
        self.server = server

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.server.refuses:
            return self.server.refuses
        mail = email.message_from_bytes(envelope.content, policy=default)
        mail.to = envelope.rcpt_tos
        self.server.mails.append(mail)
        return "250 Taken"


class Mails:
    """A mail server with what it has taken. `refuses` is the answer to every mail, if any."""

    def __init__(self) -> None:
        self.port, self.mails, self.refuses = free_port(), [], ""
        self.controller = None
        self.start()

    def start(self):
        self.controller = Controller(Taker(self), hostname="127.0.0.1", port=self.port, ready_timeout=20)
        self.controller.start()

    def stop(self):
        if self.controller:
            self.controller.stop()
        self.controller = None

    @property
    def one(self) -> Message:
        assert len(self.mails) == 1, [mail["Subject"] for mail in self.mails]
        return self.mails[0]


@pytest.fixture
def mails(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    server = Mails()
    settings.EMAIL_CONFIGURED, settings.EMAIL_HOST, settings.EMAIL_PORT = True, "127.0.0.1", server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 5
    settings.DEFAULT_FROM_EMAIL = "Smarketing <smarketing@example.org>"
    settings.SITE_URL = "https://smarketing.example.org"
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch):
    """What failed may be tried again at once: nobody waits in a test."""
    monkeypatch.setattr(sending, "REST_SECONDS", 0.001)


class Receiver:
    """What a chat or a program has been posted; `answers` are the statuses it gives, the last one for ever."""

    def __init__(self) -> None:
        self.got, self.answers, self.port = [], [200], free_port()
        self.headers = {}
        self.server = None
        self.start()

    def start(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                status = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"said")

            def log_message(self, *_said):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def said(self):
        return [json.loads(body) for _path, _headers, body in self.got]


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    settings.SITE_URL = "https://smarketing.example.org"
    one = Receiver()
    yield one
    one.stop()
