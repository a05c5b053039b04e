"""Addresses of the pages about projects, data and accounts."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from arena.views import account, data, health, projects, prompts

urlpatterns = [
    path("", projects.projects, name="projects"),
    path("projects/new", projects.new_project, name="project-new"),
    path("projects/<slug:slug>/data", prompts.prompts, name="prompts"),
    path("projects/<slug:slug>/data/<int:pk>", prompts.prompt, name="prompt"),
    path("projects/<slug:slug>/data/upload", data.upload, name="upload"),
    path(
        "projects/<slug:slug>/data/upload/outputs",
        data.upload,
        {"sort": "outputs"},
        name="upload-outputs",
    ),
    path(
        "projects/<slug:slug>/data/upload/competitors",
        data.upload,
        {"sort": "competitors"},
        name="upload-competitors",
    ),
    path("sign-in", account.SignIn.as_view(), name="sign-in"),
    path("sign-in/<str:ticket>", account.sign_in_ticket, name="sign-in-ticket"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
    path("account", account.account, name="account"),
    path("account/tokens", account.new_token, name="token-new"),
    path("account/tokens/<int:pk>/revoke", account.revoke_token, name="token-revoke"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
]
