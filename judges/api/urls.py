"""Everything of the judges app under /api/v1/."""

from __future__ import annotations

from django.urls import path

from judges.api.views import JudgeKinds, Judges, Judgments

urlpatterns = [
    path("judge-kinds", JudgeKinds.as_view(), name="api-judge-kinds"),
    path("projects/<slug:slug>/judges", Judges.as_view(), name="api-judges"),
    path("projects/<slug:slug>/judgments", Judgments.as_view(), name="api-judgments"),
]
