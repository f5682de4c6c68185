from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("api/v1/", include("smarketing.api")),  # first: machines ask most often
    path("", include("handoff.urls")),
    path("", include("leads.urls")),
    path("", include("personas.urls")),
    path("", include("dashboards.urls")),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health),
]

handler403 = "smarketing.errors.forbidden"
handler404 = "smarketing.errors.missing"
handler500 = "smarketing.errors.broke"
