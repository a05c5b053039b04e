"""The first minute with Arena."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, call_command
from django.utils.text import slugify

from arena.models import Project
from judges.management.speaking import spoken_errors
from tournaments.management.terminal import console_on, play, print_leaderboard, workers
from tournaments.models import TournamentStatus
from tournaments.services import demo, lifecycle, rating

BUNDLED = Path(__file__).resolve().parents[3] / "arena" / "datasets" / "demo"


class Command(BaseCommand):
    help = "Migrate, import a data set, play its tournaments to the end, print the leaderboards."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, default=BUNDLED, help="a native data set folder")

    @spoken_errors
    def handle(self, *, data: Path, **options: Any) -> None:
        console = console_on(self.stdout)
        call_command("migrate", verbosity=0)
        folder = data.resolve()
        slug = slugify(folder.name) or "data"
        name = "Bundled demo" if folder == BUNDLED else folder.name
        call_command("arena_import", str(folder), project=slug, name=name, stdout=self.stdout)
        project = Project.objects.get(slug=slug)
        with workers():
            tournaments = []
            for plan in demo.plans(project):
                tournament = demo.tournament_for(project, plan)
                if tournament.status == TournamentStatus.PAUSED:
                    lifecycle.resume(tournament)
                status = play(tournament, console)
                if status != TournamentStatus.COMPLETED:
                    raise CommandError(f"{tournament.name} is {status}. {tournament.note}".strip())
                tournaments.append(tournament)
        if others := demo.left_out(project):
            self.stdout.write(f"Also recorded, and not played here: {', '.join(others)}")
        for tournament in tournaments:
            print_leaderboard(rating.rate(project=project, tournament=tournament), console)
