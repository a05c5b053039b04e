"""What a process that dies leaves behind is found again, and nothing that comes of it differs."""

import hashlib
import random

import pytest

from judges.models import Adjudication, Decision, Judgment
from judges.services import decisions, settling
from tests import factories
from tests.tournaments.views.worlds import started
from tournaments.models import RatingRun, Tournament
from tournaments.services import (
    advancing,
    extending,
    lifecycle,
    rating,
    refreshing,
    sweeping,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    lab = factories.project()
    factories.field(lab, prompts=6, competitors=factories.NAMES[:5])
    return lab


class Killed(BaseException):
    """As with kill -9, nobody handles it: what was not committed is gone."""


def statuses(cup):
    return set(cup.matches.values_list("decision__status", flat=True))


# Deaths at random moments -------------------------------------------------------------------------

STEPS = (
    (advancing, "_hear"),
    (advancing, "_schedule"),
    (advancing, "_write"),
    (advancing, "_advance_batch"),
    (lifecycle, "complete"),
    (settling, "_write"),
    (settling, "settle"),
    (rating, "rate_completed"),
    (refreshing, "_count_news"),
)
"""Before and after each of them a process may die; most are inside a transaction."""


class Reaper:
    """Kills at a share of the steps, drawn by `seed`; never when that is 0."""

    def __init__(self, monkeypatch, seed, share):
        self.rng, self.share, self.kills = random.Random(seed), share, 0
        for module, name in STEPS:
            monkeypatch.setattr(module, name, self.mortal(getattr(module, name)))

    def mortal(self, work):
        def step(*args, **given):
            self.strike()
            done = work(*args, **given)
            self.strike()
            return done

        return step

    def strike(self):
        if self.rng.random() < self.share:
            self.kills += 1
            raise Killed


def verdict(decision):
    """What the judge says of a pair, whenever it is asked."""
    pair = decision.comparison
    text = "/".join([pair.prompt.key, *sorted(f"{o.competitor}" for o in pair_of(pair))])
    return "ab"[hashlib.sha256(text.encode()).digest()[0] % 2]


def pair_of(comparison):
    return comparison.output_a, comparison.output_b


def judge_some(cup, rng):
    """One or two verdicts come in, in whatever order."""
    waiting = list(Decision.objects.filter(matches__tournament=cup, status="waiting").distinct())
    for decision in rng.sample(waiting, min(2, len(waiting))):
        Judgment.objects.get_or_create(
            judge=decision.judge, comparison=decision.comparison, order="ab", sample=0,
            defaults={"winner": verdict(decision)},
        )  # fmt: skip
        settling.settle([decision.pk])


def play(cup, rng):
    """To the end by nothing but the sweep: all messages are lost."""
    work = [lambda: judge_some(cup, rng), lambda: go_on(cup)]
    for _ in range(5000):
        try:
            rng.choice(work)()
        except Killed:
            continue
        if over(cup):
            return
    raise AssertionError("it did not end")


def go_on(cup):
    unadvanced, unrated = sweeping.left_behind()
    for pk in unadvanced:
        advancing.advance(pk)
    for pk in unrated:
        refreshing.refresh(pk)


def over(cup):
    cup.refresh_from_db()
    return cup.status == "completed" and not refreshing.due().filter(pk=cup.pk).exists()


def schedule(cup):
    side = "decision__comparison__output_{}__competitor__name"
    return list(
        cup.matches.order_by("bracket", "pk").values_list(
            "bracket__prompt__key", "round", "position", "decision__comparison__prompt__key",
            side.format("a"), side.format("b"), "decision__winner",
        )
    )  # fmt: skip


def digits(cup):
    runs = RatingRun.objects.filter(tournament=cup).order_by("method")
    return [(run.method, run.rows, run.details) for run in runs]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("adaptive", {}),
        ("adaptive", {"schedule": "pairs"}),
        ("adaptive_top", {"best": 1}),
        ("single_elimination", {}),
    ],
)
def test_deaths_at_random_moments_change_neither_schedule_nor_digits(
    lab, kind, params, seed, monkeypatch
):
    cups = []
    for name, share in (("alone", 0.0), ("killed", 0.08)):
        people = factories.judge(lab, "human", name)
        cup = factories.tournament(lab, people, kind, format_params=params, seed=seed)
        lifecycle.start(cup)
        with monkeypatch.context() as patch:
            reaper = Reaper(patch, seed, share)
            play(cup, random.Random(seed))
        cups.append(cup)

    alone, killed = cups
    assert reaper.kills > 10
    assert schedule(killed) == schedule(alone)
    assert digits(killed) == digits(alone)


