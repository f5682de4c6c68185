from django.urls import path

from leads.views import quick, sources, submissions, table

app_name = "leads"
urlpatterns = [
    path("in/<uuid:ident>/", sources.receive, name="receive"),
    path("leads/", table.table, name="table"),
    path("leads/export.csv", table.export, name="export"),
    path("leads/add/", table.add, name="add"),
    path("leads/quick/", quick.add, name="quick"),
    path("leads/quick/alike/", quick.alike, name="alike"),
    path("leads/known/", table.known, name="known"),
    path("leads/<int:pk>/edit/", table.edit, name="edit"),
    path("settings/sources/", sources.sources, name="sources"),
    path("settings/sources/<int:pk>/", sources.source, name="source"),
    path("settings/sources/<int:pk>/secret/", sources.renew, name="source_renew"),
    path("settings/sources/<int:pk>/retire/", sources.retire, name="source_retire"),
    path("submissions/", submissions.submissions, name="submissions"),
    path("submissions/again/", submissions.run_again, name="submissions_again"),
    path("submissions/<int:pk>/", submissions.submission, name="submission"),
    path("submissions/<int:pk>/put-away/", submissions.put_away, name="submission_put_away"),
]
