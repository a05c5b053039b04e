"""Addresses of the pages about judges, and of the page on which people judge."""

from __future__ import annotations

from django.urls import path

from judges.views import endpoints, judges, rating, records, reports, trials

urlpatterns = [
    path("projects/<slug:slug>/judges", judges.judges, name="judges"),
    path("projects/<slug:slug>/judges/new", judges.new_judge, name="judge-new"),
    path("projects/<slug:slug>/judges/<int:pk>", judges.judge, name="judge"),
    path("projects/<slug:slug>/judges/<int:pk>/try", trials.trial, name="judge-trial"),
    path("projects/<slug:slug>/judges/try", trials.unsaved, name="judge-trial-unsaved"),
    path("projects/<slug:slug>/judges/<int:pk>/report", reports.report, name="judge-report"),
    path("projects/<slug:slug>/judges/agreement", reports.agreement, name="judge-agreement"),
    path("projects/<slug:slug>/judges/endpoints", endpoints.endpoints, name="endpoints"),
    path("projects/<slug:slug>/judges/endpoints/new", endpoints.new_endpoint, name="endpoint-new"),
    path("projects/<slug:slug>/judges/endpoints/<int:pk>", endpoints.endpoint, name="endpoint"),
    path(
        "projects/<slug:slug>/judges/endpoints/<int:pk>/delete",
        endpoints.delete_endpoint,
        name="endpoint-delete",
    ),
    path("projects/<slug:slug>/rate", rating.rate, name="rate"),
    path("projects/<slug:slug>/data/upload/judgments", records.upload, name="upload-judgments"),
]
