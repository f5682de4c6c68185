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

from accounts import departed
from leads import pulse

PATH = "/live/"
#: Where Redis is away the newest rows say whether something has changed; both are read from the end of an index.
NEWEST = """
SELECT (SELECT max(id) FROM leads_activity), (SELECT max(id) FROM handoff_notice WHERE person_id = %(person)s),
       NOT EXISTS (SELECT FROM accounts_user WHERE id = %(person)s AND is_active)
"""


def answer(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer the question of an open page, and hand on every other request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return changed(request) if request.path_info == PATH else get_response(request)

    return middleware


def changed(request: HttpRequest) -> HttpResponse:
    """304 where nothing has changed since the version that the page knows; else this one, and each part's age in ms."""
    person = pulse.whose(request.GET.get("who", ""))
    if request.method != "GET":
        return HttpResponse(status=405)
    stands = standing(person) if person is not None else None
    if stands is None:
        return HttpResponse(status=403)
    version, ages = stands
    tag = f'"{version}"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(f"{version} {' '.join(map(str, ages))}", content_type="text/plain")
    response.headers["ETag"], response.headers["Cache-Control"] = tag, "no-store"
    return response


def standing(person: int) -> tuple[str, list[int]] | None:
    """The version of what this person's pages follow: leads, and what they are told; and how old each is, in ms.

    None for somebody who can no longer sign in.
    """
    try:
        *moments, gone = pulse.counted([pulse.LEADS, pulse.of_person(person)], departed.key(person))
        if gone:
            return None
        found, now = [int(each or 0) for each in moments], time.time_ns()
        return "-".join(map(str, found)), [max(now - each, 0) // 1_000_000 for each in found]
    except (RedisError, OSError):
        with connection.cursor() as cursor:
            cursor.execute(NEWEST, {"person": person})
            *newest, away = cursor.fetchone()
            return None if away else ("-".join(f"r{each or 0}" for each in newest), [0, 0])
