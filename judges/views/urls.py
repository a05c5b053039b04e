"""Addresses of the pages about judges, and of the page on which people judge."""

from __future__ import annotations

from django.urls import path

from judges.views import judges, rating, records

urlpatterns = [
    path("projects/<slug:slug>/judges", judges.judges, name="judges"),
    path("projects/<slug:slug>/judges/new", judges.new_judge, name="judge-new"),
    path("projects/<slug:slug>/judges/<int:pk>", judges.judge, name="judge"),
    path("projects/<slug:slug>/rate", rating.rate, name="rate"),
    path("projects/<slug:slug>/data/upload/judgments", records.upload, name="upload-judgments"),
]
