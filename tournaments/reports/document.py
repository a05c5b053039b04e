"""A report as one self-contained HTML page: no script, no outside request."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from tournaments.gaps import gaps_of
from tournaments.models import RatingRun
from tournaments.ratings import registry as methods
from tournaments.reports.interval_picture import picture


def render(run: RatingRun, title: str) -> str:
    """Return the page for a rating run."""
    return render_to_string(
        "tournaments/report_document.html",
        {
            "title": title,
            "run": run,
            "rows": run.rows,
            "gaps": gaps_of(run),
            "method": methods.build(run.method),
            "picture": picture(run.rows),
            "css": mark_safe(stylesheet()),  # noqa: S308  # our own file
            "site_url": settings.SITE_URL,
        },
    )


def stylesheet() -> str:
    """The style sheet that every report carries inside."""
    path = Path(settings.BASE_DIR) / "static" / "css" / "report.css"
    return path.read_text(encoding="utf-8")
