"""kill -9 of workers at random moments of tournaments: what changes in schedule and digits.

A whole site runs as a stack (web, Celery workers, beat) on Postgres and Redis. While tournaments
of several formats are played, one after another, the judging workers, those that ask formats and
fit ratings, or both are killed with SIGKILL at random moments, until `KILLS` have happened while
a worker had decisions in hand. Then a second, empty site plays the same tournaments undisturbed.
The stack starts dead workers again by itself. Only one thing is hurried: the claims of the dead end
at once, and not after 20 s.

The command fails where the matches, their rounds and order, the orders of presentation, the seeds,
the verdicts, the data hash or a digit of the ratings differ. (In a knock-out a match is written as
soon as both its players are known, which depends on who answers first, killed or not; its place in
the bracket is what is compared there.)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import psycopg

from bench.faults import Arena, until
from tests.e2e.site import Site
from tests.fakes.openai_server import FakeOpenAI
from tests.servers import postgres, redis

KILLS = 50
KILLS_OF_ONE = 6
"""Most kills in one tournament: a decision that costs five workers ends without a verdict."""

SEED = 20260
GAP = (0.1, 1.5)
"""Seconds from the first verdict after a kill to the next kill, drawn evenly."""

LATENCY = 0.15
IN_FLIGHT = 8
COMPETITORS = 6
PROMPTS = 30
SPREAD, NOISE = 0.6, 1.0
"""Of the quality of answers: between neighbours, and from prompt to prompt."""

WITHIN = 240.0
VICTIMS = (("judging@",), ("default@",), ("judging@", "default@"))


@dataclass(frozen=True)
class Plan:
    """A format, and how its judge shows answers."""

    format: str
    params: dict[str, Any] = field(default_factory=dict)
    orders: str = "random"

    @property
    def label(self) -> str:
        return " ".join([self.format, *map(str, self.params.values())])


PLANS = (
    Plan("adaptive"),
    Plan("adaptive_top", {"best": 1}, orders="both"),
    Plan("single_elimination", orders="both"),
    Plan("adaptive", {"schedule": "pairs"}, orders="both"),
    Plan("adaptive_top", {"best": 2}),
)


@dataclass(frozen=True)
class Outcome:
    """What a tournament left: hashes of its schedule, of its ratings' data, of all their digits."""

    matches: int
    calls: int
    schedule: str
    data: str
    digits: str


@dataclass(frozen=True)
class Played:
    """A disturbed tournament; `at` says how many matches were settled at each kill."""

    plan: Plan
    number: int
    at: tuple[int, ...]
    served: int
    outcome: Outcome


_STATE = """
    SELECT count(*) FILTER (WHERE decision.status IN ('decided', 'undecided')),
           count(*) FILTER (WHERE decision.status = 'leased')
    FROM tournaments_match AS match
    JOIN judges_decision AS decision ON decision.id = match.decision_id
    JOIN tournaments_tournament AS cup ON cup.id = match.tournament_id
    WHERE cup.id = %s AND cup.status = 'running'
"""
_RATED = """
    SELECT count(run.id) >= 2 AND bool_and(cup.changes = cup.rated_changes)
    FROM tournaments_tournament AS cup JOIN tournaments_ratingrun AS run
      ON run.tournament_id = cup.id
    WHERE cup.id = %s AND cup.status = 'completed'
"""
_SCHEDULE = """
    SELECT asked.key, match.round, match.position, prompt.key, one.name, other.name,
           decision.status, decision.winner, decision.share, decision.silence,
           (SELECT json_agg(json_build_array(said.order, said.sample, said.winner,
                                             said.details ->> 'seed')
                            ORDER BY said.order, said.sample)
            FROM judges_judgment AS said
            WHERE said.judge_id = decision.judge_id
              AND said.comparison_id = decision.comparison_id)
    FROM tournaments_match AS match
    JOIN tournaments_bracket AS bracket ON bracket.id = match.bracket_id
    LEFT JOIN arena_prompt AS asked ON asked.id = bracket.prompt_id
    JOIN judges_decision AS decision ON decision.id = match.decision_id
    JOIN arena_comparison AS pair ON pair.id = decision.comparison_id
    JOIN arena_prompt AS prompt ON prompt.id = pair.prompt_id
    JOIN arena_output AS a ON a.id = pair.output_a_id
    JOIN arena_output AS b ON b.id = pair.output_b_id
    JOIN arena_competitor AS one ON one.id = a.competitor_id
    JOIN arena_competitor AS other ON other.id = b.competitor_id
    WHERE match.tournament_id = %s
    ORDER BY bracket.id, CASE WHEN bracket.prompt_id IS NULL THEN match.id END,
             match.round, match.position
"""
_RATINGS = """
    SELECT method, data_hash, rows, details, warnings, n_comparisons, n_prompts
    FROM tournaments_ratingrun WHERE tournament_id = %s ORDER BY id
"""
_CALLS = """
    SELECT coalesce(sum(calls), 0) FROM judges_judgment AS said
    JOIN tournaments_match AS match ON match.tournament_id = %s
    JOIN judges_decision AS decision ON decision.id = match.decision_id
    WHERE said.judge_id = decision.judge_id AND said.comparison_id = decision.comparison_id
"""


