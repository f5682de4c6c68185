from django.urls import path

from personas import views

app_name = "personas"
urlpatterns = [
    path("personas/", views.index, name="list"),
    path("personas/add/", views.edit, name="add"),
    path("personas/<int:pk>/", views.detail, name="detail"),
    path("personas/<int:pk>/edit/", views.edit, name="edit"),
]
