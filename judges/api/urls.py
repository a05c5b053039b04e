"""Everything of the judges app under /api/v1/."""

from __future__ import annotations

from django.urls import path

from judges.api.endpoints import Endpoints, OneEndpoint
from judges.api.reports import JudgeAgreement, JudgeReports
from judges.api.trials import Trials
from judges.api.views import JudgeKinds, Judges, Judgments

urlpatterns = [
    path("judge-kinds", JudgeKinds.as_view(), name="api-judge-kinds"),
    path("projects/<slug:slug>/judges", Judges.as_view(), name="api-judges"),
    path(
        "projects/<slug:slug>/judges/<int:pk>/report",
        JudgeReports.as_view(),
        name="api-judge-report",
    ),
    path(
        "projects/<slug:slug>/judge-agreement", JudgeAgreement.as_view(), name="api-judge-agreement"
    ),
    path("projects/<slug:slug>/judges/<path:name>/try", Trials.as_view(), name="api-trial"),
    path("projects/<slug:slug>/endpoints", Endpoints.as_view(), name="api-endpoints"),
    path("projects/<slug:slug>/endpoints/<str:name>", OneEndpoint.as_view(), name="api-endpoint"),
    path("projects/<slug:slug>/judgments", Judgments.as_view(), name="api-judgments"),
]
