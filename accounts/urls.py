from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("settings/tokens/", views.tokens, name="tokens"),
    path("settings/tokens/revoke/", views.revoke, name="token_revoke"),
]
