"""Ratings: correct digits, irregular data, coverage of intervals, speed beside other libraries.

    python -m bench.ratings [--full] [--only correct|irregular|coverage|speed] [--peers PYTHON]

Coverage takes 100 simulated tournaments a row; --full takes 400. --peers names the Python of an
environment that has arena-rank (and, for FastChat's method, pandas); without it they are NOT RUN.
Times are CPU seconds of one process with one thread; compare ratios, not seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench._rating_worlds import World, played  # noqa: E402
from tournaments.ratings import registry, replicates  # noqa: E402
from tournaments.ratings.base import ELO_SCALE, Comparisons, RatingTable  # noqa: E402
from tournaments.ratings.counts import Pairs, count_outcomes, pairs_of  # noqa: E402
from tournaments.ratings.encoding import codes, numbered  # noqa: E402
from tournaments.ratings.links import Davidson, HalfWin, Link, RaoKupper, threshold  # noqa: E402
from tournaments.ratings.paired import Fit, Prior, Units, fit  # noqa: E402
from tournaments.ratings.uncertainty import hybrid, model_covariance, row_covariance  # noqa: E402

SHARED = Path(os.environ.get("ARENA_SHARED_DATA", ROOT.parent / "shared" / "data"))
PRIOR = Prior(1.0)
NO_PRIOR = Prior(1e-7)


# --- correct -----------------------------------------------------------------------------------


def correct() -> bool:
    """Published cases; the largest distance to each."""
    folder = SHARED / "bt_reference" / "cases"
    if not folder.is_dir():
        print(f"NOT RUN: the published cases are not at {folder}")
        return True
    print(f"{'case':<26} {'model':<14} {'strengths':>10} {'errors':>10} {'tie':>10}")
    worst = 0.0
    for name, key, link in (
        ("baseball_1987", "bradley_terry", HalfWin()),
        ("journal_citations", "bradley_terry", HalfWin()),
        ("wikipedia_worked_example", "bradley_terry", HalfWin()),
        ("davidson_pudding", "bradley_terry_ties_as_half", HalfWin()),
        ("davidson_pudding", "davidson", Davidson()),
        ("davidson_pudding", "rao_kupper", RaoKupper()),
    ):
        case = json.loads((folder / f"{name}.json").read_text())
        distances = _distances(case, case["expected"][key], link)
        worst = max(worst, *distances)
        shown = " ".join(f"{distance:>10.1e}" for distance in distances)
        print(f"{name:<26} {key[:14]:<14} {shown}")
    print(f"largest distance {worst:.1e}; {'ok' if worst < 1e-5 else 'FAILED'} (limit 1e-5)")
    return worst < 1e-5


def _distances(case: dict, expected: dict, link: Link) -> tuple[float, float, float]:
    items = case["items"]
    counts = np.zeros((len(items), len(items), 3))
    for i, j, won, lost, tied, *_ in case["pairs"]:
        counts[i, j] += (won, tied, lost)
    found = fit(Units.plain(pairs_of(counts)), link, NO_PRIOR)
    zero = items.index(expected["reference_item"])
    strengths = found.theta - found.theta[zero]
    covariance = found.covariance
    own = np.diag(covariance)[: len(items)]
    errors = np.sqrt(own + own[zero] - 2 * covariance[zero, : len(items)])
    stated = expected["standard_error_vs_reference"]
    tie = 0.0
    if link.ties:
        ours = np.exp(threshold(found.tie) if isinstance(link, RaoKupper) else found.tie)
        tie = abs(ours - expected["tie_parameter"])
    return (
        max(abs(strengths[items.index(k)] - v) for k, v in expected["log_strength"].items()),
        max(abs(errors[items.index(k)] - v) for k, v in stated.items()),
        float(tie),
    )


# --- irregular ---------------------------------------------------------------------------------


def irregular() -> bool:
    """The 13 irregular cases: a finite answer with a warning, or a refusal that says why."""
    rng = np.random.default_rng(1)
    theta = np.linspace(0.6, -0.6, 6)
    passed = True
    print(f"{'case':<16} {'outcome':<8} what the reader is told")
    for name, rows, names in _irregular_cases(rng, theta):
        try:
            table = registry.build("bradley_terry").rate(_from_rows(rows, names))
        except ValueError as error:
            outcome, said = "refused", str(error)
            ok = name in ("self_match", "nan_winner", "bad_label", "nan_model")
        else:
            outcome = "rated"
            said = "; ".join(table.warnings) or "-"
            ok = _finite(table) and (bool(table.warnings) or name == "no_games")
        passed &= ok
        print(f"{name:<16} {outcome:<8} {said[:140]}{'' if ok else '   FAILED'}")
    return passed


Rows = list[tuple[int, int, float]]


def _irregular_cases(rng: np.random.Generator, theta: np.ndarray) -> list[tuple[str, Rows, int]]:
    def robin(ids: range, times: int) -> Rows:
        return [
            (i, j, float(rng.random() < 1 / (1 + np.exp(theta[j] - theta[i]))))
            for i in ids for j in ids if i < j for _ in range(times)
        ]  # fmt: skip

    low, high, all_, five = range(3), range(3, 6), range(6), range(5)
    bridge = [(i, j, 1.0) for i in low for j in high] * 3
    tenth = lambda k: k % 10 == 0  # noqa: E731
    regular = robin(all_, 20)
    return [
        ("disconnected", robin(low, 20) + robin(high, 20), 6),
        ("undefeated", [(a, b, 1.0 if a == 0 else s) for a, b, s in robin(all_, 10)], 6),
        ("winless", [(a, b, 1.0 if b == 5 else s) for a, b, s in robin(all_, 10)], 6),
        ("no_games", robin(five, 20), 6),
        ("one_way_bridge", robin(low, 20) + robin(high, 20) + bridge, 6),
        ("all_ties", [(i, j, 0.5) for i in all_ for j in range(i)] * 5, 6),
        ("dup_x10", robin(all_, 10) * 10, 6),
        ("self_match", [*regular, *[(2, 2, 1.0)] * 50], 6),
        ("nan_winner", [(a, b, np.nan if tenth(k) else s)
                        for k, (a, b, s) in enumerate(regular)], 6),
        ("bad_label", [(a, b, -8.0 if tenth(k) else s) for k, (a, b, s) in enumerate(regular)], 6),
        ("nan_model", [(-1 if tenth(k) else a, b, s) for k, (a, b, s) in enumerate(regular)], 6),
        ("empty", [], 6),
        ("one_match", [(0, 1, 1.0)], 2),
    ]  # fmt: skip


def _from_rows(rows: Rows, n: int) -> Comparisons:
    """Rows that are repeated stand on one prompt, all others on a prompt of their own."""
    table = np.array(rows, dtype=float).reshape(-1, 3)
    prompt = np.arange(len(table))
    copies = 10 if len(rows) == 1500 else 1
    prompt %= max(len(table) // copies, 1)
    a, b = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    return Comparisons(tuple(f"m{i}" for i in range(n)), a, b, table[:, 2], prompt)


def _finite(table: RatingTable) -> bool:
    rated = [row for row in table.rows if row.rating is not None]
    numbers = [x for row in rated for x in (row.rating, row.ci_low, row.ci_high)]
    wide = all(row.ci_high - row.ci_low > 1 for row in rated)
    return bool(np.isfinite(numbers).all()) and wide


# --- coverage ----------------------------------------------------------------------------------

WORLDS = (
    World("20, 2,000 random", "random_pairs", 20, 2000),
    World("20, 150 random", "random_pairs", 20, 150),
    World("knock-out 16, 5 prompts", "knock_out", 16, 5),
    World("knock-out, 10", "knock_out", 16, 10),
    World("knock-out, 30", "knock_out", 16, 30),
    World("knock-out, 100", "knock_out", 16, 100),
    World("knock-out, 10, rho .5", "knock_out", 16, 10, 0.5),
    World("knock-out, 30, rho .5", "knock_out", 16, 30, 0.5),
    World("round robin 10, 5, rho .5", "round_robin", 10, 5, 0.5),
    World("round robin 10, 20, rho .5", "round_robin", 10, 20, 0.5),
    World("round robin 10, 100, rho .5", "round_robin", 10, 100, 0.5),
    World("cycle 16, 200, rho .5", "random_cycle", 16, 200, 0.5),
    World("disjoint pairs 16, 60, rho .5", "disjoint_pairs", 16, 60, 0.5),
    World("29 % ties, 2,000 random", "random_pairs", 20, 2000, 0.0, 1.0),
    World("Thompson chain, half random", "thompson_chain_half_random", 16, 100),
    World("the same, rho .5", "thompson_chain_half_random", 16, 100, 0.5),
)
OPEN = (
    World("knock-out, 100, rho .5", "knock_out", 16, 100, 0.5),
    World("knock-out, 500, rho .5", "knock_out", 16, 500, 0.5),
    World("knock-out + random, 500, rho .5", "knock_out_half_random", 16, 500, 0.5),
    World("Thompson chain, all", "thompson_chain", 16, 100),
)
GOAL = (0.93, 0.975)


def coverage(times: int) -> bool:
    """Share of 95 % intervals that hold the truth; `top 2`: of the two best competitors."""
    print(f"{times} tournaments a row; +- is one standard error")
    print(f"{'world':<32} {'covered':>16} {'top 2':>6} {'width':>6}")
    passed = True
    for world in WORLDS:
        share, error = _coverage_row(world, "bradley_terry", {}, times)
        passed &= GOAL[0] - 2 * error <= share <= GOAL[1] + 2 * error
    print(f"goal {GOAL[0]} to {GOAL[1]}: {'ok' if passed else 'FAILED'} within two errors")
    print("known to fall short (a warning says so where the data show it):")
    for world in OPEN:
        _coverage_row(world, "bradley_terry", {}, times)
    print("with response_effects:")
    for world in OPEN[:3]:
        few = times // (2 if world.prompts < 500 else 8)  # 0.3 s and 2 s each
        share, error = _coverage_row(world, "bradley_terry", {"response_effects": True}, few)
        passed &= GOAL[0] - 2 * error <= share <= GOAL[1] + 2 * error
    return passed


def _coverage_row(world: World, method: str, params: dict, times: int) -> tuple[float, float]:
    rng = np.random.default_rng([2, sum(map(ord, world.name))])
    rule = registry.build(method, params)
    held, top, width = [], [], []
    for _ in range(times):
        data, theta = played(world, rng)
        truth = dict(zip(data.competitors, 1000 + ELO_SCALE * theta, strict=True))
        rows = sorted(rule.rate(data).rows, key=lambda row: -truth[row.competitor])
        inside = [row.ci_low <= truth[row.competitor] <= row.ci_high for row in rows]
        held.append(np.mean(inside))
        top.append(np.mean(inside[:2]))
        width.append(np.median([row.ci_high - row.ci_low for row in rows]))
    share, error = float(np.mean(held)), float(np.std(held) / np.sqrt(times))
    print(f"{world.name:<32} {share:>8.3f} +- {error:.3f} {np.mean(top):>6.2f}"
          f" {np.mean(width):>6.0f}", flush=True)  # fmt: skip
    return share, error


# --- speed -------------------------------------------------------------------------------------


def speed(peers: str) -> bool:
    """200 competitors, 1,000,000 judgments, no ties."""
    print("200 competitors, 1,000,000 judgments; CPU ms, best of some; ratio = other / ours")
    a, b, won, theta = _judgments(200, 1_000_000)
    outcome = np.where(won, 0, 2)
    pairs = pairs_of(count_outcomes(a, b, outcome, 200))
    exact = fit(Units.plain(pairs), HalfWin(), PRIOR)
    ours = _cpu(lambda: _count_fit_intervals(a, b, outcome, 200), 25)
    print(f"{'integer rows: count + fit + intervals':<44} {ours:>9.1f}")
    _versus("evalica, fit only", _evalica(a, b, won), ours, 18)
    _versus("choix, rows (ilsr_pairwise), fit only", _choix_rows(a, b, won), ours, 100)
    _speed_of_names(a, b, won, peers)
    bare = _cpu(lambda: _fit_intervals(pairs), 25)
    print(f"{'count matrix: fit + intervals':<44} {bare:>9.1f}")
    _versus("choix, matrix (ilsr_pairwise_dense), fit only", _choix_matrix(pairs), bare, None)
    boot = _cpu(lambda: _replicates(pairs, exact), 5)
    print(f"{'1,000 bootstrap replicates':<44} {boot:>9.1f}")
    _versus("choix on resampled matrices", 50 * _choix_boot(pairs, 20), boot, 14)
    _versus("evalica.bootstrap, percentile (scaled up)", _evalica_boot(a, b, won), boot, 2000)
    _versus("FastChat's method (see --peers)", None, boot, 90)
    _speed_of_covariates(a, b, theta)
    _more_rows()
    return True


def _judgments(n: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    theta = rng.normal(0.0, 1.0, n)
    a = rng.integers(0, n, size)
    b = (a + rng.integers(1, n, size)) % n
    return a, b, rng.random(size) < 1 / (1 + np.exp(theta[b] - theta[a])), theta


def _cpu(work: Callable[[], object], times: int) -> float:
    """CPU milliseconds, the best of some."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return 1000 * min(taken)


