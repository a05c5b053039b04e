"""Run by the Python of another environment: other libraries on rows of names, as CPU ms.

    PYTHON bench/_rating_peers.py ROWS.json    [first names, second names, winners]

Prints {library: milliseconds} for those that are installed there.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def arena_rank(first: list, second: list, winner: list) -> float:
    """Its Bradley-Terry ratings and intervals, warm: the first call compiles."""
    os.environ["JAX_PLATFORMS"] = "cpu"
    import pandas as pd
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    frame = pd.DataFrame({"model_a": first, "model_b": second, "winner": winner})

    def fitted() -> None:
        data = PairDataset.from_pandas(frame)
        model = BradleyTerry(n_competitors=len(data.competitors))
        model.compute_ratings_and_cis(data)

    fitted()
    start = time.process_time()
    fitted()
    return 1000 * (time.process_time() - start)


def main() -> None:
    rows = json.loads(Path(sys.argv[1]).read_text())
    found = {}
    try:
        found["arena_rank"] = arena_rank(*rows)
    except ImportError as error:
        print(f"arena-rank: {error}", file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
