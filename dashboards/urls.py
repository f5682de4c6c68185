from django.urls import path

from dashboards import views

app_name = "dashboards"
urlpatterns = [
    path("funnel/", views.funnel, name="funnel"),
    path("funnel/visits/", views.visits, name="visits"),
    path("funnel.csv", views.funnel_csv, name="funnel_csv"),
]
