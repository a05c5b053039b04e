"""Speed beside other libraries, each on the same form of input, in the same run."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tournaments.ratings import registry, replicates, resamples
from tournaments.ratings.base import Comparisons, FloatArray
from tournaments.ratings.counts import Pairs, count_outcomes, pairs_of
from tournaments.ratings.encoding import codes, numbered
from tournaments.ratings.links import HalfWin, Link
from tournaments.ratings.paired import Fit, Prior, Units, fit, gram, predictor
from tournaments.ratings.uncertainty import hybrid, model_covariance

COMPETITORS = 200
ROWS = 1_000_000
PRIOR = Prior(1.0)
LINK = HalfWin()


@dataclass(frozen=True)
class Mark:
    """A peer's time on the same input, and how many times ours it should be."""

    key: str
    name: str
    goal: float | None


INTEGERS = (
    Mark("evalica", "evalica, fit only", 18),
    Mark("choix_rows", "choix, rows (ilsr_pairwise), fit only", 100),
)
NAMES = (
    Mark("fastchat", "FastChat's method, fit only", 8),
    Mark("arena_rank", "arena-rank, with intervals", 22),
)
MATRIX = (Mark("choix_matrix", "choix, matrix (ilsr_pairwise_dense), fit only", None),)
BOOTSTRAP = (
    Mark("fastchat_bootstrap", "FastChat's method", 90),
    Mark("choix_bootstrap", "choix on resampled matrices", 14),
    Mark("evalica_bootstrap", "evalica.bootstrap, percentile (scaled up)", 2000),
)
COVARIATES = (Mark("fastchat_covariates", "FastChat's method, fit only", 4),)


def speed(peers: str) -> bool:
    """200 competitors, 1,000,000 judgments, no ties; False when a goal is missed."""
    print("200 competitors, 1,000,000 judgments; CPU ms, best of some; ratio = other / ours")
    data = _Judgments(COMPETITORS, ROWS)
    theirs = _peers(peers, data)
    pairs = pairs_of(count_outcomes(data.a, data.b, data.outcome, COMPETITORS))
    whole = fit(Units.plain(pairs), LINK, PRIOR)
    rows: list[tuple[str, float, tuple[Mark, ...]]] = [
        ("integer rows: count + fit + intervals", _cpu(data.from_integers, 25), INTEGERS),
        ("names: encode + count + fit + intervals", _cpu(data.from_names, 7), NAMES),
        ("count matrix: fit + intervals", _cpu(lambda: _fit_intervals(pairs), 25), MATRIX),
        ("1,000 bootstrap replicates", _cpu(lambda: _replicates(pairs, whole), 7), BOOTSTRAP),
        ("4 covariates: fit + intervals", _cpu(data.with_covariates, 3), COVARIATES),
    ]
    passed = True
    for what, ours, marks in rows:
        print(f"{what:<46} {ours:>9.1f}")
        for mark in marks:
            passed &= _versus(mark, theirs.get(mark.key), ours)
    _exactness(pairs, whole)
    _whole_tables(data)
    _more_rows()
    return passed


