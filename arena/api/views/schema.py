"""The schema, its page, and the answer at addresses where nothing is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from arena.api.errors import answer
from arena.common.errors import NotFound


class Schema(SpectacularJSONAPIView):
    """OpenAPI 3.1, as JSON."""


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from the sidecar package, without inline script or style."""

    url_name = "api-schema"
    template_name = "arena/api_docs.html"


@csrf_exempt
def unknown(request: HttpRequest, address: str) -> HttpResponse:
    """All other addresses below /api/, with any method."""
    return answer(NotFound(f"there is nothing at /api/{address}"), request)
