"""Ratings: correct digits, irregular data, coverage of intervals, speed beside other libraries.

    python -m bench.ratings [--full] [--only PART] [--peers PYTHON]

PART is correct, irregular, coverage, graded or speed. Coverage and graded take 100 simulated
tournaments a row; --full takes 400. Peers run in an environment of their own, which
`python -m bench.ratings.environment` builds; --peers names another Python. Times are CPU seconds of
one process with one thread; compare ratios, not seconds.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench.ratings.correct import correct  # noqa: E402
from bench.ratings.coverage import coverage  # noqa: E402
from bench.ratings.environment import PYTHON  # noqa: E402
from bench.ratings.graded import graded  # noqa: E402
from bench.ratings.irregular import irregular  # noqa: E402
from bench.ratings.speed import speed  # noqa: E402

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
PARTS = ("correct", "irregular", "coverage", "graded", "speed")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.ratings", description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="400 tournaments a row, not 100")
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--peers", default=str(PYTHON), metavar="PYTHON")
    asked = parser.parse_args()
    work: dict[str, Callable[[], bool]] = {
        "correct": correct,
        "irregular": irregular,
        "coverage": lambda: coverage(400 if asked.full else 100),
        "graded": lambda: graded(400 if asked.full else 100),
        "speed": lambda: speed(asked.peers),
    }
    passed = True
    for part in asked.only or PARTS:
        print(f"\n--- {part} ---", flush=True)
        passed &= work[part]()
    return 0 if passed else 1


if __name__ == "__main__":
    if not ONE_THREAD.items() <= os.environ.items():  # read once, when numpy is loaded
        again = [sys.executable, "-m", "bench.ratings", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, **ONE_THREAD})
    sys.exit(main())
