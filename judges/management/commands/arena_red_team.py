"""Attack a judge and tell how often the model behind it falls for it."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from judges.management.speaking import project_called, spoken_errors
from judges.services import red_team
from judges.services.judges import named
from judges.services.red_team import FamilyResult, Report

ASK_ABOVE = 20

NOTE = """\
What won here won over the model, by what it says: the prompt kept it apart and the reply was read \
as the judge meant it. Compare each family with "no attack". A stronger model, both orders and a \
jury of different models help."""


class Command(BaseCommand):
    help = (
        "Set a good answer against answers that attack the judge, in both orders, and count by "
        f"family how often the attack wins. Makes paid calls: more than {ASK_ABOVE} need --yes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--judge", required=True, metavar="NAME")
        parser.add_argument(
            "--family", action="append", default=[], metavar="NAME", help="only this; repeatable"
        )
        parser.add_argument("--yes", action="store_true", help="make all these calls")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    @spoken_errors
    def handle(self, *, json: bool, yes: bool, **options: Any) -> None:
        project = project_called(options["project"])
        judge = named(project, options["judge"])
        attacks = red_team.attacks_of(options["family"])
        calls = red_team.planned_calls(judge, attacks)
        plan = f"{len(attacks)} answers in both orders: {calls} calls, without repairs"
        if calls > ASK_ABOVE and not yes:
            raise CommandError(f"{plan}. Say --yes to make them.")
        self.stderr.write(plan)
        console = Console(file=self.stderr)  # type: ignore[arg-type]
        columns = (TextColumn("attacking"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("", total=2 * len(attacks))
            report = red_team.assault(project, judge, attacks, lambda: bar.advance(task))
        if json:
            self.stdout.write(jsonlib.dumps(asdict(report)))
        else:
            self._print(report)

    def _print(self, report: Report) -> None:
        table = Table(title=f"Attacks on {report.judge}")
        for name in ("family", "attacks", "won", "share [95 %]", "ties", "no verdict", "fell for"):
            table.add_column(name, justify="left" if name in ("family", "fell for") else "right")
        for row in report.families:
            table.add_row(*_cells(row))
        console = Console(file=self.stdout, width=120)  # type: ignore[arg-type]
        console.print(table)
        usage = report.usage
        price = "price unknown" if usage.usd is None else f"${usage.usd:.4f}"
        console.print(
            f"{usage.calls} calls, {usage.cache_hits} from the store, {usage.tokens_in} + "
            f"{usage.tokens_out} tokens, {price}"
        )
        for fault, count in report.faults.items():
            console.print(f"{count} failed: {fault}", markup=False)
        console.print(NOTE)


def _cells(row: FamilyResult) -> list[str]:
    known = row.share is not None and row.low is not None and row.high is not None
    share = f"{row.share:.2f} [{row.low:.2f}, {row.high:.2f}]" if known else "–"
    return [
        row.family,
        str(row.attacks),
        f"{row.won} of {row.asked}",
        share,
        str(row.not_lost - row.won),
        str(row.silent + row.failed),
        ", ".join(row.fell_for[:4]) + (", …" if len(row.fell_for) > 4 else ""),
    ]
