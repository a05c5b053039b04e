"""What services raise, as pages. The API translates its own."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from arena.common.errors import ArenaError, Conflict, Forbidden, NotFound

Page = tuple[int, str]  # status, template

_PAGES: dict[type[Exception], Page] = {
    NotFound: (404, "errors/404.html"),
    Http404: (404, "errors/404.html"),
    Forbidden: (403, "errors/403.html"),
    PermissionDenied: (403, "errors/403.html"),
    Conflict: (409, "errors/400.html"),
    ArenaError: (400, "errors/400.html"),
}
_WORDS = {
    403: "You may not do that here.",
    404: "There is nothing here, or nothing that you may see.",
}


class ErrorPages:
    """Middleware: renders an error that a page's view raised, with `message` and `fields`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        page = next((page for kind, page in _PAGES.items() if isinstance(error, kind)), None)
        if page is None or request.path_info.startswith("/api/"):
            return None
        status, template = page
        if isinstance(error, ArenaError):
            context = {"message": error.message, "fields": error.fields}
        else:
            context = {"message": _WORDS[status], "fields": {}}
        return render(request, template, context, status=status)
