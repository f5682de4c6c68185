from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.bare.models import Insert, Row


class InsertSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Insert
        fields = ("id", "name", "email", "payload", "at")


class InsertView(APIView):
    def post(self, request: Request) -> Response:
        serializer = InsertSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=201)


def page(request: HttpRequest, **_: Any) -> HttpResponse:
    return render(request, "bare/page.html", {"rows": Row.objects.filter(stage="tofu").order_by("-pk")[:50]})


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello", content_type="text/plain")


class UpdateView(APIView):
    """One row, one UPDATE."""

    def post(self, request: Request, pk: int) -> Response:
        changed = Row.objects.filter(pk=pk).update(title="Head of energy")
        return Response({"changed": changed})


urlpatterns = [
    path("page", page),
    path("hello", hello),
    path("update/<int:pk>", UpdateView.as_view()),
    path("insert", InsertView.as_view()),
]
