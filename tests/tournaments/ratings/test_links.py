"""The three links: chances that are chances, and derivatives that are derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from tournaments.ratings.counts import Pairs
from tournaments.ratings.links import Davidson, HalfWin, Link, RaoKupper, threshold

LINKS: list[Link] = [HalfWin(), Davidson(), RaoKupper()]
ETA = np.array([-40.0, -2.0, 0.0, 0.3, 5.0])
STEP = 1e-5

each_link = pytest.mark.parametrize("link", LINKS, ids=lambda link: type(link).__name__)
with_ties = pytest.mark.parametrize(
    "link", [Davidson(), RaoKupper()], ids=lambda link: type(link).__name__
)


@each_link
@pytest.mark.parametrize("tie", [-30.0, -0.5, 3.0])
def test_chances_sum_to_one_and_are_symmetric(link: Link, tie: float) -> None:
    chances = link.chances(ETA, tie)
    assert chances.sum(axis=1) == pytest.approx(np.ones(5))
    assert (chances >= 0).all()
    assert link.chances(-ETA, tie)[:, ::-1] == pytest.approx(chances)


@with_ties
def test_scores_are_the_derivatives_of_log_chances(link: Link) -> None:
    eta, tie = ETA[1:4], -0.4
    by_eta, by_tie = link.scores(eta, tie)
    log = lambda e, t: np.log(link.chances(e, t))  # noqa: E731
    assert by_eta == pytest.approx((log(eta + STEP, tie) - log(eta - STEP, tie)) / (2 * STEP))
    assert by_tie == pytest.approx((log(eta, tie + STEP) - log(eta, tie - STEP)) / (2 * STEP))


@each_link
def test_terms_add_up_scores_and_their_slopes(link: Link) -> None:
    eta, tie = ETA[1:4], -0.4
    outcomes = np.array([[3.0, 1.0, 2.0], [0.0, 4.0, 0.0], [1.0, 0.0, 6.0]])
    nobody = np.zeros(3, dtype=np.int64)
    pairs = Pairs(1, nobody, nobody, outcomes)
    terms = link.terms(eta, tie, pairs)
    by_eta, by_tie = link.scores(eta, tie)
    assert terms.gradient == pytest.approx((outcomes * by_eta).sum(axis=1))
    assert terms.tie_gradient == pytest.approx((outcomes * by_tie).sum())
    up, down = (link.terms(eta + d, tie, pairs) for d in (STEP, -STEP))
    assert terms.curvature == pytest.approx((down.gradient - up.gradient) / (2 * STEP), rel=1e-5)
    if terms.cross is not None:
        up, down = (link.terms(eta, tie + d, pairs) for d in (STEP, -STEP))
        slope = (down.gradient - up.gradient) / (2 * STEP)
        assert terms.cross == pytest.approx(slope, abs=1e-6)
        curve = (down.tie_gradient - up.tie_gradient) / (2 * STEP)
        assert terms.tie_curvature == pytest.approx(curve, rel=1e-5)


def test_few_ties_are_nearly_bradley_terry() -> None:
    for link in (Davidson(), RaoKupper()):
        assert link.chances(ETA, -30.0)[:, 0] == pytest.approx(expit(ETA), abs=1e-9)


def test_rao_kupper_ties_lie_between_the_thresholds() -> None:
    k = threshold(0.7)
    expected = expit(ETA + k) - expit(ETA - k)
    assert RaoKupper().chances(ETA, 0.7)[:, 1] == pytest.approx(expected, abs=1e-12)
