"""Ask a judge once and print all that was said."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand, CommandError
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from arena.common.visible import visible
from judges.contracts import Order
from judges.management.speaking import project_called, spoken_errors
from judges.services import trials
from judges.services.judges import named
from judges.services.trials import Call, Trial

PATIENCE = 600.0


class Command(BaseCommand):
    help = (
        "Ask a judge about one comparison and show the prompt, the reply, how it was read and "
        "what it cost. Nothing is stored as a judgment; the call is paid for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--judge", required=True, metavar="NAME")
        parser.add_argument("--prompt", default="", metavar="KEY", help="drawn if left out")
        parser.add_argument("--a", default="", metavar="NAME", help="competitor; drawn if left out")
        parser.add_argument("--b", default="", metavar="NAME", help="the other competitor")
        parser.add_argument(
            "--order", default="ab", choices=("ab", "ba"), help="who is shown first"
        )
        parser.add_argument("--timeout", type=float, default=PATIENCE, help="seconds, all calls")
        parser.add_argument("--json", action="store_true", help="print everything as JSON")

    @spoken_errors
    def handle(self, *, json: bool, **options: Any) -> None:
        project = project_called(options["project"])
        judge = named(project, options["judge"])
        material = trials.chosen(
            project,
            prompt=options["prompt"],
            a=options["a"],
            b=options["b"],
            order=Order(options["order"]),
        )
        trial = trials.conduct(
            project,
            kind=judge.kind,
            params=judge.params,
            material=material,
            timeout=options["timeout"],
        )
        if json:
            self.stdout.write(jsonlib.dumps(asdict(trial)))
        else:
            self._print(trial)
        if trial.error is not None:
            raise CommandError(trial.error)

    def _print(self, trial: Trial) -> None:
        console = Console(file=self.stdout, highlight=False)  # type: ignore[arg-type]
        console.print(Text(f"{trial.prompt}: {trial.first} (A) against {trial.second} (B)"))
        for call in trial.calls:
            _print_call(console, call)
        console.print(Text(visible(_outcome(trial)), style="bold"))
        for said in (trial.reason, trial.advice):
            if said:
                console.print(Text(visible(said)))
        console.print(Text(_costs(trial), style="dim"))


def _print_call(console: Console, call: Call) -> None:
    for message in call.messages:
        text = Text(visible(message["content"]))
        console.print(Panel(text, title=f"{call.label}: {message['role']}", title_align="left"))
    if call.thinking:
        console.print(Panel(Text(visible(call.thinking)), title="thinking", title_align="left"))
    reply = call.reply or call.refusal or ("(empty)" if call.came_back else "(none came)")
    facts = f"reply ({call.response_format}{', stored' if call.cached else ''})"
    title = facts if call.came_back else "reply"
    console.print(Panel(Text(visible(reply)), title=title, title_align="left"))
    if call.aside:
        console.print(Text("What stands in the material to the letter was not read as a verdict."))


def _outcome(trial: Trial) -> str:
    if trial.error is not None:
        return f"No reply: {trial.error}"
    if trial.silence is not None:
        return f"No verdict: {trial.silence}"
    won = f" ({trial.winner})" if trial.winner else ""
    return f"Verdict: {trial.preference}{won}"


def _costs(trial: Trial) -> str:
    usage = trial.usage
    price = "price unknown" if usage.usd is None else f"${usage.usd:.4f}"
    return (
        f"{usage.calls} calls, {usage.cache_hits} from the store, {usage.tokens_in} + "
        f"{usage.tokens_out} tokens, {price}, {usage.latency_ms} ms"
    )
