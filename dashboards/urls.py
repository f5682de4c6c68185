from django.urls import path

from dashboards import views

app_name = "dashboards"
urlpatterns = [
    path("funnel/", views.funnel, name="funnel"),
    path("funnel.csv", views.table_csv, {"page": "funnel"}, name="funnel_csv"),
    path("verdicts/", views.verdicts, name="verdicts"),
    path("verdicts.csv", views.table_csv, {"page": "verdicts"}, name="verdicts_csv"),
    path("promises/", views.promises, name="promises"),
    path("promises.csv", views.table_csv, {"page": "promises"}, name="promises_csv"),
    path("is-it-true/", views.truth, name="truth"),
    path("is-it-true.csv", views.truth_csv, name="truth_csv"),
    path("is-it-true/leads/", views.ended, name="ended"),
    path("is-it-true/leads.csv", views.ended_csv, name="ended_csv"),
    path("funnel/visits/", views.visits, name="visits"),
    path("funnel/visits.csv", views.visits_csv, name="visits_csv"),
]
