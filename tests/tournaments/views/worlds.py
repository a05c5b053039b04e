"""Tournaments that were played by hand, for the pages to show."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from arena.models import Project
from judges.models import Decision, Judgment
from judges.services.settling import settle
from tests import factories
from tournaments.models import Tournament
from tournaments.services import advancing, rating

CSP_BREAKERS = re.compile(r"\sstyle=|<style|<script(?![^>]*\s(src|type)=)|\son[a-z]+=\"")
"""What our policy would block; data in <script type="application/json"> is not run."""


def started(project: Project, kind: str = "round_robin", **more: Any) -> Tournament:
    """A running tournament whose matches wait for people."""
    people = project.judges.filter(name="people").first() or factories.judge(
        project, "human", "people"
    )
    return factories.started(project, people, kind, **more)


def decide(decision: Decision, winner: str = "b", reason: str = "") -> None:
    Judgment.objects.create(
        judge=decision.judge,
        comparison=decision.comparison,
        order="ab",
        winner=winner,
        reason=reason,
    )
    settle([decision.pk])


def play_out(cup: Tournament, winner: str = "b") -> Tournament:
    """Decide all matches for the later name (b), or as told; rate what was completed."""
    while waiting := list(Decision.objects.filter(matches__tournament=cup, status="waiting")):
        for decision in waiting:
            decide(decision, winner)
        advancing.advance(cup.pk)
    cup.refresh_from_db()
    if cup.status == "completed":
        rating.rate_completed(cup.pk)
    return cup


def played(
    project: Project,
    kind: str = "round_robin",
    *,
    prompts: int = 2,
    competitors: Sequence[str] = ("ann", "ben", "cat"),
    winner: str = "b",
) -> Tournament:
    """A completed and rated tournament on new data; by default cat beats ben beats ann."""
    factories.field(project, prompts=prompts, competitors=competitors)
    return play_out(started(project, kind), winner)


def queries(client: Client, path: str) -> int:
    """How many queries a page takes when nothing is cached for it."""
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def same_queries(client: Client, path: str, grow: Callable[[], object]) -> bool:
    """Whether a page takes as many queries after `grow` as before."""
    before = queries(client, path)
    grow()
    return queries(client, path) == before