def _versus(name: str, theirs: float | None, ours: float, goal: float | None) -> None:
    if theirs is None:
        print(f"  {name:<42} {'NOT RUN':>9}")
        return
    wanted = (
        "" if goal is None else f"  goal {goal:,}: {'ok' if theirs >= goal * ours else 'MISSED'}"
    )
    print(f"  {name:<42} {theirs:>9.1f}  ratio {theirs / ours:>8.1f}{wanted}", flush=True)


def _count_fit_intervals(a: np.ndarray, b: np.ndarray, outcome: np.ndarray, n: int) -> np.ndarray:
    return _fit_intervals(pairs_of(count_outcomes(a, b, outcome, n)))


def _fit_intervals(pairs: Pairs) -> np.ndarray:
    """Rows without prompts: each is a cluster of its own, so counts are enough."""
    units = Units.plain(pairs)
    found = fit(units, HalfWin(), PRIOR)
    inverse = found.covariance
    model = model_covariance(found, units, HalfWin(), PRIOR, inverse)
    clustered = row_covariance(found, units, HalfWin(), inverse)
    centring = lambda v: v - v.mean(axis=0) - v.mean(axis=1, keepdims=True) + v.mean()  # noqa: E731
    met = int(pairs.outcomes.sum())
    return hybrid(centring(model), centring(clustered), met, 0.95).half


