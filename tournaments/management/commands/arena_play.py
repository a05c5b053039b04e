"""Create a tournament and play it to its end."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from tournaments.management.terminal import (
    console_on,
    play,
    print_leaderboard,
    project_called,
    spoken_errors,
    workers,
)
from tournaments.models import TournamentStatus
from tournaments.services import lifecycle, rating
from tournaments.services.shapes import TournamentShape


class Command(BaseCommand):
    help = "Create and play a tournament to its end; exit status 0 only if it completed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--format", required=True)
        parser.add_argument("--judge", required=True, action="append", metavar="NAME")
        parser.add_argument("--name", default="")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--max-calls", type=int)
        parser.add_argument("--max-usd", type=float)
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    @spoken_errors
    def handle(self, *, json: bool, judge: list[str], **options: Any) -> None:
        console = console_on(self.stderr if json else self.stdout)
        tournament = lifecycle.create(
            project=project_called(options["project"]),
            name=options["name"],
            format=options["format"],
            judges=judge,
            seed=options["seed"],
            max_calls=options["max_calls"],
            max_usd=options["max_usd"],
        )
        with workers():
            lifecycle.start(tournament)
            status = play(tournament, console)
        if json:
            self.stdout.write(jsonlib.dumps(TournamentShape.of(tournament).model_dump(mode="json")))
        else:
            run = rating.rate(project=tournament.project, tournament=tournament)
            print_leaderboard(run, console)
        if status != TournamentStatus.COMPLETED:
            raise CommandError(f"not completed: {status}. {tournament.note}".strip())
