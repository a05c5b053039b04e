from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from arena.common.errors import Conflict, Forbidden, InvalidInput, NotFound

ERRORS: dict[str, Exception] = {
    "invalid": InvalidInput("the seed is no number", {"seed": "must be a number"}),
    "conflict": Conflict("it runs already"),
    "forbidden": Forbidden("this needs the role owner"),
    "denied": PermissionDenied("secret reason"),
    "missing": NotFound("there is no project"),
    "http404": Http404("secret reason"),
    "broken": ZeroDivisionError("secret reason"),
}


def fail(request: HttpRequest, name: str) -> HttpResponse:
    raise ERRORS[name]


urlpatterns = [path("pages/<name>", fail), path("", include("arena.urls"))]

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.mark.parametrize(
    ("name", "status", "template"),
    [
        ("invalid", 400, "errors/400.html"),
        ("conflict", 409, "errors/400.html"),
        ("forbidden", 403, "errors/403.html"),
        ("denied", 403, "errors/403.html"),
        ("missing", 404, "errors/404.html"),
        ("http404", 404, "errors/404.html"),
    ],
)
def test_an_error_of_a_page_is_a_page(
    client: Client, name: str, status: int, template: str
) -> None:
    response = client.get(f"/pages/{name}")

    assert response.status_code == status
    assert template in [used.name for used in response.templates]
    assert "secret reason" not in response.content.decode()


def test_message_and_fields_reach_the_template(client: Client) -> None:
    context = client.get("/pages/invalid").context

    assert context["message"] == "the seed is no number"
    assert context["fields"] == {"seed": "must be a number"}


def test_what_is_no_error_of_ours_stays_a_500(client: Client) -> None:
    client.raise_request_exception = False

    assert client.get("/pages/broken").status_code == 500
