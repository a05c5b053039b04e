"""`manage.py arena_simulate`: formats and ratings with a known truth, or on your own verdicts."""

from __future__ import annotations

import json as jsonlib
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from rich import box
from rich.table import Table

from judges.management.speaking import project_called, spoken_errors
from tournaments.formats import registry as formats
from tournaments.management.terminal import console_on
from tournaments.ratings import registry as methods
from tournaments.services import simulating
from tournaments.simulation.trials import Contender, Cost, Mean, Outcome, compare, cost, follow
from tournaments.simulation.worlds import Setting, Synthetic

DEFAULT = ["round_robin", "single_elimination", "adaptive", "adaptive:pairs"]
GOALS = (("tau", 0.9), ("tau", 0.95), ("best", 0.9))


class Command(BaseCommand):
    help = (
        "Compares formats and ratings: in synthetic worlds, or, with --project and --tournament, "
        "on the verdicts of a finished round robin (what would this have cost?)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", metavar="SLUG")
        parser.add_argument("--tournament", type=int, metavar="ID")
        parser.add_argument(
            "--formats", nargs="+", default=DEFAULT, metavar="NAME",
            help="names; adaptive:pairs is adaptive with schedule pairs",
        )  # fmt: skip
        parser.add_argument("--ratings", nargs="+", default=["bradley_terry"], metavar="NAME")
        parser.add_argument("--trials", type=int, default=20)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--comparisons", "--calls", dest="calls", metavar="N", type=int,
            help="how many each plays; default: those of a knock-out",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true")
        for name, default in (("competitors", 20), ("prompts", 200)):
            parser.add_argument(f"--{name}", type=int, default=default)
        for name, help_ in (
            ("spread", "standard deviation of the strengths, natural-log odds"),
            ("rho", "share of the noise that sits in the answers"),
            ("flips", "share of verdicts turned round"),
            ("position", "advantage of the first, natural-log odds"),
            ("bias", "standard deviation of the judge's liking of competitors"),
            ("prompt-spread", "how differently prompts spread the field"),
            ("ties", "differences smaller than this are ties"),
            ("intransitive", "standard deviation of what each pair has of its own"),
        ):
            default_ = getattr(Setting, name.replace("-", "_"))
            parser.add_argument(f"--{name}", type=float, default=default_, help=help_)

    @spoken_errors
    def handle(self, **options: Any) -> None:
        _check(options)
        contenders = [_contender(name) for name in options["formats"]]
        if options["tournament"]:
            self._replay(contenders, options)
        else:
            self._synthetic(contenders, options)

    def _synthetic(self, contenders: Sequence[Contender], options: dict[str, Any]) -> None:
        setting = Setting(**{key: options[key] for key in Setting.__dataclass_fields__
                             if key in options})  # fmt: skip
        world = Synthetic(setting, options["trials"], options["seed"])
        calls = options["calls"] or (setting.competitors - 1) * setting.prompts
        found = compare(world, contenders, options["ratings"], calls, options["seed"])
        if options["json"]:
            self.stdout.write(jsonlib.dumps([_outcome_json(outcome) for outcome in found]))
        else:
            console_on(self.stdout).print(_outcome_table(found, options["trials"]))

    def _replay(self, contenders: Sequence[Contender], options: dict[str, Any]) -> None:
        project = project_called(options["project"] or "")
        record = simulating.record_of(project, options["tournament"])
        world = record.world(options["trials"])
        costs = [
            {goal: cost(curve, *goal) for goal in GOALS}
            for contender in contenders
            for curve in [follow(world, contender, options["seed"], most=record.calls)]
        ]
        if options["json"]:
            rows = [
                {"format": contender.label, **{f"{what} {goal}": _cost_json(found[what, goal])
                                               for what, goal in GOALS}}
                for contender, found in zip(contenders, costs, strict=True)
            ]  # fmt: skip
            self.stdout.write(jsonlib.dumps({"played": record.calls, "formats": rows}))
            return
        console = console_on(self.stdout)
        console.print(_cost_table(contenders, costs, record.calls))
        console.print(
            f"{record.missing:.0%} of all pairs on all prompts have no verdict; the order of the "
            "whole table counts as the truth. A judge that asks in both orders takes two calls for "
            "a comparison.", style="dim",
        )  # fmt: skip


def _check(options: dict[str, Any]) -> None:
    for name in ("trials", "competitors", "prompts"):
        if options[name] < (2 if name == "competitors" else 1):
            raise CommandError(f"--{name} is too small: {options[name]}")
    if options["calls"] is not None and options["calls"] < 1:
        raise CommandError(f"--calls is too small: {options['calls']}")
    if not 0 <= options["rho"] < 1 or not 0 <= options["flips"] < 0.5:
        raise CommandError("--rho must lie from 0 to below 1, --flips from 0 to below 0.5")
    if bool(options["project"]) != bool(options["tournament"]):
        raise CommandError("--project and --tournament go together")
    for method in options["ratings"]:
        methods.get(method)


def _contender(name: str) -> Contender:
    format_, _, schedule = name.partition(":")
    contender = Contender(format_, {"schedule": schedule} if schedule else {})
    formats.build(contender.format, contender.params)
    return contender


def _shown(mean: Mean | None, digits: int = 3) -> str:
    if mean is None:
        return "–"
    error = "" if math.isnan(mean.error) else f" ± {mean.error:.{digits}f}"
    return f"{mean.value:,.{digits}f}{error}"


def _outcome_table(found: Sequence[Outcome], trials: int) -> Table:
    table = Table(
        title=f"{trials} simulated tournaments each; covered: by 95 % intervals",
        title_justify="left",
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    table.add_column("format", overflow="fold", min_width=18)
    table.add_column("rating", overflow="fold", min_width=13)
    for column in ("games", "tau", "best found", "covered"):
        table.add_column(column, justify="right", overflow="fold", min_width=min(len(column), 9))
    for outcome in found:
        table.add_row(
            outcome.contender.label, outcome.rating, f"{outcome.calls.value:,.0f}",
            _shown(outcome.tau, 2), _shown(outcome.best, 2), _shown(outcome.coverage, 2),
        )  # fmt: skip
    return table


def _cost_table(
    contenders: Sequence[Contender], costs: Sequence[dict[tuple[str, float], Cost]], played: int
) -> Table:
    table = Table(
        title=f"What it would have taken, of {played:,} comparisons", title_justify="left"
    )
    table.add_column("format", overflow="fold")
    for what, goal in GOALS:
        table.add_column(f"best found, {goal:.0%}" if what == "best" else f"tau {goal}",
                         justify="right", overflow="fold")  # fmt: skip
    for contender, found in zip(contenders, costs, strict=True):
        cells = [
            "not reached" if math.isnan(c.calls)
            else f"{_shown(Mean(c.calls, c.error), 0)} ({c.calls / played:.0%})"
            for c in found.values()
        ]  # fmt: skip
        table.add_row(contender.label, *cells)
    return table


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _cost_json(found: Cost) -> dict[str, float | None]:
    return {"calls": _number(found.calls), "error": _number(found.error)}


def _outcome_json(outcome: Outcome) -> dict[str, object]:
    means = {
        name: None if mean is None else {k: _number(v) for k, v in asdict(mean).items()}
        for name in ("calls", "tau", "best", "coverage")
        for mean in [getattr(outcome, name)]
    }
    return {"format": outcome.contender.label, "rating": outcome.rating, **means}
