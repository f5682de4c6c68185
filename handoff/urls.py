from django.urls import path

from handoff.views import acts, agreement, board, deals, imports, inbox, lead, my_day, notices, people

app_name = "handoff"
urlpatterns = [
    path("", my_day.my_day, name="my_day"),
    path("pipeline/", board.board, name="board"),
    path("pipeline/<str:lane>/more/", board.more, name="board_more"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<int:pk>/", inbox.inbox, name="inbox_item"),
    path("deals/", deals.deals, name="deals"),
    path("deals/<int:pk>/edit/", deals.edit, name="deal_edit"),
    path("leads/<int:pk>/", lead.lead, name="lead"),
    path("leads/<int:pk>/timeline/", lead.timeline, name="timeline"),
    path("leads/<int:pk>/comment/", lead.comment, name="comment"),
    path("leads/<int:pk>/log/", lead.log, name="log"),
    path("leads/<int:pk>/moves/", acts.moves, name="moves"),
    path("leads/<int:pk>/acts/<slug:name>/", acts.act, name="act"),
    path("leads/<int:pk>/plan/", my_day.plan, name="plan"),
    path("notices/", notices.notices, name="notices"),
    path("import/", imports.upload, name="import"),
    path("import/<int:pk>/", imports.show, name="import_show"),
    path("import/<int:pk>/start/", imports.start, name="import_start"),
    path("import/<int:pk>/problems.csv", imports.problems, name="import_problems"),
    path("import/<int:pk>/refused.csv", imports.refused, name="import_refused"),
    path("import/<int:pk>/discard/", imports.discard, name="import_discard"),
    path("settings/", people.settings, name="settings"),
    path("settings/agreement/", agreement.agreement, name="agreement"),
    path("settings/agreement/next/", agreement.renew, name="agreement_next"),
    path("settings/agreement/next/preview/", agreement.preview, name="agreement_preview"),
    path("settings/reasons/add/<slug:act>/", agreement.add_reason, name="reason_add"),
    path("settings/reasons/<int:pk>/", agreement.edit_reason, name="reason"),
    path("settings/people/", people.people, name="people"),
    path("settings/people/<int:pk>/", people.person, name="person"),
    path("settings/sample/", people.sample, name="sample"),
]
