from django.urls import path

from dashboards import views

app_name = "dashboards"
urlpatterns = [
    path("funnel/", views.funnel, name="funnel"),
    path("funnel.csv", views.funnel_csv, name="funnel_csv"),
    path("verdicts/", views.verdicts, name="verdicts"),
    path("verdicts.csv", views.verdicts_csv, name="verdicts_csv"),
    path("promises/", views.promises, name="promises"),
    path("promises.csv", views.promises_csv, name="promises_csv"),
    path("funnel/visits/", views.visits, name="visits"),
    path("funnel/visits.csv", views.visits_csv, name="visits_csv"),
]
