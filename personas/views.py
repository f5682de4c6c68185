from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from personas.fit import Rule
from personas.forms import PersonaForm, rule_set
from personas.models import Persona


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    counts = Count("leads", distinct=True), Count("leads", filter=Q(leads__stage="customer"), distinct=True)
    personas = Persona.objects.annotate(fitting=counts[0], customers=counts[1]).order_by("retired_at", "name")
    return render(request, "personas/list.html", {"personas": personas})


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    persona = get_object_or_404(Persona, pk=pk)
    by_stage = persona.leads.values_list("stage").annotate(n=Count("pk")).order_by()
    context = {"persona": persona, "rules": [Rule.read(rule) for rule in persona.rules], "by_stage": dict(by_stage)}
    return render(request, "personas/detail.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Both teams write personas: marketing from research, sales from what customers said."""
    persona = get_object_or_404(Persona, pk=pk) if pk else None
    said = request.POST if request.method == "POST" else None
    form, rules = PersonaForm(said, instance=persona), rule_set(persona, said)
    if form.is_bound and form.attempt(rules):
        messages.success(request, _("%(persona)s is saved. Leads are matched anew.") % {"persona": form.instance})
        return redirect(form.instance)
    context = {"form": form, "rules": rules, "persona": persona}
    return render(request, "personas/edit.html", context, status=422 if form.is_bound else 200)
