"""python -m bench.formats [--full] [--only PART ...] [--competitors 10 20 50 100] [--rho 0.5 0]
                         [--trials N]

Every format plays the same worlds; +- is one standard error over the simulated tournaments. Known
marks are those of the study that the design rests on.
"""

from __future__ import annotations

import argparse
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bench.formats import (
    bound,
    calls,
    coverage,
    insertion,
    levers,
    replay,
    stopping,
    varco,
    waves,
)

PARTS = {
    "calls": calls.run,
    "best": calls.run_best,
    "levers": levers.run,
    "bound": bound.run,
    "waves": waves.run,
    "varco": varco.run,
    "coverage": coverage.run,
    "stopping": stopping.run,
    "insertion": insertion.run,
    "replay": replay.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--competitors", type=int, nargs="+", choices=calls.SIZES, default=[10, 20])
    parser.add_argument("--rho", type=float, nargs="+", choices=(0.5, 0.0), default=[0.5, 0.0])
    parser.add_argument("--trials", type=int, help="tournaments, instead of each part's own number")
    options = parser.parse_args()
    for name, part in PARTS.items():
        if name in options.only:
            part(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
