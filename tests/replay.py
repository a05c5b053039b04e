"""The recorded votes of people on vicuna80, cast once more through the pages of raters.

Three raters take the votes of each pair, one each. Reads the data from ARENA_SHARED_DATA or
../shared/data; its texts are not part of the repository.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User
from django.test import Client

from arena.models import Comparison, Membership, Project, Role
from judges.contracts import Order, Preference
from judges.models import Campaign, Participant
from judges.services import decisions, judges
from judges.views.pairs import assignment_of
from tests import factories

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ARENA_SHARED_DATA", ROOT.parent / "shared" / "data")) / "vicuna80_arena"
RATERS = 3
TOKEN = re.compile(r'data-token="([^"]+)"')

Cell = tuple[str, str, str]
"""A prompt and two competitors, the first by name first."""


@dataclass(frozen=True)
class Agreement:
    """Of three raters a pair: the mean share of agreeing pairs of raters, and Fleiss' kappa."""

    raw: float
    kappa: float


def votes(prompts: int) -> dict[Cell, list[str]]:
    """{cell: three votes, "a" for its first competitor} on the first so many prompts."""
    found: defaultdict[Cell, list[str]] = defaultdict(list)
    with gzip.open(DATA / "judgments.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["judge"] != "mturk":
                continue
            a, b, winner = row["model_a"], row["model_b"], row["winner"]
            if a > b:
                a, b, winner = b, a, {"a": "b", "b": "a"}.get(winner, winner)
            found[row["prompt_id"], a, b].append(winner)
    chosen = sorted({cell[0] for cell in found}, key=lambda key: int(key.split("-")[1]))[:prompts]
    return {cell: cast for cell, cast in found.items() if cell[0] in chosen}


def agreement(cast: Sequence[Sequence[str]]) -> Agreement:
    """From the votes themselves; chance takes both sides alike, whichever is called a."""
    pairs = len(cast) * RATERS * (RATERS - 1)
    counts = [Counter(row) for row in cast]
    same = sum(n * (n - 1) for row in counts for n in row.values()) / pairs
    shares = {
        key: sum(row[key] for row in counts) / len(cast) / RATERS for key in ("a", "b", "tie")
    }
    side = (shares["a"] + shares["b"]) / 2
    chance = 2 * side**2 + shares["tie"] ** 2
    return Agreement(same, (same - chance) / (1 - chance))


def campaign_for(project: Project, cells: Mapping[Cell, Sequence[str]]) -> Campaign:
    """People are asked the comparisons of these cells, three each."""
    judge = judges.define(project=project, name="people", kind="human", params={"raters": RATERS})
    factories.all_comparisons(project)
    rows = Comparison.objects.filter(prompt__project=project).select_related(
        "prompt", "output_a__competitor", "output_b__competitor"
    )
    decisions.ask(judge, [row.pk for row in rows if _cell(row)[0] in cells])
    return judge.campaign


def replay(campaign: Campaign, cells: Mapping[Cell, Sequence[str]]) -> int:
    """Cast all votes through the pages; return how many were taken."""
    taken = 0
    for number in range(RATERS):
        user = User.objects.create(username=f"turker{number}")
        Membership.objects.create(project=campaign.judge.project, user=user, role=Role.RATER)
        client = Client()
        client.force_login(user)
        taken += sum(1 for _ in _one_rater(client, user, campaign, cells, number))
        client.post(f"/rate/{campaign.key}/done")
    return taken


def _one_rater(
    client: Client, user: User, campaign: Campaign, cells: Mapping[Cell, Sequence[str]], number: int
) -> Iterator[None]:
    address = f"/rate/{campaign.key}"
    ready = TOKEN.findall(client.get(address).content.decode())
    participant = Participant.objects.get(user=user, campaign=campaign)
    while ready:
        token = ready.pop(0)
        assignment = assignment_of(token, participant)
        assert assignment is not None
        row = Comparison.objects.select_related(
            "prompt", "output_a__competitor", "output_b__competitor"
        ).get(pk=assignment.comparison_id)
        said = _as_shown(row, Order(assignment.order), cells, number)
        body = {"token": token, "preference": said, "has": ready}
        reply = client.post(address, body, headers={"HX-Request": "true"}).content.decode()
        assert 'data-outcome="recorded"' in reply, reply[:300]
        yield
        ready = [found for found in TOKEN.findall(reply) if found != token]


def _as_shown(
    row: Comparison, order: Order, cells: Mapping[Cell, Sequence[str]], number: int
) -> Preference:
    cell, turned = _cell(row)
    winner = cells[cell][number]
    if turned:
        winner = {"a": "b", "b": "a"}.get(winner, winner)
    return next(said for said in Preference if said.winner(order) == winner)


def _cell(row: Comparison) -> tuple[Cell, bool]:
    """The cell of a comparison, and whether its a is the cell's second competitor."""
    a, b = row.output_a.competitor.name, row.output_b.competitor.name
    return (row.prompt.key, *sorted((a, b))), a > b  # type: ignore[return-value]