def _replicates(pairs: Pairs, exact: Fit) -> np.ndarray:
    rng = np.random.Generator(np.random.SFC64(1))
    resamples = replicates.row_resamples(pairs, 1000, rng)
    return replicates.refits(resamples, exact, Units.plain(pairs), HalfWin(), PRIOR)


def _evalica(a: np.ndarray, b: np.ndarray, won: np.ndarray) -> float | None:
    try:
        import evalica
    except ImportError:
        return None
    xs, ys, winners = a.tolist(), b.tolist(), _evalica_winners(won)
    return _cpu(lambda: evalica.bradley_terry(xs, ys, winners), 3)


def _evalica_winners(won: np.ndarray) -> list:
    import evalica

    return [evalica.Winner.X if x else evalica.Winner.Y for x in won.tolist()]


def _evalica_boot(a: np.ndarray, b: np.ndarray, won: np.ndarray) -> float | None:
    """Its own bootstrap; linear in the resamples, so three of them are scaled up."""
    try:
        import evalica
    except ImportError:
        return None
    xs, ys, winners = a.tolist(), b.tolist(), _evalica_winners(won)

    def resampled(n: int) -> float:
        def work() -> object:
            return evalica.bootstrap(
                evalica.bradley_terry, xs, ys, winners,
                n_resamples=n, bootstrap_method="percentile", random_state=0,
            )  # fmt: skip

        return _cpu(work, 1)

    return (resampled(5) - resampled(2)) / 3 * 1000


