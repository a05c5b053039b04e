"""Pages for addresses and forms that never reach a view."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    context = {"message": "There is nothing at this address."}
    return render(request, "errors/404.html", context, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "errors/500.html", status=500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    context = {"message": "This request could not be read."}
    return render(request, "errors/400.html", context, status=400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    message = "This form has expired, or cookies are off. Go back, reload the page, try again."
    return render(request, "errors/403.html", {"message": message}, status=403)
