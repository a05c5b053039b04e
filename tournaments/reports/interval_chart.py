"""The leaderboard as a Plotly figure: a dot for each rating, a whisker for its interval."""

from __future__ import annotations

from html import escape
from typing import Any

from tournaments.models import RatingRun

ON_ELO_SCALE = "rating (Elo scale)"
ROW_HEIGHT = 34
MARGINS = 76


def figure(run: RatingRun) -> dict[str, Any]:
    """Return {data, layout} for plotly.js. Colours are left to the page, which knows its theme."""
    import plotly.graph_objects as go  # slow import

    rows = [row for row in run.rows if row["rating"] is not None]
    rated = [row["rating"] for row in rows]
    trace = go.Scatter(
        x=rated,
        y=[_label(row["competitor"]) for row in rows],
        mode="markers",
        marker={"size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [row["ci_high"] - row["rating"] for row in rows],
            "arrayminus": [row["rating"] - row["ci_low"] for row in rows],
            "thickness": 2,
            "width": 5,
        },
        customdata=[[row["ci_low"], row["ci_high"], row["comparisons"]] for row in rows],
        hovertemplate=(
            "%{y}<br>%{x:.0f}, 95 % interval %{customdata[0]:.0f} to "
            "%{customdata[1]:.0f}<br>%{customdata[2]} comparisons<extra></extra>"
        ),
    )
    layout = {
        "height": ROW_HEIGHT * len(rows) + MARGINS,
        "xaxis": {"title": {"text": "points, per cent" if run.in_percent else ON_ELO_SCALE}},
        # Otherwise plotly.js takes competitors called 7 and 13 for numbers, with a gap between.
        "yaxis": {"type": "category", "autorange": "reversed", "automargin": True},
        "margin": {"l": 10, "r": 20, "t": 10, "b": 46},
        "showlegend": False,
    }
    drawn: dict[str, Any] = go.Figure([trace], layout).to_plotly_json()
    drawn["layout"].pop("template", None)
    return drawn


def _label(name: str) -> str:
    """A name as plotly.js shows it letter by letter: in its texts it reads some HTML.

    Nor may our own texts hold <b> and the like: it sets them by inline styles, which pages refuse.
    """
    return escape(name, quote=False)
