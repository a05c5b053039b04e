"""Uploading prompts, competitors and outputs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from arena.datasets.records import CompetitorRecord, OutputRecord, SentPrompt
from arena.models import Project, Role
from arena.services.competitors import upsert_competitors
from arena.services.outputs import upsert_outputs
from arena.services.prompts import upsert_prompts
from arena.views.access import project_page
from arena.views.uploads import Sort, upload_page

SORTS: dict[str, Sort[Any]] = {
    sort.name: sort
    for sort in (
        Sort(
            name="prompts",
            about="What is asked. Sent again under the same id, a prompt is replaced.",
            record=SentPrompt,
            write=upsert_prompts,
            example='{"id": "sql-1", "text": "Which customers never ordered?", "category": "code"}',
        ),
        Sort(
            name="outputs",
            about="What your competitors answered. A competitor that is new is created.",
            record=OutputRecord,
            write=upsert_outputs,
            example='{"prompt": "sql-1", "competitor": "model-7b", "text": "SELECT …"}',
        ),
        Sort(
            name="competitors",
            about="Only for what outputs do not say: which is a version of which, and metadata.",
            record=CompetitorRecord,
            write=upsert_competitors,
            example='{"name": "model-7b-v2", "version_of": "model-7b"}',
        ),
    )
}


@require_http_methods(["GET", "HEAD", "POST"])
@project_page(Role.EDITOR)
def upload(request: HttpRequest, project: Project, sort: str = "prompts") -> HttpResponse:
    """Upload a file of one sort."""
    return upload_page(request, project, SORTS[sort])
