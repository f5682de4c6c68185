"""What tests of the tracker share: a site that may tell of visits, and a browser that does."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django_redis import get_redis_connection

from leads.models import TrackedSite
from leads.tracker import sites, stream

LANDING = "https://volt.example/?utm_source=google&utm_campaign=Peak+load&gclid=abc"


class Visiting:
    """A browser whose owner has agreed, on a site that is known."""

    def __init__(self, landing: str = LANDING) -> None:
        self.client, self.visitor, self.landing = Client(), str(uuid4()), {"url": landing, "referrer": ""}

    def send(self, *events: dict[str, Any], **more: Any) -> int:
        """Post one hit as the script does; the answer's status."""
        headers = more.pop("headers", {})
        said = {"visitor": self.visitor, "consent": True, "landing": self.landing, "events": list(events), **more}
        return self.post(json.dumps(said), headers=headers).status_code

    def post(self, body: str | bytes, **more: Any) -> Any:
        headers = {"origin": "https://volt.example", **more.pop("headers", {})}
        return self.client.post("/t", body, content_type="text/plain;charset=UTF-8", headers=headers, **more)

    def looks(self, path: str, **more: Any) -> int:
        return self.send(event(url=f"https://volt.example{path}", **more))

    def says(self, **who: Any) -> int:
        return self.send(event(identify=who))


def event(**said: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "url": "https://volt.example/", "ago": 0, **said}


@pytest.fixture
def site():
    """The site volt.example, whose prices are pages of their own kind."""
    site = TrackedSite.objects.create(host="volt.example", rules=[["/pricing", "web:pricing"]])
    sites.read_again()
    yield site
    sites.read_again()
    redis = get_redis_connection("default")
    for key in redis.scan_iter(f"{stream.KEY}*"):
        redis.delete(key)
