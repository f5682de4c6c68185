from django.urls import path

from leads.views import table

app_name = "leads"
urlpatterns = [
    path("leads/", table.table, name="table"),
    path("leads/export.csv", table.export, name="export"),
    path("leads/add/", table.add, name="add"),
    path("leads/known/", table.known, name="known"),
    path("leads/<int:pk>/edit/", table.edit, name="edit"),
]
