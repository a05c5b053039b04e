"""Import a data set folder: prompts, outputs and, where there are any, recorded judgments."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import transaction
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from arena.common.errors import ArenaError, BulkInvalid
from arena.datasets import formats
from arena.datasets.base import Dataset
from arena.datasets.jsonl import Source
from arena.models import Project
from arena.services.counts import Counts
from arena.services.outputs import upsert_outputs
from arena.services.projects import create_project
from arena.services.prompts import upsert_prompts
from judges.services.records import import_judgments


@dataclass(frozen=True)
class _Step:
    """One file and the service that writes its records."""

    source: Source[Any]
    write: Callable[[Project, Iterable[tuple[int, Any]]], Counts]


class Command(BaseCommand):
    help = (
        "Import a data set folder into a project, which is created when new. A file with a fault "
        "is not imported at all. Imported again, nothing is doubled."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--format", default="native", choices=formats.names())
        parser.add_argument("--name", default="", help="name of the project, when it is new")

    def handle(self, *, folder: Path, project: str, name: str, **options: Any) -> None:
        try:
            steps = _steps(formats.build(options["format"], {"folder": folder}))
            # A project that would stay empty is not created.
            with transaction.atomic():
                target = _project(project, name)
                self._run(steps[0], target)
            for step in steps[1:]:
                self._run(step, target)
        except (ArenaError, OSError) as error:
            raise CommandError(str(error)) from None

    def _run(self, step: _Step, project: Project) -> None:
        path = step.source.path
        try:
            with _progress() as bar:
                task = bar.add_task(path.name, total=max(path.stat().st_size, 1))
                records = step.source.open(lambda read: bar.update(task, completed=read))
                counts = step.write(project, records)
        except BulkInvalid as error:
            for fault in error.errors:
                self.stderr.write(f"{path}:{fault.line}: {fault.field}: {fault.message}")
            raise CommandError(f"{path}: {error.message}") from None
        except ArenaError as error:
            raise CommandError(f"{path}: {error.message}") from None
        self.stdout.write(
            f"{path.name}: {counts.created} created, {counts.updated} updated, "
            f"{counts.unchanged} unchanged"
        )


def _steps(dataset: Dataset) -> list[_Step]:
    """What is to be done; finds out about missing files before anything is written."""
    steps = [_Step(dataset.prompts(), upsert_prompts), _Step(dataset.outputs(), upsert_outputs)]
    if judgments := dataset.judgments():
        steps.append(_Step(judgments, import_judgments))
    return steps


def _project(slug: str, name: str) -> Project:
    return Project.objects.filter(slug=slug).first() or create_project(slug=slug, name=name)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
