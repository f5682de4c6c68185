from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_required
def settings(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")


@login_required
def agreement(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")


@login_required
def people(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")


@login_required
def person(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")


@login_required
def sample(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")
