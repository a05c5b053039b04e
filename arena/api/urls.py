"""Everything of the arena app under /api/v1/."""

from __future__ import annotations

from django.urls import path

from arena.api.views.competitors import Competitors
from arena.api.views.invitations import Invitations, OneInvitation
from arena.api.views.log import Log
from arena.api.views.members import Members, OneMember
from arena.api.views.outputs import Outputs
from arena.api.views.projects import OneProject, Projects
from arena.api.views.prompts import Prompts
from arena.api.views.schema import Docs, Schema

urlpatterns = [
    path("projects", Projects.as_view(), name="api-projects"),
    path("projects/<slug:slug>", OneProject.as_view(), name="api-project"),
    path("projects/<slug:slug>/prompts", Prompts.as_view(), name="api-prompts"),
    path("projects/<slug:slug>/competitors", Competitors.as_view(), name="api-competitors"),
    path("projects/<slug:slug>/outputs", Outputs.as_view(), name="api-outputs"),
    path("projects/<slug:slug>/members", Members.as_view(), name="api-members"),
    path("projects/<slug:slug>/members/<str:username>", OneMember.as_view(), name="api-member"),
    path("projects/<slug:slug>/invitations", Invitations.as_view(), name="api-invitations"),
    path(
        "projects/<slug:slug>/invitations/<int:pk>",
        OneInvitation.as_view(),
        name="api-invitation",
    ),
    path("projects/<slug:slug>/log", Log.as_view(), name="api-log"),
    path("schema", Schema.as_view(), name="api-schema"),
    path("docs", Docs.as_view(), name="api-docs"),
]
