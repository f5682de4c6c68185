"""Posting to an address that a person typed in: only to the open network, and to what was checked when it is reached.

A name is resolved once, every address it has is checked, and the connection goes to one of those: a name that answers
differently a moment later gains nothing. Redirects are not followed and proxies of the environment not used. Whoever
answers in drops is hung up on: a post has its seconds as a whole, and not anew for every byte.
"""

from __future__ import annotations

import atexit
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore2
import httpx2
from django.utils.translation import gettext as _

from handoff.notices.outside import Answer, Lost, Unreached, resolve

TIMEOUT = httpx2.Timeout(5.0)
#: A post with its answer takes no longer, in seconds.
WHOLE = 15.0
#: Of an answer only so much is read: the rest is of no use.
ENOUGH = 4096
#: Errors after which it is certain that nothing was sent.
BEFORE = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


class Hurried(httpcore2.NetworkStream):
    """A connection whose reads and writes have one end in common: `left` says how many seconds there still are."""

    def __init__(self, plain: httpcore2.NetworkStream, left: Callable[[], float]) -> None:
        self.plain, self.left = plain, left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.plain.read(max_bytes, self._within(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.plain.write(buffer, self._within(timeout, httpcore2.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        within = self._within(timeout, httpcore2.ConnectTimeout)
        return Hurried(self.plain.start_tls(ssl_context, server_hostname, within), self.left)

    def close(self) -> None:
        self.plain.close()

    def get_extra_info(self, info: str) -> Any:
        return self.plain.get_extra_info(info)

    def _within(self, timeout: float | None, over: type[Exception]) -> float:
        if (left := self.left()) <= 0:
            raise over("the whole took too long")
        return left if timeout is None else min(left, timeout)


class Checked(httpcore2.NetworkBackend):
    """Connects to the addresses that were checked, and to no other."""

    def __init__(self) -> None:
        self.plain, self.until = httpcore2.SyncBackend(), 0.0

    def left(self) -> float:
        return self.until - time.monotonic()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            addresses = resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(str(error)) from error
        failed: Exception = httpcore2.ConnectError("no address")
        for address in addresses[:4]:
            try:
                plain = self.plain.connect_tcp(str(address), port, timeout, local_address, socket_options)
                return Hurried(plain, self.left)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed


class Transport(httpx2.HTTPTransport):
    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self.checked = self._pool._network_backend = Checked()


class Client(httpx2.Client):
    """One that posts to checked addresses alone, one post after another."""

    def __init__(self) -> None:
        transport = Transport()
        self.checked = transport.checked
        super().__init__(transport=transport, timeout=TIMEOUT, trust_env=False, follow_redirects=False)


class Threads(threading.local):
    """The clients of this process, one a thread: each posts one thing after another."""

    client: Client | None = None
    process = 0


_here = Threads()


def client() -> Client:
    """The client at hand, made when there first is something to post: a sweep with nothing to say makes none."""
    if _here.client is None or _here.client.is_closed or _here.process != os.getpid():
        _here.client, _here.process = Client(), os.getpid()
        atexit.register(_here.client.close)
    return _here.client


def close() -> None:
    """Let go of the client and of its connections; the next post makes another."""
    if _here.client is not None:
        _here.client.close()
        atexit.unregister(_here.client.close)
        _here.client = None


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Post once; raises what `outside.post` says."""
    try:
        return _post(url, body, headers)
    except BEFORE as error:
        raise Unreached(_named(error)) from error
    except httpx2.HTTPError as error:
        raise Lost(_named(error)) from error


def _post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    through = client()
    through.checked.until = time.monotonic() + WHOLE
    with through.stream("POST", url, content=body, headers={**headers, "Accept-Encoding": "identity"}) as answer:
        read = b""
        for chunk in answer.iter_raw(ENOUGH):  # as it comes: what is packed is not unpacked here
            read += chunk
            if len(read) >= ENOUGH:
                break
        words = read[:200].decode("utf-8", "replace")
        return Answer(answer.status_code, answer.headers.get("retry-after", ""), words)


def _named(error: Exception) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return _("no answer in time")
    return str(error) or type(error).__name__
