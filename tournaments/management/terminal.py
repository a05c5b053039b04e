"""What the commands share: playing to the end with a progress bar, and printing a leaderboard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from arena.common import embedded
from tournaments.gaps import gaps_of
from tournaments.models import RatingRun, Tournament, TournamentStatus
from tournaments.queries import progress_of, status_of
from tournaments.ratings import registry as methods

POLL = 0.1


@contextmanager
def workers() -> Iterator[None]:
    """Have workers at hand: in this process when embedded, else those of the stack."""
    if settings.EMBEDDED:
        with embedded.worker():
            yield
        return
    from arena.celery import app  # the composition root, needed only here

    if not app.control.ping(timeout=3):
        raise CommandError("no Celery worker answers; start them (make up) or unset REDIS_URL")
    yield


def console_on(stream: OutputWrapper) -> Console:
    """A console that writes where the command writes."""
    return Console(file=cast("IO[str]", stream))


def play(tournament: Tournament, console: Console) -> str:
    """Show a running tournament until it ends or waits for people; return its status."""
    with _bar(console) as bar:
        task = bar.add_task(tournament.name, total=max(tournament.planned, 1), notes="")
        while True:
            tournament.refresh_from_db()
            progress = progress_of(tournament)
            status = status_of(tournament, progress)
            parts = ("undecided", "failed", "waiting_for_people")
            notes = ", ".join(
                f"{getattr(progress, name)} {name.replace('_', ' ')}"
                for name in parts
                if getattr(progress, name)
            )
            bar.update(task, completed=progress.settled, notes=notes)
            if status != TournamentStatus.RUNNING:
                return status
            time.sleep(POLL)


def print_leaderboard(run: RatingRun, console: Console) -> None:
    """Print a rating run as a table, best first, with what has to be known to trust it."""
    label = methods.get(run.method).label
    title = f"{run.tournament.name if run.tournament else run.project.name} · {label}"
    table = Table(title=title, title_justify="left", caption_justify="left")
    for column in ("rank", run.quantity.lower(), "95 % interval", "n", "won", "lost", "tied"):
        table.add_column(column, justify="right")
    table.add_column("competitor", no_wrap=True)
    for row in run.rows:
        table.add_row(*_cells(row), row["competitor"])
    console.print(table)
    console.print(
        f"{run.n_comparisons} decided comparisons on {run.n_prompts} prompts", style="dim"
    )
    if missing := gaps_of(run).in_words():
        console.print(f"! {missing}", style="yellow")
    for warning in run.warnings:
        console.print(f"! {warning}", style="yellow")


def _cells(row: dict[str, object]) -> list[str]:
    ranks = f"{row['rank']} ({row['rank_low']}–{row['rank_high']})" if row["rank"] else "–"
    counts = [str(row[key]) for key in ("comparisons", "wins", "losses", "ties")]
    if row["rating"] is None:
        return [ranks, "not rated", "–", *counts]
    interval = f"{row['ci_low']:.0f} … {row['ci_high']:.0f}"
    return [ranks, f"{row['rating']:.0f}", interval, *counts]


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("matches"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[notes]}", style="yellow"),
        console=console,
    )
