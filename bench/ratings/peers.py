"""Run by the Python of another environment: other libraries on the same judgments, as CPU ms.

    PYTHON bench/ratings/peers.py FOLDER    with rows.npz and names.json

Prints {measure: milliseconds} as its last line; what is not installed is left out. FastChat's
method (`rating_systems.py` of its repository; the package on the index has only its predecessor,
a dense logistic regression that needs 3 GB here) is written anew with the calls it makes: names
through pandas.factorize, distinct rows with weights, scipy's L-BFGS-B with gtol 1e-6 and at most
100 rounds, serial refits of multinomial resamples, rows for covariates.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[threads] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

import numpy as np  # noqa: E402

N = 200
LN10 = np.log(10.0)


def cpu(work: Callable[[], object], times: int = 1) -> float:
    """CPU milliseconds, the best of some."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return 1000 * min(taken)


class Judgments:
    def __init__(self, folder: Path) -> None:
        rows = np.load(folder / "rows.npz")
        self.a, self.b, self.outcome = rows["a"], rows["b"], rows["outcome"]
        self.x, self.styled = rows["x"], rows["styled"]
        self.names = json.loads((folder / "names.json").read_text())
        self.won = self.outcome == 0

    def matrix(self) -> np.ndarray:
        winner, loser = np.where(self.won, [self.a, self.b], [self.b, self.a])
        return np.bincount(winner * N + loser, minlength=N * N).reshape(N, N).astype(float)


def evalica(data: Judgments) -> dict[str, float]:
    import evalica as library

    xs, ys = data.a.tolist(), data.b.tolist()
    winners = [library.Winner.X if won else library.Winner.Y for won in data.won.tolist()]

    def resampled(n: int) -> float:
        return cpu(lambda: library.bootstrap(
            library.bradley_terry, xs, ys, winners,
            n_resamples=n, bootstrap_method="percentile", random_state=0,
        ))  # fmt: skip

    return {
        "evalica": cpu(lambda: library.bradley_terry(xs, ys, winners), 3),
        # Linear in the resamples, so some are scaled up; the difference leaves out what is fixed.
        "evalica_bootstrap": (resampled(14) - resampled(2)) / 12 * 1000,
    }


def choix(data: Judgments) -> dict[str, float]:
    import choix as library

    winner, loser = np.where(data.won, [data.a, data.b], [data.b, data.a])
    rows = list(zip(winner.tolist(), loser.tolist(), strict=True))
    wins, rng = data.matrix(), np.random.default_rng(0)

    def resampled() -> None:
        for _ in range(50):
            library.ilsr_pairwise_dense(rng.poisson(wins).astype(float))

    return {
        "choix_rows": cpu(lambda: library.ilsr_pairwise(N, rows), 2),
        "choix_matrix": cpu(lambda: library.ilsr_pairwise_dense(wins), 9),
        "choix_bootstrap": cpu(resampled) * 20,
    }


def arena_rank(data: Judgments) -> dict[str, float]:
    """Ratings and intervals, warm: the first call compiles."""
    import pandas as pd
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    frame = pd.DataFrame(dict(zip(("model_a", "model_b", "winner"), data.names, strict=True)))

    def fitted() -> None:
        rows = PairDataset.from_pandas(frame)
        BradleyTerry(n_competitors=len(rows.competitors)).compute_ratings_and_cis(rows)

    fitted()
    return {"arena_rank": cpu(fitted, 2)}


def fastchat(data: Judgments) -> dict[str, float]:
    import pandas as pd

    frame = pd.DataFrame(dict(zip(("model_a", "model_b", "winner"), data.names, strict=True)))
    rng = np.random.default_rng(0)

    def fitted() -> None:
        pairs, points, weight, n = distinct(frame)
        lbfgs(pairs, points, weight, n)

    def resampled(times: int) -> Callable[[], None]:
        def work() -> None:
            pairs, points, weight, n = distinct(frame)
            drawn = rng.multinomial(len(frame), weight / weight.sum(), size=times)
            for counts in drawn / len(frame):
                lbfgs(pairs, points, counts, n)

        return work

    pairs, points = np.column_stack([data.a, data.b]), 1.0 - data.styled / 2.0
    features = (data.x - data.x.mean(axis=0)) / data.x.std(axis=0)
    return {
        "fastchat": cpu(fitted, 3),
        "fastchat_bootstrap": (cpu(resampled(30)) - cpu(resampled(5))) * 40,
        "fastchat_covariates": cpu(
            lambda: lbfgs(pairs, points, np.ones(len(pairs)), N, features, ridge=0.5)
        ),
    }


def distinct(frame: object) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Pairs, points of the first and weights of the distinct rows of a frame, and the names."""
    import pandas as pd

    size = len(frame)
    number, names = pd.factorize(pd.concat([frame["model_a"], frame["model_b"]]))
    rows = np.ones((size, 3), dtype=np.int32)
    rows[:, 0], rows[:, 1] = number[:size], number[size:]
    rows[frame["winner"] == "model_a", 2] = 2
    rows[frame["winner"] == "model_b", 2] = 0
    found, counts = np.unique(rows, return_counts=True, axis=0)
    return found[:, :2], found[:, 2] / 2.0, counts.astype(float), len(names)


def lbfgs(
    pairs: np.ndarray,
    points: np.ndarray,
    weight: np.ndarray,
    n: int,
    features: np.ndarray | None = None,
    ridge: float = 0.0,
) -> np.ndarray:
    """Ratings per log 10, and coefficients, by L-BFGS-B from zero."""
    from scipy.optimize import minimize
    from scipy.special import expit

    k = 0 if features is None else features.shape[1]
    signs = np.array([1.0, -1.0])

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        of_pairs = point[:n][pairs]
        logit = LN10 * (of_pairs[:, 0] - of_pairs[:, 1])
        if features is not None:
            logit = logit + features @ point[n:]
        p = expit(logit)
        value = -((np.log(p) * points + np.log(1.0 - p) * (1.0 - points)) * weight).sum()
        missing = (points - p) * weight
        gradient = ridge * point
        np.add.at(gradient[:n], pairs, -LN10 * missing[:, None] * signs)
        if features is not None:
            gradient[n:] -= features.T @ missing
        return value + ridge / 2 * float(point @ point), gradient

    options = {"maxiter": 100, "gtol": 1e-6}
    return minimize(loss, np.zeros(n + k), jac=True, method="L-BFGS-B", options=options).x


def main() -> None:
    data = Judgments(Path(sys.argv[1]))
    found: dict[str, float] = {}
    for peer in (evalica, choix, fastchat, arena_rank):
        try:
            found |= peer(data)
        except ImportError as error:
            print(f"{peer.__name__}: {error}", file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