# What is left behind ------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [lifecycle.pause, lifecycle.cancel])
def test_what_a_worker_gives_back_to_a_stopped_tournament_is_not_judged(lab, stop):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cup = factories.tournament(lab, stub)
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    in_hand = cup.matches.first().decision
    Decision.objects.filter(pk=in_hand.pk).update(status="leased")
    stop(cup)
    assert statuses(cup) == {"held", "leased"}
    Decision.objects.filter(pk=in_hand.pk).update(status="open")  # a rate limit, or a lost worker

    sweeping.left_behind()

    assert statuses(cup) == {"held"}


def test_what_is_given_back_and_wanted_by_another_stays_open(lab):
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    stopped, other = (factories.tournament(lab, stub, seed=seed) for seed in (1, 2))
    for cup in (stopped, other):
        lifecycle.start(cup)
        advancing.advance(cup.pk)
    lifecycle.cancel(stopped)

    sweeping.left_behind()

    assert statuses(other) == {"open"}


def test_what_a_running_tournament_wants_and_nobody_judges_is_asked_again(lab):
    cup = started(lab)
    decisions.hold(Decision.objects.filter(matches__tournament=cup))

    sweeping.left_behind()

    assert statuses(cup) == {"waiting"}


@pytest.mark.parametrize(
    ("before", "now", "given", "mend"),
    [
        ("paused", "running", "open", "hold_matches"),
        ("running", "paused", "held", "ask_again"),
    ],
)
def test_what_was_resumed_or_stopped_since_it_was_found_is_let_alone(
    lab, before, now, given, mend, monkeypatch
):
    """The sweep has found two tournaments; while it mends the first, the second changes."""
    stub = factories.stub_judge(lab, "http://127.0.0.1:9/v1")
    cups = [factories.tournament(lab, stub, slice={"category": name}) for name in ("even", "odd")]
    for cup in cups:
        lifecycle.start(cup)
        advancing.advance(cup.pk)
    Tournament.objects.update(status=before)
    Decision.objects.update(status=given)
    mended, work = [], getattr(lifecycle, mend)

    def and_the_other_changes(cup):
        mended.append(cup.pk)
        Tournament.objects.exclude(pk=cup.pk).update(status=now)
        work(cup)

    monkeypatch.setattr(lifecycle, mend, and_the_other_changes)

    sweeping.left_behind()

    [first] = mended
    [other] = [cup for cup in cups if cup.pk != first]
    assert statuses(other) == {given}


def test_a_bracket_that_waits_for_nothing_is_woken(lab):
    cup = started(lab)
    Decision.objects.filter(matches__bracket=cup.brackets.first()).update(
        status="decided", winner="a"
    )

    assert sweeping.left_behind() == ([cup.pk], [])
    advancing.advance(cup.pk)
    assert cup.brackets.filter(finished=True).count() == 1


def test_what_was_extended_and_not_told_is_found(lab):
    cup = started(lab, competitors=list(factories.NAMES[:4]))
    extending.extend(cup, extending.Wanted(competitors=(factories.NAMES[4],)))

    assert sweeping.left_behind()[0] == [cup.pk]


def test_a_verdict_that_comes_while_it_is_completed_is_rated(lab):
    """It still counted as running for whoever left word; the sweep finds what was left."""
    cup = started(lab, "single_elimination")
    play(cup, random.Random(3))
    decision = cup.matches.first().decision
    Tournament.objects.filter(pk=cup.pk).update(status="running")
    judgment = Judgment.objects.create(
        judge=decision.judge, comparison=decision.comparison, order="ba", sample=1, winner="tie"
    )
    Adjudication.objects.create(decision=decision, judgment=judgment)
    settling.settle_again([decision.pk])
    Tournament.objects.filter(pk=cup.pk).update(status="completed")

    assert sweeping.left_behind() == ([], [cup.pk])
