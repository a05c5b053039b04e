"""Print a leaderboard."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from judges.management.speaking import project_called, spoken_errors
from tournaments.management.terminal import console_on, print_leaderboard
from tournaments.queries import tournament_of
from tournaments.services import rating
from tournaments.services.shapes.leaderboards import LeaderboardShape


class Command(BaseCommand):
    help = "Print the leaderboard of a project, or of one of its tournaments."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--tournament", type=int, metavar="ID")
        parser.add_argument("--method", default="bradley_terry")
        parser.add_argument("--json", action="store_true")

    @spoken_errors
    def handle(self, *, json: bool, tournament: int | None, **options: Any) -> None:
        project = project_called(options["project"])
        played = tournament_of(project, tournament) if tournament else None
        run = rating.rate(project=project, tournament=played, method=options["method"])
        if json:
            self.stdout.write(jsonlib.dumps(LeaderboardShape.of(run).model_dump(mode="json")))
        else:
            print_leaderboard(run, console_on(self.stdout))
