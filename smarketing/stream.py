"""The stream: tells open pages of a change the moment it is committed, so that they need not ask. It has no database.

`gunicorn --worker-class asgi smarketing.stream:application`. One process holds thousands of pages. It only says that
something has changed; where Redis is away it lets go of its pages, and they ask for themselves until it is back.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from accounts import departed
from leads import pulse

log = logging.getLogger(__name__)

Scope = dict[str, Any]
Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

#: A page hears something at least so often, so that whatever stands between does not hang up.
BREATH_SECONDS = 20.0
MOST = 5_000
#: So many pages one person may keep open here; a further one asks for itself.
MOST_OF_ONE = 50
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"access-control-allow-origin", b"*"),  # the token says who asks; there are no cookies here
]


class Page:
    """An open page: what it follows, and what of that has changed since it was last told."""

    def __init__(self, person: int) -> None:
        self.own = pulse.of_person(person)
        self.topics = {pulse.LEADS: "leads", self.own: "me"}
        self.news: set[str] = set()
        self.wake = asyncio.Event()
        self.gone = False

    def tell(self, topic: str) -> None:
        self.news.add(self.topics[topic])
        self.wake.set()

    def let_go(self) -> None:
        self.gone = True
        self.wake.set()


class Hub:
    """The pages by what they follow, and the one subscription that serves them all."""

    def __init__(self) -> None:
        self.pages: dict[str, set[Page]] = defaultdict(set)
        self.number = 0
        self.listening = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.redis: Redis | None = None

    async def join(self, page: Page) -> bool:
        """Take a page in, unless Redis is away or there are too many, of all or of one person."""
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.listen())
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.listening.wait(), 2)
        if not self.listening.is_set() or self.number >= MOST or len(self.pages.get(page.own, ())) >= MOST_OF_ONE:
            return False
        self.number += 1
        for topic in page.topics:
            self.pages[topic].add(page)
        return True

    async def knows_gone(self, person: int) -> bool:
        """Whether this person can no longer sign in; asked once the page is in, so that no word of it is missed."""
        try:
            return self.redis is not None and bool(await self.redis.exists(departed.key(person)))
        except (RedisError, OSError):
            return False  # the subscription has ended with it, and lets go of all pages

    def leave(self, page: Page) -> None:
        self.number -= 1
        for topic in page.topics:
            self.pages[topic].discard(page)
            if not self.pages[topic]:
                del self.pages[topic]

    async def listen(self) -> None:
        while True:
            redis = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2)
            try:
                async with redis.pubsub(ignore_subscribe_messages=True) as heard:
                    await heard.subscribe(pulse.CHANNEL, departed.CHANNEL)
                    self.redis = redis
                    self.listening.set()
                    async for said in heard.listen():
                        words, gone = said["data"].decode(), said["channel"].decode() == departed.CHANNEL
                        for topic in [pulse.of_person(int(words))] if gone else words.split():
                            for page in tuple(self.pages.get(topic, ())):
                                page.let_go() if gone else page.tell(topic)
            except (RedisError, OSError) as error:
                log.warning("Redis is away, pages ask for themselves: %s", error)
            finally:
                self.listening.clear()
                for page in {page for pages in self.pages.values() for page in pages}:
                    page.let_go()
                await redis.aclose()
            await asyncio.sleep(1)


hub: Hub | None = None


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    global hub
    if scope["type"] == "lifespan":
        await live_and_die(receive, send)
        return
    if scope["type"] != "http":
        return
    if scope["path"] == "/healthz":
        await end(send, 200, b"ok")
        return
    person = pulse.whose(parse_qs(scope["query_string"].decode("latin-1")).get("who", [""])[0])
    if person is None:
        await end(send, 403)
        return
    hub = hub or Hub()
    page = Page(person)
    if not await hub.join(page):
        await end(send, 503)
        return
    try:
        if await hub.knows_gone(person):
            await end(send, 403)
        else:
            await stream(page, receive, send)
    finally:
        hub.leave(page)


async def stream(page: Page, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b": here\n\n", "more_body": True})
    hung_up = asyncio.create_task(until_hung_up(receive, page))
    try:
        while not page.gone:
            try:
                await asyncio.wait_for(page.wake.wait(), BREATH_SECONDS)
            except TimeoutError:
                await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
                continue
            page.wake.clear()
            if page.news:
                said = f"data: {' '.join(sorted(page.news))}\n\n".encode()
                page.news.clear()
                await send({"type": "http.response.body", "body": said, "more_body": True})
        with suppress(OSError):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        hung_up.cancel()


async def until_hung_up(receive: Receive, page: Page) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    page.let_go()


async def end(send: Send, status: int, body: bytes = b"") -> None:
    headers = [(b"content-type", b"text/plain"), (b"access-control-allow-origin", b"*")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live_and_die(receive: Receive, send: Send) -> None:
    while True:
        said = (await receive())["type"]
        await send({"type": f"{said}.complete"})
        if said == "lifespan.shutdown":
            return
