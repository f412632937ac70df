"""The addresses of accounts. Those in mails are also in accounts/links.py; a test compares them."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from heliograph.web import accounts_views as views

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-up", views.join, name="sign-up"),
    path("sign-in", views.enter, name="sign-in"),
    path("sign-out", views.leave, name="sign-out"),
    path("password/forgotten", views.forgotten, name="forgotten-password"),
    path("password/reset/<str:token>", views.reset, name="reset-password"),
    path("email/verify/<str:token>", views.verify, name="verify-address"),
    path("settings/password", views.password, name="change-password"),
    path("settings/delete", views.delete, name="delete-account"),
    path("account/keep", views.keep, name="keep-account"),
    path("settings/email", views.email, name="email-address"),
    path("settings/email/again", views.email_again, name="email-address-again"),
    path("administrator/<str:token>", views.administrator, name="administrator-link"),
]