class _Judgments:
    """The input of all: as integers, as names, and with four covariates."""

    def __init__(self, n: int, size: int) -> None:
        rng = np.random.default_rng(0)
        self.n, self.theta = n, rng.normal(0.0, 1.0, n)
        self.a = rng.integers(0, n, size)
        self.b = (self.a + rng.integers(1, n, size)) % n
        lead = self.theta[self.a] - self.theta[self.b]
        self.outcome = np.where(rng.random(size) < 1 / (1 + np.exp(-lead)), 0, 2)
        names = [f"model-{i:03d}" for i in range(n)]
        self.first, self.second = ([names[i] for i in x.tolist()] for x in (self.a, self.b))
        self.winner = np.where(self.outcome == 0, "model_a", "model_b").tolist()
        self.x = rng.normal(size=(size, 4))
        lead += self.x @ np.array([0.4, 0.2, -0.1, 0.0])
        self.styled = np.where(rng.random(size) < 1 / (1 + np.exp(-lead)), 0, 2)

    def from_integers(self) -> np.ndarray:
        return _fit_intervals(pairs_of(count_outcomes(self.a, self.b, self.outcome, self.n)))

    def from_names(self) -> np.ndarray:
        names, columns = numbered(self.first, self.second)
        outcome = codes(self.winner, {"model_a": 0, "tie": 1, "model_b": 2})
        return _fit_intervals(pairs_of(count_outcomes(*columns, outcome, len(names))))

    def with_covariates(self) -> np.ndarray:
        """Rows are units; the plain fit from counts is where it starts, as in `PairedMethod`."""
        start = fit(
            Units.plain(pairs_of(count_outcomes(self.a, self.b, self.styled, self.n))), LINK, PRIOR
        )
        outcomes = np.zeros((len(self.a), 3))
        outcomes[np.arange(len(self.a)), self.styled] = 1.0
        units = Units(Pairs(self.n, self.a, self.b, outcomes), np.asfortranarray(self.x))
        return _intervals(units, fit(units, LINK, PRIOR, start.theta))

    def comparisons(self, styled: bool) -> Comparisons:
        names = tuple(f"m{i:03d}" for i in range(self.n))
        prompt = np.random.default_rng(1).integers(0, 2000, len(self.a))
        if not styled:
            return Comparisons(names, self.a, self.b, 1.0 - self.outcome / 2, prompt)
        columns = dict(zip(("length", "headers", "lists", "bold"), self.x.T, strict=True))
        score = 1.0 - self.styled / 2
        return Comparisons(names, self.a, self.b, score, prompt, covariates=columns)


def _fit_intervals(pairs: Pairs) -> np.ndarray:
    units = Units.plain(pairs)
    return _intervals(units, fit(units, LINK, PRIOR))


def _intervals(units: Units, found: Fit) -> np.ndarray:
    """Rows without prompts: each is a cluster of its own, so counts are enough."""
    inverse = found.covariance
    model = model_covariance(found, units, LINK, PRIOR, inverse)
    clustered = row_covariance(found, units, LINK, inverse)
    m = units.pairs.n
    blocks = (_centred(part[:m, :m]) for part in (model, clustered))
    return hybrid(*blocks, int(units.pairs.outcomes.sum()), 0.95).half


def _centred(v: np.ndarray) -> np.ndarray:
    return v - v.mean(axis=0) - v.mean(axis=1, keepdims=True) + v.mean()


def _replicates(pairs: Pairs, whole: Fit, times: int = 1000) -> np.ndarray:
    rng = np.random.Generator(np.random.SFC64(1))
    drawn = resamples.row_resamples(pairs, times, rng)
    return replicates.refits(drawn, whole, Units.plain(pairs), LINK, PRIOR)


def _exactness(pairs: Pairs, whole: Fit) -> None:
    """The first replicates against Newton's method run to its end on the same resamples."""
    few, plain = 50, Units.plain(pairs)
    quick = _replicates(pairs, whole, few)
    rng = np.random.Generator(np.random.SFC64(1))
    outcomes = next(resamples.row_resamples(pairs, few, rng)).astype(float)
    exact = np.array([
        fit(replace(plain, pairs=replace(pairs, outcomes=outcomes[:, :, i])), LINK, PRIOR).theta
        for i in range(few)
    ])  # fmt: skip
    error = np.sqrt(np.diag(_centred(whole.covariance)))
    apart = (quick - quick.mean(axis=1, keepdims=True)) - (exact - exact.mean(axis=1)[:, None])
    print(f"  {few} replicates against full convergence: at most"
          f" {np.abs(apart / error).max():.1e} standard errors apart")  # fmt: skip


