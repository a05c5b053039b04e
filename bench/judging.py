"""Judgments per second from the table through the LLM judge and back, on Postgres and SQLite.

One worker process; the fake endpoint (200 ms) runs in a process of its own on the same machine.
Compared in the same run with the limit, calls in flight / latency, and with bare aiohttp sending
the same requests. Postgres writes to disk (fsync) before it confirms.

    python -m bench.judging [--profile]
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import postgres

ROOT = Path(__file__).resolve().parents[1]
LATENCY = 0.2
PROMPTS = 250
COMPETITORS = 5
WORDS = 150
"""Words of an answer, so that a prompt has some 500."""

COLUMNS = (
    f"{'database':<9} {'orders':<7} {'in flight':>9} {'judgments':>9} {'per s':>6} {'limit':>6} "
    f"{'ratio':>6} {'ms CPU':>7} {'to aiohttp':>10} {'server CPU':>10}"
)


@dataclass(frozen=True)
class Timing:
    """How long a stretch took, and the CPU of this process and of the endpoint in it."""

    wall: float
    cpu: float
    server: float


class Endpoint:
    """The fake endpoint in a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "fakes" / "openai_server.py"),
             "--latency", str(LATENCY)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()

    def cpu(self) -> float:
        with urllib.request.urlopen(self.url.replace("/v1", "/stats")) as reply:
            return float(json.load(reply)["cpu_seconds"])

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@contextlib.contextmanager
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    try:
        yield made
    finally:
        made.close()


class Stopwatch:
    """Times a stretch of work against an endpoint."""

    def __init__(self, server: Endpoint) -> None:
        self.server = server
        self.begin = (time.perf_counter(), time.process_time(), server.cpu())

    def stop(self, idle: float = 0.0) -> Timing:
        wall, cpu, served = self.begin
        return Timing(
            time.perf_counter() - wall - idle,
            time.process_time() - cpu,
            self.server.cpu() - served,
        )


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] in ("SQLite", "Postgres"):
        measure(*sys.argv[1:])
        return
    print(
        f"latency {LATENCY * 1000:.0f} ms; prompts of some {3 * WORDS} words\n{COLUMNS}", flush=True
    )
    with tempfile.TemporaryDirectory(prefix="arena-bench-") as folder:
        env = {**os.environ, "ARENA_VAR": folder, "DJANGO_SETTINGS_MODULE": "arena.settings.base"}
        env.pop("REDIS_URL", None)
        with postgres(durable=True) as url:
            again("Postgres", env | {"DATABASE_URL": url})
        env.pop("DATABASE_URL", None)
        again("SQLite", env)


def again(database: str, env: dict[str, str]) -> None:
    """Measure in a process of its own, with settings of its own."""
    line = [sys.executable, "-m", "bench.judging", database, *sys.argv[1:]]
    subprocess.run(line, env=env, cwd=Path.cwd(), check=True)


def measure(database: str, *options: str) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with endpoint() as server:
        judged(server, "warm", "ab", 50, (), prompts=10)  # imports are paid once a process
        for number, (orders, in_flight) in enumerate(
            [("ab", 200), ("both", 200)] + ([("both", 100)] if not options else [])
        ):
            bodies, made, timing = judged(server, f"lab{number}", orders, in_flight, options)
            bare = asyncio.run(send_bare(server, bodies, in_flight))
            rate, bare_rate = made / timing.wall, len(bodies) / bare.wall
            limit = in_flight / LATENCY
            print(
                f"{database:<9} {orders:<7} {in_flight:>9} {made:>9} {rate:>6.0f} {limit:>6.0f} "
                f"{rate / limit:>6.2f} {timing.cpu / made * 1000:>7.2f} {rate / bare_rate:>10.2f} "
                f"{timing.server / timing.wall:>10.0%}", flush=True,
            )  # fmt: skip
            print(
                f"{'aiohttp':<9} {orders:<7} {in_flight:>9} {len(bodies):>9} {bare_rate:>6.0f} "
                f"{limit:>6.0f} {bare_rate / limit:>6.2f} {bare.cpu / len(bodies) * 1000:>7.2f} "
                f"{1:>10.2f} {bare.server / bare.wall:>10.0%}", flush=True,
            )  # fmt: skip


def judged(
    server: Endpoint,
    name: str,
    orders: str,
    in_flight: int,
    options: tuple[str, ...],
    prompts: int = PROMPTS,
) -> tuple[list[Any], int, Timing]:
    """Judge a new project; return the bodies that were sent, judgments made, and the time."""
    from judges.kinds import registry
    from judges.models import Judgment
    from judges.services import cases, decisions
    from judges.services.runner import Runner, stream
    from tests import factories

    lab = factories.project(name)
    text = " ".join(f"word{n}" for n in range(WORDS)) + " "
    factories.field(lab, prompts=prompts, competitors=factories.NAMES[:COMPETITORS], text=text)
    judge = factories.stub_judge(lab, server.url, orders=orders)
    compared = factories.all_comparisons(lab)
    decisions.ask(judge, [c.pk for c in compared])
    watch = Stopwatch(server)
    run = Runner(in_flight).run()
    if "--profile" in options:
        profiled(run)
    else:
        asyncio.run(run)
    timing = watch.stop(stream.IDLE_GRACE)
    made = Judgment.objects.filter(judge=judge).count()
    kind: Any = registry.build(judge.kind, judge.params)
    bodies = [
        {"model": "fake", "messages": kind.render(cases.case_of(one, shown)).messages}
        for one in compared
        for shown in kind.presentations(cases.seed_of(one))
    ]
    assert made == len(bodies), f"{made} of {len(bodies)} judged"
    return bodies, made, timing


def profiled(run: Any) -> None:
    import cProfile
    import pstats

    profile = cProfile.Profile()
    profile.runcall(asyncio.run, run)
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


async def send_bare(server: Endpoint, bodies: list[Any], in_flight: int) -> Timing:
    """The same requests by aiohttp alone, replies read as JSON."""
    import aiohttp

    left = iter(bodies)

    async def caller(session: aiohttp.ClientSession) -> None:
        for body in left:
            async with session.post(f"{server.url}/chat/completions", json=body) as reply:
                await reply.json()

    watch = Stopwatch(server)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(caller(session) for _ in range(in_flight)))
    return watch.stop()


if __name__ == "__main__":
    main()
