from django.urls import path

from leads.views import hosted, quick, sources, submissions, table, webforms, websites

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
    path("settings/websites/", websites.websites, name="websites"),
    path("settings/websites/<int:pk>/", websites.website, name="website"),
    path("settings/websites/<int:pk>/remove/", websites.remove, name="website_remove"),
    path("submissions/", submissions.submissions, name="submissions"),
    path("submissions/again/", submissions.run_again, name="submissions_again"),
    path("submissions/<int:pk>/", submissions.submission, name="submission"),
    path("submissions/<int:pk>/put-away/", submissions.put_away, name="submission_put_away"),
    path("forms/", webforms.index, name="forms"),
    path("forms/add/", webforms.edit, name="form_add"),
    path("forms/preview/", webforms.preview, name="form_preview"),
    path("forms/<int:pk>/", webforms.detail, name="form"),
    path("forms/<int:pk>/edit/", webforms.edit, name="form_edit"),
    path("forms/<int:pk>/<str:act>/", webforms.act, name="form_act"),
    path("f/<slug:public>.js", hosted.script, name="script"),
    path("f/<slug:public>.css", hosted.look, name="look"),
    path("f/<slug:public>/token", hosted.token, name="form_token"),
    path("f/<slug:public>/thanks", hosted.thanks, name="thanks"),
    path("f/<slug:public>", hosted.hosted, name="hosted"),
]
