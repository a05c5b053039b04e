from __future__ import annotations

import dataclasses

import pytest

from judges.stats.raters.review import review
from judges.stats.raters.suspicion import TESTS
from tests.judges.stats.raters.crowd import at_random, ballots, first_side, for_, honestly


def test_honest_raters_get_figures_and_no_finding():
    found = review(ballots(*[honestly] * 12))

    assert not any(report.flagged or report.findings for report in found.raters)
    assert found.groups == ()
    report = found.raters[0]
    assert (report.rater, report.n, report.gold) == ("r00", 100, None)
    assert report.shared > 90
    assert report.seconds == pytest.approx(20, rel=0.2)
    assert report.first.low < 0.5 < report.first.high
    assert report.reliability.low < report.reliability.value < report.reliability.high
    assert report.ties.value == pytest.approx(0.1, abs=0.08)
    assert set(report.p) == set(TESTS)
    assert report.trust > 0.9


def test_findings_say_in_words_what_was_found():
    cast = ballots(*[honestly] * 20, first_side, for_(4), votes=150)

    found = {report.rater: report for report in review(cast, names={4: "gpt-x"}).raters}

    (side,) = [finding for finding in found["r20"].findings if finding.test == "side"]
    assert side.text == "Named the first answer in 150 of 150 votes; sides are drawn at random."
    (pushed,) = [finding for finding in found["r21"].findings if finding.test == "competitor"]
    assert pushed.competitor == 4
    assert pushed.text.startswith("Preferred gpt-x too regularly: named it in")
    assert found["r21"].flagged
    assert found["r21"].trust == 0.0


def test_a_ring_is_a_group():
    group, *_ = review(ballots(*[honestly] * 30, *[for_(4)] * 8, votes=60)).groups

    assert group.kind == "ring"
    assert group.competitor == 4
    assert len(set(group.raters) - {f"r{rater:02d}" for rater in range(30)}) >= 7
    assert "competitor 4" in group.text


def test_gold_questions_are_scored():
    cast = [
        dataclasses.replace(vote, gold="first" if vote.first < vote.second else "second")
        if place % 5 == 0
        else vote
        for place, vote in enumerate(ballots(*[honestly] * 3, at_random))
    ]

    found = review(cast).raters

    assert found[0].gold.n == 20
    assert found[0].gold.value > 0.4
    assert found[0].gold.low < found[0].gold.value < found[0].gold.high


def test_agreement_in_total_has_intervals():
    found = review(ballots(*[honestly] * 8)).agreement

    assert found.judges == 8
    assert 0 < found.alpha.low < found.alpha.value < found.alpha.high < 1


def test_the_order_of_votes_does_not_matter():
    cast = ballots(*[honestly] * 6, for_(4))

    again = {report.rater: report for report in review(cast[::-1]).raters}
    for report in review(cast).raters:
        other = again[report.rater]
        assert report.p == pytest.approx(other.p)
        assert report.reliability.value == pytest.approx(other.reliability.value, abs=1e-3)


@pytest.mark.parametrize("raters", [0, 1, 2])
def test_few_raters_are_no_error(raters):
    found = review(ballots(*[honestly] * raters, votes=3))

    assert len(found.raters) == raters
    assert not any(report.flagged for report in found.raters)


def test_ties_alone_are_no_error():
    cast = [dataclasses.replace(vote, choice="tie") for vote in ballots(*[honestly] * 4)]

    assert review(cast).raters[0].first is None
