"""Who can be compared with whom: connected components of the results.

The maximum of the Bradley-Terry likelihood exists, and is unique, exactly when every competitor
can be reached from every other by a path of "took at least half a point from" (Ford, 1957).
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from tournaments.ratings.base import FloatArray, IntArray


def met_groups(win_matrix: FloatArray) -> list[IntArray]:
    """Groups of competitors (indices) that met, directly or through others; the largest first."""
    return _groups(win_matrix, "weak")


def level_groups(win_matrix: FloatArray) -> list[IntArray]:
    """Groups in which results run both ways, so that the data alone place their members.

    Between two such groups all results, if any, run one way. The largest is first.
    """
    return _groups(win_matrix, "strong")


def _groups(win_matrix: FloatArray, connection: str) -> list[IntArray]:
    graph = csr_array(win_matrix > 0)
    n, label = connected_components(graph, directed=True, connection=connection)
    groups = [np.flatnonzero(label == i) for i in range(n)]
    return sorted(groups, key=lambda group: (-len(group), group[0]))