def _choix_rows(a: np.ndarray, b: np.ndarray, won: np.ndarray) -> float:
    import choix

    data = list(zip(np.where(won, a, b).tolist(), np.where(won, b, a).tolist(), strict=True))
    return _cpu(lambda: choix.ilsr_pairwise(200, data), 2)


def _choix_matrix(pairs: Pairs) -> float:
    import choix

    return _cpu(lambda: choix.ilsr_pairwise_dense(pairs.win_matrix), 5)


def _choix_boot(pairs: Pairs, times: int) -> float:
    import choix

    rng, wins = np.random.default_rng(0), pairs.win_matrix

    def resampled() -> None:
        for _ in range(times):
            choix.ilsr_pairwise_dense(rng.poisson(wins).astype(float))

    return _cpu(resampled, 1)


def _speed_of_names(a: np.ndarray, b: np.ndarray, won: np.ndarray, peers: str) -> None:
    called = [f"model-{i:03d}" for i in range(200)]
    first, second = ([called[i] for i in column.tolist()] for column in (a, b))
    winner = np.where(won, "model_a", "model_b").tolist()

    def ours() -> np.ndarray:
        names, columns = numbered(first, second)
        outcome = codes(winner, {"model_a": 0, "tie": 1, "model_b": 2})
        return _count_fit_intervals(*columns, outcome, len(names))

    taken = _cpu(ours, 7)
    print(f"{'names: encode + count + fit + intervals':<44} {taken:>9.1f}")
    theirs = _peers(peers, first, second, winner)
    _versus("FastChat's method, fit only", theirs.get("fastchat"), taken, 8)
    _versus("arena-rank, with intervals", theirs.get("arena_rank"), taken, 22)


