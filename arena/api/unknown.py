"""The last addresses of all: those below /api/ where nothing is."""

from __future__ import annotations

from django.urls import path

from arena.api.views.schema import unknown

urlpatterns = [path("<path:address>", unknown), path("", unknown, {"address": ""})]
