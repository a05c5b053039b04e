"""The simulation lab on the command line."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from judges.models import Judgment
from judges.services import decisions
from tests import factories
from tournaments.services import advancing, lifecycle

SMALL = ("--competitors", "5", "--prompts", "20", "--trials", "3")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("arena_simulate", *arguments, stdout=out)
    return out.getvalue()


def test_formats_and_ratings_are_compared_at_equal_calls():
    found = json.loads(
        run(*SMALL, "--ratings", "bradley_terry", "win_rate", "--formats", "adaptive",
            "adaptive:pairs", "single_elimination", "--json")
    )  # fmt: skip

    assert len(found) == 6
    assert {row["calls"]["value"] for row in found} == {80.0}
    assert all(-1 <= row["tau"]["value"] <= 1 for row in found)
    assert [row["coverage"] is None for row in found] == [False, True] * 3
    assert found[2]["format"] == "adaptive schedule=pairs"


def test_the_same_seed_prints_the_same_and_another_one_does_not():
    assert run(*SMALL, "--json") == run(*SMALL, "--json")
    assert run(*SMALL, "--json") != run(*SMALL, "--json", "--seed", "2")


def test_people_read_a_table():
    shown = run(*SMALL, "--formats", "swiss", "--ties", "0.3", "--intransitive", "0.2")

    assert "swiss" in shown
    assert "±" in shown


def test_names_are_whole_and_one_trial_has_no_error(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    small = ("--competitors", "5", "--prompts", "20", "--trials", "1")

    shown = run(*small, "--formats", "adaptive_top", "single_elimination")

    assert "…" not in shown
    assert "nan" not in shown
    assert shown.count("covered") == 2
    assert "single_elimination" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--formats", "ladder"), "ladder"),
        (("--ratings", "guess"), "guess"),
        (("--formats", "adaptive:ladder"), "schedule"),
        (("--trials", "0"), "--trials"),
        (("--rho", "1"), "--rho"),
        (("--tournament", "3"), "--project"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(arguments, said):
    with pytest.raises(CommandError, match=said):
        run(*arguments)


@pytest.fixture
def lab(db):
    lab = factories.project()
    factories.field(lab, prompts=12, competitors=["ann", "ben", "cat", "dan"])
    return lab


def played(lab, format_: str):
    judge = factories.judge(lab, "recorded", "gpt", judge="gpt")
    compared = factories.all_comparisons(lab)
    Judgment.objects.bulk_create(
        Judgment(judge=judge, comparison=c, order="ab", winner="b", details={"judge_kind": "llm"})
        for c in compared
    )
    decisions.ask(judge, [c.pk for c in compared])
    cup = factories.tournament(lab, judge, format_)
    lifecycle.start(cup)
    advancing.advance(cup.pk)
    return cup


@pytest.mark.django_db
def test_a_finished_round_robin_says_what_other_formats_would_have_cost(lab):
    cup = played(lab, "round_robin")

    found = json.loads(
        run("--project", "lab", "--tournament", str(cup.pk), "--formats", "single_elimination",
            "adaptive", "--trials", "4", "--json")
    )  # fmt: skip

    assert found["played"] == 72
    assert [row["format"] for row in found["formats"]] == ["single_elimination", "adaptive"]
    assert 0 < found["formats"][1]["tau 0.95"]["calls"] <= 72
    assert "72 comparisons" in run("--project", "lab", "--tournament", str(cup.pk), "--trials", "2")


@pytest.mark.django_db
def test_only_a_full_table_can_be_replayed(lab):
    cup = played(lab, "single_elimination")

    with pytest.raises(CommandError, match="no tournament 999"):
        run("--project", "lab", "--tournament", "999")
    cup.status = "running"
    cup.save()
    with pytest.raises(CommandError, match="completed"):
        run("--project", "lab", "--tournament", str(cup.pk))


@pytest.mark.parametrize("calls", ["0", "-5"])
def test_calls_that_play_nothing_are_refused(calls):
    with pytest.raises(CommandError, match="--calls is too small"):
        run(*SMALL, "--calls", calls)