def _whole_tables(data: _Judgments) -> None:
    styles = {"style_control": ["length", "headers", "lists", "bold"]}
    for what, params, styled in (
        ("whole table (hash, clusters, ranks, tiers)", {}, False),
        ("the same, 4 covariates", styles, True),
    ):
        rule, rows = registry.build("bradley_terry", params), data.comparisons(styled)
        print(f"{what:<46} {_cpu(lambda rule=rule, rows=rows: rule.rate(rows), 3):>9.1f}")


def _cpu(work: Callable[[], object], times: int) -> float:
    """CPU milliseconds, the best of some."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return 1000 * min(taken)


def _versus(mark: Mark, theirs: float | None, ours: float) -> bool:
    if theirs is None:
        print(f"  {mark.name:<44} {'NOT RUN':>9}")
        return True
    reached = mark.goal is None or theirs >= mark.goal * ours
    goal = f"  goal {mark.goal:,}: {'ok' if reached else 'MISSED'}" if mark.goal else ""
    print(f"  {mark.name:<44} {theirs:>9.1f}  ratio {theirs / ours:>8.1f}{goal}", flush=True)
    return reached


def _peers(python: str, data: _Judgments) -> dict[str, float]:
    """CPU ms of each peer, by the Python of their own environment."""
    if not Path(python).is_file():
        print(f"no peers at {python}: build them with `python -m bench.ratings.environment`")
        return {}
    with tempfile.TemporaryDirectory(prefix="arena-bench-") as folder:
        where = Path(folder)
        np.savez(where / "rows.npz", a=data.a, b=data.b, outcome=data.outcome,
                 x=data.x, styled=data.styled)  # fmt: skip
        (where / "names.json").write_text(json.dumps([data.first, data.second, data.winner]))
        script = str(Path(__file__).with_name("peers.py"))
        run = subprocess.run(
            [python, script, folder], check=False, stdout=subprocess.PIPE, text=True
        )
    lines = run.stdout.splitlines()
    found: dict[str, float] = json.loads(lines[-1]) if lines and not run.returncode else {}
    return found


def _more_rows() -> None:
    """Ten times the rows: only counting takes longer, and memory does not grow."""
    print("rows          count ms   fit + intervals ms   1,000 replicates ms   peak MB")
    for size in (1_000_000, 10_000_000):
        counts, counted = _streamed(size)
        tracemalloc.start()
        _streamed(size)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        pairs = pairs_of(counts)
        whole = fit(Units.plain(pairs), LINK, PRIOR)
        fitted = _cpu(lambda p=pairs: _fit_intervals(p), 9)
        resampled = _cpu(lambda p=pairs, w=whole: _replicates(p, w), 3)
        print(f"{size:>10,} {counted:>11.1f} {fitted:>20.1f} {resampled:>21.1f} {peak:>9.1f}")


def _streamed(size: int) -> tuple[np.ndarray, float]:
    """Counts of rows that come in chunks of a million, and CPU ms without drawing them."""
    counts, taken = np.zeros((COMPETITORS, COMPETITORS, 3)), 0.0
    for chunk in range(size // 1_000_000):
        rng = np.random.default_rng(chunk)
        a = rng.integers(0, COMPETITORS, 1_000_000)
        b = (a + rng.integers(1, COMPETITORS, 1_000_000)) % COMPETITORS
        outcome = np.where(rng.random(1_000_000) < 0.5, 0, 2)
        start = time.process_time()
        counts += count_outcomes(a, b, outcome, COMPETITORS)
        taken += time.process_time() - start
    return counts, 1000 * taken


def row_covariance(fit: Fit, units: Units, link: Link, inverse: FloatArray) -> FloatArray:
    """(D, D) the sandwich of comparisons that are each on a prompt of their own: counts suffice.

    For links without a tie parameter.
    """
    by_eta, _ = link.scores(predictor(units, fit.theta, fit.beta), fit.tie)
    middle = gram(units, (units.pairs.outcomes * by_eta**2).sum(axis=1))
    result: FloatArray = inverse @ middle @ inverse
    return result