class Stage:
    """A site of its own, on which tournaments are played."""

    def __init__(self, site: Site, server: FakeOpenAI) -> None:
        self.site = site
        self.arena = Arena(site)
        self.server = server
        self.database = psycopg.connect(self.arena.database, autocommit=True)

    def undisturbed(self, plan: Plan, number: int) -> Outcome:
        return self._outcome(self._start(plan, number))

    def disturbed(self, plan: Plan, number: int, rng: random.Random, kills: int) -> Played:
        """Play a tournament, with so many kills while it runs, if it lasts for them."""
        served = self.server.stats.answered
        at: list[int] = []
        cup, settled = self._start(plan, number), 0
        while len(at) < kills and (found := self._strike(cup, settled, rng)) is not None:
            settled = found
            at.append(settled)
        outcome = self._outcome(cup)
        return Played(plan, number, tuple(at), self.server.stats.answered - served, outcome)

    def _strike(self, cup: int, settled: int, rng: random.Random) -> int | None:
        """Kill once more verdicts have come; how many there were. None where it has ended."""
        victims, gap = rng.choice(VICTIMS), rng.uniform(*GAP)
        until(lambda: all(self.arena.processes("celery", name) for name in victims), 30)
        pids = [pid for name in victims for pid in self.arena.processes("celery", name)]
        until(lambda: not self._runs(cup) or self._state(cup)[0] > settled, WITHIN)
        time.sleep(gap)
        until(lambda: not self._runs(cup) or self._state(cup)[1], WITHIN)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        now, in_hand = self._state(cup)
        if not in_hand:
            return None
        if "judging@" in victims:
            self.database.execute(
                "UPDATE judges_decision SET lease_until = now() WHERE status = 'leased'"
            )
        return now

    def _runs(self, cup: int) -> bool:
        [status] = self._one("SELECT status FROM tournaments_tournament WHERE id = %s", cup)
        return bool(status == "running")

    def _state(self, cup: int) -> tuple[int, int]:
        """(settled, in a worker's hand) of the matches of a tournament that runs."""
        settled, in_hand = self._one(_STATE, cup)
        return settled, in_hand

    def _one(self, query: str, cup: int) -> Sequence[Any]:
        found = self.database.execute(query, [cup]).fetchone()
        assert found
        return found

    def _start(self, plan: Plan, number: int) -> int:
        slug, rng = f"row{number}", random.Random(number)
        names = [f"m{place}" for place in range(COMPETITORS)]
        call = self.site.call
        call("POST", "/projects", {"slug": slug, "name": slug})
        call("POST", f"/projects/{slug}/prompts",
             lines=[{"id": f"p{n}", "text": f"{slug}: question {n:03d}?"}
                    for n in range(PROMPTS)])  # fmt: skip
        call("POST", f"/projects/{slug}/outputs",
             lines=[{"prompt": f"p{n}", "competitor": name,
                     "text": f"Answer. quality={10 + SPREAD * place + rng.gauss(0, NOISE):.3f}"}
                    for n in range(PROMPTS)
                    for place, name in enumerate(names)])  # fmt: skip
        params = {"model": "m", "base_url": self.server.base_url, "orders": plan.orders}
        call("POST", f"/projects/{slug}/judges", {"name": "j", "kind": "llm", "params": params})
        body = {"name": "cup", "format": plan.format, "format_params": plan.params,
                "judges": ["j"], "seed": number}  # fmt: skip
        cup = int(call("POST", f"/projects/{slug}/tournaments", body)["id"])
        call("POST", f"/projects/{slug}/tournaments/{cup}/start")
        return cup

    def _outcome(self, cup: int) -> Outcome:
        if not until(lambda: self._one(_RATED, cup)[0], WITHIN):
            raise AssertionError(f"tournament {cup} did not end; log:\n{self._log()}")
        schedule = self.database.execute(_SCHEDULE, [cup]).fetchall()
        ratings = self.database.execute(_RATINGS, [cup]).fetchall()
        return Outcome(
            matches=len(schedule),
            calls=self._one(_CALLS, cup)[0],
            schedule=_hash(schedule),
            data=_hash([run[1] for run in ratings]),
            digits=_hash(ratings),
        )

    def _log(self) -> str:
        return self.site.log.read_text(errors="replace")[-6000:]


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]


