"""Addresses of the pages about projects, data and accounts."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from arena.views import (
    account,
    data,
    health,
    invitations,
    members,
    open_id,
    passwords,
    projects,
    prompts,
)

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
    path("projects/<slug:slug>/people", members.people, name="people"),
    path("projects/<slug:slug>/people/claim", members.claim, name="project-claim"),
    path(
        "projects/<slug:slug>/people/<str:username>/role", members.change_role, name="member-role"
    ),
    path("projects/<slug:slug>/people/<str:username>/remove", members.remove, name="member-remove"),
    path("projects/<slug:slug>/invitations", invitations.invite, name="invite"),
    path(
        "projects/<slug:slug>/invitations/<int:pk>/revoke",
        invitations.revoke,
        name="invitation-revoke",
    ),
    path("projects/<slug:slug>/log", members.log, name="log"),
    path("invitations/<str:token>", invitations.invitation, name="invitation"),
    path("sign-in/oidc", open_id.begin, name="open-id"),
    path("sign-in/oidc/callback", open_id.callback, name="open-id-callback"),
    path("account/connect", open_id.connect, name="open-id-connect"),
    path("account/identities/<int:pk>/disconnect", account.disconnect, name="disconnect"),
    path("account/profile", account.change_profile, name="profile"),
    path("password-reset", passwords.AskForReset.as_view(), name="password-reset"),
    path(
        "password-reset/<str:uidb64>/<str:token>",
        passwords.Reset.as_view(),
        name="password_reset_confirm",
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
