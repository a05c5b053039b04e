"""Judgments per second from the table through the LLM judge and back, on SQLite.

Compared in the same run with the limit, calls in flight / latency, of the fake endpoint (which
runs in a process of its own on the same machine).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LATENCY = 0.2
PROMPTS = 200
COMPETITORS = 5


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="arena-bench-") as folder:
        os.environ.update(ARENA_VAR=folder, DJANGO_SETTINGS_MODULE="arena.settings.base")
        server = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "fakes" / "openai_server.py"), "--port", "0",
             "--latency", str(LATENCY)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert server.stdout
            run(server.stdout.readline().split()[-1])
        finally:
            server.terminate()
            server.wait(10)


def run(base_url: str) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from judges.models import Judgment
    from judges.services import decisions, runner
    from tests import factories

    call_command("migrate", verbosity=0)
    print(f"latency {LATENCY * 1000:.0f} ms, {PROMPTS * COMPETITORS * (COMPETITORS - 1)} judgments")
    print(f"{'in flight':>9} {'judgments/s':>11} {'limit':>6} {'ratio':>6} {'ms CPU each':>11}")
    for number, in_flight in enumerate((50, 100, 200)):
        lab = factories.project(f"lab{number}")
        factories.field(lab, prompts=PROMPTS, competitors=factories.NAMES[:COMPETITORS])
        judge = factories.stub_judge(lab, base_url)
        before = Judgment.objects.count()
        decisions.ask(judge, [c.pk for c in factories.all_comparisons(lab)])
        wall, cpu = time.perf_counter(), time.process_time()
        runner.asyncio.run(runner.Runner(in_flight).run())
        wall = time.perf_counter() - wall - runner.IDLE_GRACE
        cpu = time.process_time() - cpu
        made = Judgment.objects.count() - before
        limit = in_flight / LATENCY
        print(f"{in_flight:>9} {made / wall:>11.0f} {limit:>6.0f} {made / wall / limit:>6.2f} "
              f"{cpu / made * 1000:>11.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
