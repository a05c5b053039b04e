"""Held-out accuracy of the surrogate: by prompt, by model, by data set.

All splits are by groups, never by rows: comparisons on one prompt share texts. Intervals are
clustered by prompt for the same reason (linearised variance of a ratio, normal 95 %).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from judges.surrogates.features import FloatArray
from judges.surrogates.logistic import PairwiseLogistic
from judges.surrogates.model_card import POOLED, Estimate, HeldOut, Split

L2 = 4.0  # a normal prior of standard deviation 0.5 on each coefficient
FOLDS = 10
Z95 = 1.959964


@dataclass(frozen=True)
class Comparison:
    """One prompt and one pair of systems, with everything that a fit or a baseline needs."""

    data_set: str
    prompt_id: str
    models: tuple[str, str]
    share: float  # of the votes, for the first of `models`
    difference: FloatArray  # of the features, first minus second; shape (K,)
    longer: int  # characters, first minus second

    @property
    def decisive(self) -> bool:
        return abs(self.share - 0.5) > 1e-9

    @property
    def cluster(self) -> tuple[str, str]:
        """The prompt: the unit of all statistics."""
        return (self.data_set, self.prompt_id)

    @property
    def fold(self) -> int:
        """The fold of its prompt: a hash, so that it depends on nothing else."""
        digest = hashlib.sha256("\0".join(self.cluster).encode()).digest()
        return int.from_bytes(digest[:8], "big") % FOLDS


@dataclass(frozen=True)
class Prediction:
    """A decisive comparison with the log-odds of a model that had not seen it."""

    comparison: Comparison
    log_odds: float


def fit(comparisons: Sequence[Comparison]) -> PairwiseLogistic:
    """Fit on all given comparisons; every prompt weighs the same, and every data set does."""
    x = np.stack([item.difference for item in comparisons])
    y = np.array([item.share for item in comparisons])
    return PairwiseLogistic(l2=L2).fit(x, y, prompt_weights(comparisons))


def prompt_weights(comparisons: Sequence[Comparison]) -> FloatArray:
    """Weights (n,) that sum to the number of prompts, equal over data sets and their prompts."""
    rows = Counter(item.cluster for item in comparisons)
    prompts = Counter(data_set for data_set, _ in rows)
    share = len(rows) / len(prompts)
    return np.array([share / prompts[c.data_set] / rows[c.cluster] for c in comparisons])


def validate(comparisons: Sequence[Comparison]) -> tuple[HeldOut, ...]:
    """Return the table of held-out accuracies: each scope of each split, pooled rows first."""
    table: list[HeldOut] = []
    for split, parts in (
        (Split.PROMPT, _prompt_parts(comparisons)),
        (Split.MODEL, _model_parts(comparisons)),
        (Split.DATA_SET, _data_set_parts(comparisons)),
    ):
        scopes: dict[str, list[Prediction]] = defaultdict(list)
        for scope, test, train in parts:
            for prediction in _predict(test, train):
                scopes[POOLED].append(prediction)
                scopes[scope or prediction.comparison.data_set].append(prediction)
        ordered = sorted(scopes, key=lambda scope: (scope != POOLED, scope))
        table.extend(summarise(split, scope, scopes[scope]) for scope in ordered)
    return tuple(table)


Part = tuple[str, list[Comparison], list[Comparison]]  # scope, test, training


def _prompt_parts(comparisons: Sequence[Comparison]) -> Iterator[Part]:
    for fold in range(FOLDS):
        yield ("", *_divided(comparisons, [item.fold == fold for item in comparisons]))


def _model_parts(comparisons: Sequence[Comparison]) -> Iterator[Part]:
    for data_set, model in sorted({(c.data_set, m) for c in comparisons for m in c.models}):
        held = [c.data_set == data_set and model in c.models for c in comparisons]
        yield (f"{data_set} / {model}", *_divided(comparisons, held))


def _data_set_parts(comparisons: Sequence[Comparison]) -> Iterator[Part]:
    for name in sorted({item.data_set for item in comparisons}):
        yield (name, *_divided(comparisons, [item.data_set == name for item in comparisons]))


def _divided(
    comparisons: Sequence[Comparison], held_out: Iterable[bool]
) -> tuple[list[Comparison], list[Comparison]]:
    test: list[Comparison] = []
    train: list[Comparison] = []
    for item, held in zip(comparisons, held_out, strict=True):
        (test if held else train).append(item)
    return test, train


def _predict(test: Sequence[Comparison], train: Sequence[Comparison]) -> list[Prediction]:
    decisive = [item for item in test if item.decisive]
    if not decisive or not train:
        return []
    log_odds = fit(train).decision_function(np.stack([item.difference for item in decisive]))
    return [Prediction(c, float(value)) for c, value in zip(decisive, log_odds, strict=True)]


def summarise(split: Split, scope: str, predictions: Sequence[Prediction]) -> HeldOut:
    """One row of the table, from at least one prediction."""
    compared = [prediction.comparison for prediction in predictions]
    clusters = [item.cluster for item in compared]
    truth = np.sign([item.share - 0.5 for item in compared])
    surrogate = _hits(np.array([prediction.log_odds for prediction in predictions]), truth)
    longer = _hits(np.array([item.longer for item in compared]), truth)
    return HeldOut(
        split=split,
        scope=scope,
        comparisons=len(compared),
        prompts=len(set(clusters)),
        surrogate=clustered_mean(surrogate, clusters),
        longer=clustered_mean(longer, clusters),
        same_side=clustered_mean(_hits(np.ones(len(truth)), truth), clusters),
        lead=clustered_mean(surrogate - longer, clusters),
    )


def _hits(score: FloatArray, truth: FloatArray) -> FloatArray:
    """1 where the sign of the score is right, 0 where it is wrong, 1/2 where it is zero."""
    return np.asarray((1 + np.sign(score) * truth) / 2, dtype=np.float64)


def clustered_mean(values: FloatArray, clusters: Sequence[tuple[str, str]]) -> Estimate:
    """Mean of values (n,) with a 95 % interval that treats each cluster as one observation."""
    mean = float(values.mean())
    index = {cluster: i for i, cluster in enumerate(dict.fromkeys(clusters))}
    residual = np.zeros(len(index))
    np.add.at(residual, [index[cluster] for cluster in clusters], values - mean)
    groups = len(index)
    spread = groups / (groups - 1) * float(residual @ residual) if groups > 1 else float("nan")
    half = Z95 * sqrt(spread) / len(values)
    return Estimate(round(mean, 4), round(mean - half, 4), round(mean + half, 4))
