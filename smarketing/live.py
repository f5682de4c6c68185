"""What open pages ask again and again: has anything changed? Answered before anything else of a request is done.

A page says who asks with a token of its own, which says nothing but that; what it gets are numbers that change when
something does, and how long ago that was. What has changed it then fetches as any page, as the person it belongs to.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from leads import pulse

PATH = "/live/"
#: Where Redis is away the newest rows say whether something has changed; both are read from the end of an index.
NEWEST = """
SELECT (SELECT max(id) FROM leads_activity), (SELECT max(id) FROM handoff_notice WHERE person_id = %s)
"""


def answer(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer the question of an open page, and hand on every other request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return changed(request) if request.path_info == PATH else get_response(request)

    return middleware


def changed(request: HttpRequest) -> HttpResponse:
    """304 where nothing has changed since the version that the page knows; else this one, and each part's age in ms."""
    person = pulse.whose(request.GET.get("who", ""))
    if person is None or request.method != "GET":
        return HttpResponse(status=403 if person is None else 405)
    version, ages = standing(person)
    tag = f'"{version}"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(f"{version} {' '.join(map(str, ages))}", content_type="text/plain")
    response.headers["ETag"], response.headers["Cache-Control"] = tag, "no-store"
    return response


def standing(person: int) -> tuple[str, list[int]]:
    """The version of what this person's pages follow: leads, and what they are told; and how old each is, in ms."""
    try:
        found = [int(each or 0) for each in pulse.counted([pulse.LEADS, pulse.of_person(person)])]
        now = time.time_ns()
        return "-".join(map(str, found)), [max(now - each, 0) // 1_000_000 for each in found]
    except (RedisError, OSError):
        with connection.cursor() as cursor:
            cursor.execute(NEWEST, [person])
            return "-".join(f"r{each or 0}" for each in cursor.fetchone()), [0, 0]
