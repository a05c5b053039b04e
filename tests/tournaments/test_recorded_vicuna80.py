"""The recorded GPT-4 judgments of vicuna80, played through the real services.

Reads the data from ARENA_SHARED_DATA or ../shared/data; its texts are not part of the repository.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from scipy.optimize import minimize

from arena.models import Project
from judges.models import Decision
from tournaments.services import advancing, demo, rating

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("ARENA_SHARED_DATA", ROOT.parent / "shared" / "data")) / "vicuna80_arena"
ELO = 400 / np.log(10)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.exists(), reason=f"the data set is not there: {DATA}"),
]


@pytest.fixture
def played():
    """The demo's tournaments by GPT-4, by name."""
    call_command("arena_import", str(DATA), project="vicuna80")
    project = Project.objects.get(slug="vicuna80")
    tournaments = {}
    for plan in demo.plans(project):
        if plan.judge == "gpt-4":
            tournament = demo.tournament_for(project, plan)
            advancing.advance(tournament.pk)
            tournament.refresh_from_db()
            tournaments[plan.name] = tournament
    return tournaments


def verdicts(names):
    """{(prompt, first name, second name): score of the first}, read straight from the file."""
    votes = defaultdict(list)
    with gzip.open(DATA / "judgments.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            a, b = row["model_a"], row["model_b"]
            if row["judge"] == "gpt-4" and a in names and b in names:
                score = {"a": 1.0, "b": 0.0}.get(row["winner"], 0.5)
                key = (row["prompt_id"], *sorted((a, b)))
                votes[key].append(score if a < b else 1 - score)
    return {key: cast[0] if len(set(cast)) == 1 else 0.5 for key, cast in votes.items()}


def independent_fit(names, prior_games=1.0):
    """Elo-scaled Bradley-Terry by BFGS, with the same prior: half a win and half a loss against
    an average competitor."""
    index = {name: i for i, name in enumerate(names)}
    wins = np.zeros((len(names), len(names)))
    for (_, a, b), score in verdicts(set(names)).items():
        wins[index[a], index[b]] += score
        wins[index[b], index[a]] += 1 - score

    def loss(theta):
        gap = theta[:, None] - theta[None, :]
        prior = prior_games / 2 * (np.logaddexp(0, -theta) + np.logaddexp(0, theta)).sum()
        return (wins * np.logaddexp(0, -gap)).sum() + prior

    theta = minimize(loss, np.zeros(len(names)), method="BFGS", options={"gtol": 1e-9}).x
    return dict(zip(names, 1000 + ELO * (theta - theta.mean()), strict=True))


@pytest.mark.parametrize("name", ["Round robin · gpt-4", "Round robin of all 9 · gpt-4"])
def test_the_round_robin_equals_an_independent_fit_on_the_file(played, name):
    tournament = played[name]
    run = rating.rate(project=tournament.project, tournament=tournament, params={"bootstrap": 0})

    expected = independent_fit([row["competitor"] for row in run.rows])

    assert {row["competitor"]: row["rating"] for row in run.rows} == pytest.approx(
        expected, abs=0.1
    )


def test_the_knock_out_uses_seven_matches_a_prompt(played):
    cup = played["Knock-out · gpt-4"]

    assert cup.status == "completed"
    assert cup.planned == cup.matches.count() == 7 * 80


def test_what_nobody_recorded_is_undecided(played):
    everybody = played["Round robin of all 9 · gpt-4"]
    undecided = Decision.objects.filter(matches__tournament=everybody, status="undecided")

    assert undecided.count() == 4 * 80
    assert set(undecided.values_list("silence", flat=True)) == {"missing"}
    names = undecided.values_list(
        "comparison__output_a__competitor__name", "comparison__output_b__competitor__name"
    )
    assert all("claude-v1" in pair for pair in names)
