"""How near each format came to the final order as its calls went by, as a Plotly figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tournaments.formats import registry as formats

if TYPE_CHECKING:
    from tournaments.services.simulating import Replay

HEIGHT = 380


def figure(replays: Sequence[Replay], each: float = 1.0) -> dict[str, Any]:
    """Return {data, layout} for plotly.js, with `each` calls for a comparison.

    Colours are left to the page, which knows its theme.
    """
    import plotly.graph_objects as go  # slow import

    traces = [
        go.Scatter(
            x=(each * replay.calls).round().tolist(),
            y=replay.tau.round(4).tolist(),
            mode="lines",
            name=formats.get(replay.format).label,
            hovertemplate="%{x:,.0f} calls: tau %{y:.2f}<extra>%{fullData.name}</extra>",
        )
        for replay in replays
    ]
    layout = {
        "height": HEIGHT,
        "xaxis": {"title": {"text": "calls (logarithmic)"}, "type": "log", **_ticks(replays, each)},
        "yaxis": {"title": {"text": "Kendall’s tau with the final order"}, "range": [0, 1.02]},
        "margin": {"l": 10, "r": 20, "t": 10, "b": 46},
        "shapes": [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": level, "y1": level,
             "line": {"color": "var(--chart-axis)", "width": 1, "dash": "dot"}}
            for level in (0.9, 0.95)
        ],
    }  # fmt: skip
    drawn: dict[str, Any] = go.Figure(traces).to_plotly_json()
    return {"data": drawn["data"], "layout": layout}


def _ticks(replays: Sequence[Replay], each: float) -> dict[str, Any]:
    """Marks at 1, 2 and 5 of each power of ten, in full: plotly.js shortens 20 to 2."""
    most = each * max((float(replay.calls.max()) for replay in replays), default=1.0)
    marks = [digit * 10**power for power in range(len(str(int(most))) + 1) for digit in (1, 2, 5)]
    return {"tickvals": marks, "ticktext": [f"{mark:,}" for mark in marks]}
