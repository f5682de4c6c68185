"""Acts for machines: the same forms, rights and functions as the pages', said in JSON."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from handoff.api.leads import OneLead
from handoff.api.saying import NotNow, spoken
from handoff.forms import ACTS, permitted
from leads.api.records import RELATED
from leads.api.resource import Resource
from leads.models import Lead
from leads.tasks import nudge


class Acts(Resource):
    """POST does an act on a lead."""

    def post(self, request: Request, pk: int, name: str) -> Response:
        """Do it, or say why not: 403 who may, 409 not from here, 422 what is wrong with the words."""
        if name not in ACTS:
            raise Http404
        lead = get_object_or_404(Lead.objects.visible_to(request.user).select_related("company"), pk=pk)
        try:
            permitted(request.user, name, lead)
        except ValidationError as error:
            raise NotNow(error.messages[0]) from error
        form = spoken(ACTS[name], lead, request)
        nudge()
        shown = Lead.objects.select_related(*RELATED).get(pk=pk)
        return Response({"said": form.said, "lead": OneLead().told(request, shown)})