@contextlib.contextmanager
def stage(server: FakeOpenAI) -> Iterator[Stage]:
    """A new site as a stack, on an empty database and broker."""
    folder = tempfile.TemporaryDirectory(prefix="arena-bench-", ignore_cleanup_errors=True)
    with folder as name, postgres() as database_url, redis() as redis_url:
        os.environ.update(DATABASE_URL=database_url, REDIS_URL=redis_url)
        site = Site(Path(name))
        site.env["JUDGING_CONCURRENCY"] = str(IN_FLIGHT)
        site.start()
        made = Stage(site, server)
        try:
            yield made
        finally:
            made.database.close()
            site.stop()


def disturbed(kills: int) -> list[Played]:
    """Tournaments, one format after another, until so many kills have happened."""
    rng, struck = random.Random(SEED), 0
    played: list[Played] = []
    with FakeOpenAI(verdict="quality", latency=LATENCY) as server, stage(server) as site:
        for number, plan in enumerate(cycle(PLANS)):
            if struck >= kills:
                return played
            one = site.disturbed(plan, number, rng, min(KILLS_OF_ONE, kills - struck))
            struck += len(one.at)
            played.append(one)
            print(f"... {struck} of {kills} kills", file=sys.stderr, flush=True)
    return played


def line(one: Played, alone: Outcome) -> tuple[str, bool]:
    """A row of the table, and whether all is the same."""
    mine = one.outcome
    same = {
        "schedule": mine.schedule == alone.schedule,
        "data": mine.data == alone.data,
        "digits": mine.digits == alone.digits,
    }
    twice = one.served - mine.calls
    shown = f"{one.plan.label:<22} {one.number:>4} {len(one.at):>5} {mine.matches:>7} "
    shown += f"{mine.calls:>5} {twice:>5}  {mine.schedule} {mine.data} {mine.digits}  "
    shown += "the same" if all(same.values()) else "OTHER " + ", ".join(
        name for name, holds in same.items() if not holds
    )  # fmt: skip
    return f"{shown}  {' '.join(map(str, one.at))}", all(same.values())


def main() -> int:
    began, kills = time.monotonic(), int(sys.argv[1]) if sys.argv[1:] else KILLS
    print(
        f"{COMPETITORS} competitors, {PROMPTS} prompts; 2 judging processes with {IN_FLIGHT} calls "
        f"in flight each, {LATENCY} s a call; seed {SEED}\n"
        f"{'format':<22} {'seed':>4} {'kills':>5} {'matches':>7} {'calls':>5} {'twice':>5}  "
        f"{'schedule':<12} {'data':<12} {'digits':<12}  as undisturbed  (settled at each kill)",
        flush=True,
    )
    played, broken = disturbed(kills), 0
    with FakeOpenAI(verdict="quality", latency=0.0) as server, stage(server) as site:
        for one in played:
            shown, holds = line(one, site.undisturbed(one.plan, one.number))
            broken += not holds
            print(shown, flush=True)
    print(
        f"{sum(len(one.at) for one in played)} kills with work under way, {len(played)} "
        f"tournaments, {broken} not the same; {time.monotonic() - began:.0f} s"
    )
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
