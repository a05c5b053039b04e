"""Uploading judgments that were made elsewhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from arena.datasets.records import JudgmentRecord
from arena.models import Project, Role
from arena.views.access import project_page
from arena.views.uploads import Sort, upload_page
from judges.services.records import import_judgments

JUDGMENTS = Sort(
    name="judgments",
    about="Who won, by judges of your own. Each name becomes a judge that reads its record back.",
    record=JudgmentRecord,
    write=import_judgments,
    example='{"prompt": "sql-1", "competitor_a": "model-7b", "competitor_b": "model-70b", '
    '"winner": "b", "judge": "anna", "judge_kind": "human"}',
)


@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.EDITOR)
def upload(request: HttpRequest, project: Project) -> HttpResponse:
    """Upload a file of judgments."""
    return upload_page(request, project, JUDGMENTS)
