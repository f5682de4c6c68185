"""What every resource of the API keeps to: bodies that are read whole, versions, and tags of what was told."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

#: No column holds a greater key.
MOST_ROWS = 2**63 - 1


class Conflict(APIException):
    status_code = 409
    default_code = "conflict"


class Stale(APIException):
    status_code = 412
    default_code = "stale"
    default_detail = gettext_lazy("Somebody has changed this since you read it. Nothing was changed; read it again.")


class TooLarge(APIException):
    status_code = 413
    default_code = "too_large"


class VersionNeeded(APIException):
    status_code = 428
    default_code = "version_needed"
    default_detail = gettext_lazy("Say which version you read: If-Match with its ETag. Nothing was changed.")


class Resource(APIView):
    """A view of the API. What it tells carries an ETag, and is not told again to whoever has it already (304)."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if kwargs.get("pk", 0) > MOST_ROWS:
            raise Http404

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(response, Response) and response.status_code == 200 and request.method in ("GET", "HEAD"):
            response.add_post_render_callback(partial(unless_known, request))
        return response


def unless_known(request: Request, response: HttpResponse) -> HttpResponse | None:
    """Give what is told its tag; to whoever named that tag, nothing but the tag."""
    response.headers.setdefault("ETag", f'"{_digest(response.content)}"')
    tag = response["ETag"]
    known = {known.removeprefix("W/") for known in parse_etags(request.headers.get("If-None-Match", ""))}
    if tag not in known and "*" not in known:
        return None
    return HttpResponseNotModified(headers={"ETag": tag})


def tag_of(record: dict[str, Any], version: int | None = None) -> str:
    """The ETag of a record as it stands; where the record counts its versions, it begins with that number."""
    digest = _digest(JSONRenderer().render(record))
    return f'"{digest}"' if version is None else f'"{version}.{digest}"'


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=12).hexdigest()


def check_unchanged(request: Request, record: dict[str, Any]) -> None:
    """Raise unless a locked record still is the one that the sender read."""
    named = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-Match", "")) if tag != "*"]
    if not named:
        raise VersionNeeded
    if tag_of(record) not in named:
        raise Stale


def whole(request: Request) -> dict[str, Any]:
    """The body, which is one JSON object."""
    if not isinstance(request.data, dict):
        raise ValidationError(_("Expected one JSON object."))
    return request.data


def known_only(said: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """What was said, unless a name in it means nothing here: a slip of the pen is not passed over."""
    if unknown := sorted(said.keys() - known):
        raise ValidationError({name[:80]: _("This means nothing here.") for name in unknown})
    return said


def changes_read(form: Any, request: Request, **options: Any) -> dict[str, Any]:
    """The fields that a body names, read; refused by field where one is wrong or means nothing here."""
    read = form(data=known_only(whole(request), set(form().fields)), **options)
    read.is_valid(raise_exception=True)
    return dict(read.validated_data)