def _peers(python: str, first: list[str], second: list[str], winner: list[str]) -> dict:
    if not python:
        return {}
    with tempfile.TemporaryDirectory(prefix="arena-bench-") as folder:
        data = Path(folder) / "rows.json"
        data.write_text(json.dumps([first, second, winner]))
        run = subprocess.run(
            [python, str(ROOT / "bench" / "_rating_peers.py"), str(data)],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
    if run.returncode:
        print(f"  peers could not run: {run.stderr.strip().splitlines()[-1][:100]}")
        return {}
    return json.loads(run.stdout.splitlines()[-1])


def _speed_of_covariates(a: np.ndarray, b: np.ndarray, theta: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(len(a), 4))
    lead = theta[a] - theta[b] + x @ np.array([0.4, 0.2, -0.1, 0.0])
    won = (rng.random(len(a)) < 1 / (1 + np.exp(-lead))).astype(float)
    names = tuple(f"m{i:03d}" for i in range(200))
    styles = ("length", "headers", "lists", "bold")
    columns = dict(zip(styles, x.T, strict=True))
    data = Comparisons(names, a, b, won, rng.integers(0, 2000, len(a)), covariates=columns)
    rule = registry.build("bradley_terry", {"style_control": list(styles)})
    plain = registry.build("bradley_terry")
    bare = Comparisons(names, a, b, won, data.prompt)
    whole = _cpu(lambda: plain.rate(bare), 3)
    print(f"{'whole table (hash, clusters, ranks, tiers)':<44} {whole:>9.1f}")
    print(f"{'the same, 4 covariates':<44} {_cpu(lambda: rule.rate(data), 2):>9.1f}")


def _more_rows() -> None:
    """Ten times the rows: only counting takes longer, and memory does not grow."""
    print("rows          count ms   fit + intervals ms   peak MB of all arrays")
    for size in (1_000_000, 10_000_000):
        counts, counted = _streamed(size)
        tracemalloc.start()
        _streamed(size)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        pairs = pairs_of(counts)
        print(f"{size:>10,} {counted:>11.1f} {_cpu(lambda p=pairs: _fit_intervals(p), 5):>20.1f}"
              f" {peak:>23.1f}")  # fmt: skip


def _streamed(size: int) -> tuple[np.ndarray, float]:
    """Counts of rows that come in chunks of a million, and CPU ms without drawing them."""
    counts, taken = np.zeros((200, 200, 3)), 0.0
    for chunk in range(size // 1_000_000):
        rng = np.random.default_rng(chunk)
        a = rng.integers(0, 200, 1_000_000)
        b = (a + rng.integers(1, 200, 1_000_000)) % 200
        outcome = np.where(rng.random(1_000_000) < 0.5, 0, 2)
        start = time.process_time()
        counts += count_outcomes(a, b, outcome, 200)
        taken += time.process_time() - start
    return counts, 1000 * taken


ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
PARTS = ("correct", "irregular", "coverage", "speed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="400 tournaments a row, not 100")
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--peers", default="", metavar="PYTHON")
    asked = parser.parse_args()
    work: dict[str, Callable[[], bool]] = {
        "correct": correct,
        "irregular": irregular,
        "coverage": lambda: coverage(400 if asked.full else 100),
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
