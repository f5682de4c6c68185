"""Forms as visitors meet them: a page of their own, a script for websites, and the door for what is sent."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.outsiders import address_of
from leads.composed import WORD, Composed
from leads.models import WebForm
from leads.tasks import nudge
from leads.webforms import guard, hosts, showing, taking
from leads.webforms.entry import Entry
from leads.webforms.guard import Refused

#: How long a website's visitors keep a form's script and colours, in seconds; a stale one serves while it is fetched.
SCRIPT_CACHE = "public, max-age=300, stale-while-revalidate=86400"


_forms = Composed(lambda public: WebForm.objects.select_related("consent").filter(public_id=public), stands=WORD)


def found(public: str) -> WebForm:
    for form in _forms(public):
        return form
    raise Http404


@csrf_exempt  # it stands on other websites, which have no cookie of ours: leads.webforms.guard keeps it
@xframe_options_exempt  # its content policy says who may show it
@require_http_methods(["GET", "HEAD", "POST"])
def hosted(request: HttpRequest, public: str) -> HttpResponse:
    """The form's page; what is sent comes to the same address."""
    form = found(public)
    if request.method == "POST":
        return answered(request, form)
    embedded = request.headers.get("Sec-Fetch-Dest") == "iframe" or "embedded" in request.GET
    led_by = request.headers.get("Referer", "")
    here = {"came_from": led_by} if embedded else {"came_from": request.build_absolute_uri(), "referrer": led_by}
    page = showing.page(form, Entry(form, **here), embedded=embedded)
    return framed(HttpResponse(page, status=410 if form.retired_at else 200), form)


def answered(request: HttpRequest, form: WebForm) -> HttpResponse:
    """Take in what was sent, and answer as it was asked for: a page for people, JSON for our script."""
    try:
        entry = sent(request, form)
    except Refused as refused:
        return crossed(request, form, refusal(request, refused))
    if entry.submission:
        nudge()
    reply = told(form, entry) if wants_json(request) else shown(request, form, entry)
    return crossed(request, form, reply)


def sent(request: HttpRequest, form: WebForm) -> Entry:
    """What the request brings, kept; raise Refused before its body is read where it may not come in."""
    if form.retired_at:
        raise Refused(410, _("This form is closed. Nothing can be sent by it any more."))
    origin = request.headers.get("Origin", "null")
    if origin not in ("null", own_origin(request)) and not hosts.covers(form.hosts, origin):
        raise Refused(403, _("This form may not be sent from %(site)s.") % {"site": origin[:260]})
    guard.fits(request.META.get("CONTENT_LENGTH") or "", request.content_type or "")
    led_by = request.headers.get("Referer", "")
    came_from = "" if f"{led_by}/".startswith(f"{own_origin(request)}/") else led_by
    return taking.take(form, request.body, address=address_of(request), came_from=came_from)


def told(form: WebForm, entry: Entry) -> HttpResponse:
    """For our script: what became of it, in words."""
    if entry.submission:
        thanks = render_to_string("webform/_thanks.html", {"form": form})
        return JsonResponse({"thanks": thanks, "redirect": form.redirect_to})
    said = {"errors": entry.errors, "notice": entry.notice, "token": guard.token(form)}
    return JsonResponse(said, status=422)


def shown(request: HttpRequest, form: WebForm, entry: Entry) -> HttpResponse:
    """For a browser without our script: thanks on a page that can be loaded anew, or the form as it was filled in."""
    if entry.submission:
        thanks = reverse("leads:thanks", args=[form.public_id])
        return HttpResponseRedirect(form.redirect_to or thanks, status=303)
    return framed(HttpResponse(showing.page(form, entry, embedded="embedded" in entry.said), status=422), form)


def refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    if wants_json(request):
        response: HttpResponse = JsonResponse({"notice": refused.sentence}, status=refused.status)
    else:
        page = render_to_string("webform/refused.html", {"sentence": refused.sentence})
        response = HttpResponse(page, status=refused.status)
    if refused.wait:
        response["Retry-After"] = str(refused.wait)
    return response


@xframe_options_exempt
@require_safe
def thanks(request: HttpRequest, public: str) -> HttpResponse:
    form = found(public)
    return framed(HttpResponse(showing.page(form, thanked=True)), form)


@require_safe
def token(request: HttpRequest, public: str) -> HttpResponse:
    """What a form that is drawn by our script carries, since the script itself is kept for a while."""
    form = found(public)
    if form.retired_at:
        raise Http404
    response = JsonResponse({"token": guard.token(form)}, headers={"Cache-Control": "no-store"})
    return crossed(request, form, response)


@require_safe
def script(request: HttpRequest, public: str) -> HttpResponse:
    """The form for a website's page."""
    form = found(public)
    if form.retired_at:
        return HttpResponse(status=410, content_type="text/javascript", headers={"Cache-Control": SCRIPT_CACHE})
    edition = showing.edition(form)
    response = get_conditional_response(request, etag=edition) or HttpResponse(showing.script(form))
    response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    response.headers["ETag"], response.headers["Cache-Control"] = edition, SCRIPT_CACHE
    return response


@require_safe
def look(request: HttpRequest, public: str) -> HttpResponse:
    """The form's colours, for its page."""
    return HttpResponse(
        showing.colours(found(public)), content_type="text/css", headers={"Cache-Control": SCRIPT_CACHE}
    )


def framed(response: HttpResponse, form: WebForm) -> HttpResponse:
    """Let the websites that are named show this page, and nobody keep it: what it carries is for one visitor."""
    response._csp_replace = showing.policy(form)
    response.headers["Cache-Control"] = "no-store"
    return response


def crossed(request: HttpRequest, form: WebForm, response: HttpResponse) -> HttpResponse:
    """Let scripts of the websites that are named read the answer."""
    origin = request.headers.get("Origin", "")
    if origin and hosts.covers(form.hosts, origin):
        response.headers["Access-Control-Allow-Origin"] = origin
    patch_vary_headers(response, ["Origin"])
    return response


def own_origin(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")
