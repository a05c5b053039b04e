"""Create a tournament and play it to its end."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from judges.management.speaking import project_called, spoken_errors
from tournaments.formats import registry as formats
from tournaments.management.terminal import console_on, play, print_leaderboard, workers
from tournaments.models import TournamentStatus
from tournaments.queries import failure_reasons
from tournaments.services import lifecycle, rating
from tournaments.services.shapes.tournaments import TournamentShape


class Command(BaseCommand):
    help = "Create and play a tournament to its end; exit status 0 only if it completed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, metavar="SLUG", help="whose data to play")
        known = ", ".join(formats.names())
        parser.add_argument("--format", default=lifecycle.DEFAULT_FORMAT, help=f"one of: {known}")
        parser.add_argument("--params", default="{}", metavar="JSON", help="of the format")
        parser.add_argument(
            "--judge",
            required=True,
            action="append",
            metavar="NAME",
            help="who decides; several make a jury",
        )
        parser.add_argument("--name", default="", help="of the tournament")
        parser.add_argument("--seed", type=int, default=0, help="draws brackets and lots")
        parser.add_argument("--max-calls", type=int, help="pause before more paid calls")
        parser.add_argument("--max-usd", type=float, help="pause when so much is spent")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    @spoken_errors
    def handle(self, *, json: bool, judge: list[str], **options: Any) -> None:
        console = console_on(self.stderr if json else self.stdout)
        tournament = lifecycle.create(
            project=project_called(options["project"]),
            name=options["name"],
            format=options["format"],
            format_params=_params(options["params"]),
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
        for reason, count in failure_reasons(tournament):
            self.stderr.write(f"{count} failed: {reason}")
        if status != TournamentStatus.COMPLETED:
            raise CommandError(f"not completed: {status}. {tournament.note}".strip())


def _params(given: str) -> dict[str, Any]:
    try:
        params = jsonlib.loads(given)
    except ValueError as error:
        raise CommandError(f"--params is not JSON: {error}") from None
    if not isinstance(params, dict):
        raise CommandError('--params must be a JSON object, as {"rounds": 2}')
    return params
