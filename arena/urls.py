"""All addresses. The composition root: it names the apps as strings, and nothing else does."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("arena.views.urls")),
    path("", include("judges.views.urls")),
    path("", include("tournaments.views.urls")),
    path("api/v1/", include("arena.api.urls")),
    path("api/v1/", include("judges.api.urls")),
    path("api/v1/", include("tournaments.api.urls")),
    path("api/", include("arena.api.unknown")),
]

handler400 = "arena.views.errors.bad_request"
handler404 = "arena.views.errors.not_found"
handler500 = "arena.views.errors.server_error"
