from django.urls import path

from leads import views

app_name = "leads"
urlpatterns = [
    path("leads/", views.table, name="table"),
    path("leads/export.csv", views.export, name="export"),
    path("leads/add/", views.add, name="add"),
    path("leads/known/", views.known, name="known"),
    path("leads/<int:pk>/edit/", views.edit, name="edit"),
]
