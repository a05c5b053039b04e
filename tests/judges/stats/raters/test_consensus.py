from __future__ import annotations

import numpy as np
import pytest

from judges.stats.raters.consensus import consensus
from judges.stats.raters.votes import Vote, columns
from tests.judges.stats.raters.crowd import at_random, crowd, honestly


def said(rater, item, choice, first=0, second=1):
    return Vote(rater, item, first, second, choice, 5.0, 0.0)


def test_agreement_is_with_the_other_raters_of_an_item():
    found = consensus(
        columns(
            [
                said("ann", "i1", "first"), said("ben", "i1", "first"),
                said("cat", "i1", "second"), said("dan", "i1", "second", 1, 0),
                said("ann", "i2", "tie"), said("ben", "i2", "both_bad"),
                said("ann", "i3", "first"),
            ]
        )
    )  # fmt: skip

    assert found.shared.tolist() == [2, 2, 1, 1]
    assert found.agreement == pytest.approx([(2 / 3 + 0) / 2, (2 / 3 + 0) / 2, 0, 2 / 3])


def test_kappa_of_a_coin_is_nothing():
    found = consensus(crowd(*[honestly] * 12, at_random, votes=290))

    assert abs(found.kappa[12]) < 0.1
    assert found.kappa[:12].min() > 0.1


def test_who_shares_nothing_has_no_figure():
    assert np.isnan(consensus(columns([said("ann", "i1", "first")])).agreement[0])
