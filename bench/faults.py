"""What a run does when its endpoint, its worker, Redis or Postgres fails: one row a fault.

A whole site runs as a stack (web, Celery workers, beat) on Postgres that writes to disk, and Redis.
Endpoint faults are played by `tests/fakes/openai_server.py`; processes are killed with -9 and, if
they are servers, started again three seconds later. Slow rows run beside the others.

The command fails when a row breaks its promise: the run ends by itself; every verdict that the
fault leaves possible is decided; each undecided one says why; the board shows what is decided and
says what is missing; and no more is paid twice than calls were in flight.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.e2e.site import Site
from tests.fakes.openai_server import FakeOpenAI
from tests.servers import postgres, redis

IN_FLIGHT = 50
PROCESSES = 2
NAMES = ("ann", "ben", "cat", "dan", "eve")
DOWN_SECONDS = 3.0

HEADER = (
    f"{'fault':<34} {'ends':<5} {'s':>4} {'decided':>8} {'undecided':>9} {'say why':>8} "
    f"{'served':>6} {'twice':>5} {'of':>4} {'board':>6} {'banner':>6}  verdict"
)


@dataclass(frozen=True)
class Row:
    """A fault and what is left possible under it.

    `undecided` is how many comparisons may end without a verdict (least, most). `strike` is called
    once the endpoint has served a quarter of the calls.
    """

    name: str
    behaviour: dict[str, Any] = field(default_factory=dict)
    prompts: int = 12
    competitors: int = 5
    undecided: tuple[int, int] = (0, 0)
    params: dict[str, Any] = field(default_factory=dict)
    within: float = 120.0
    strike: Callable[[Arena], None] | None = None

    @property
    def comparisons(self) -> int:
        return self.prompts * self.competitors * (self.competitors - 1) // 2


@dataclass(frozen=True)
class Result:
    """A row as measured; `broken` are the promises that it broke."""

    row: Row
    ended: bool
    seconds: float
    decided: int
    undecided: int
    explained: int
    served: int
    twice: int
    limit: int
    on_board: int
    banner: bool

    @property
    def broken(self) -> list[str]:
        least, most = self.row.undecided
        kept = {
            "did not end": self.ended,
            "verdicts missing": self.decided + self.undecided == self.row.comparisons,
            f"not {least} to {most} undecided": least <= self.undecided <= most,
            "silent about why": self.explained == self.undecided,
            "paid twice too often": self.twice <= self.limit,
            "board is not what is decided": self.on_board == self.decided,
            "banner": self.banner == (self.undecided > 0),
        }
        return [promise for promise, holds in kept.items() if not holds]

    def line(self) -> str:
        return (
            f"{self.row.name:<34} {'yes' if self.ended else 'NO':<5} {self.seconds:>4.0f} "
            f"{self.decided:>8} {self.undecided:>9} {self.explained:>8} {self.served:>6} "
            f"{self.twice:>5} {self.limit:>4} {self.on_board:>6} {'yes' if self.banner else '-':>6}"
            f"  {', '.join(self.broken) or 'holds'}"
        )


class Arena:
    """A running site, its database, and the processes that can be killed."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.database = site.env["DATABASE_URL"]

    def play(self, row: Row, number: int) -> Result:
        """Play one tournament under a fault."""
        slug = f"row{number}"
        with FakeOpenAI(**{"verdict": "quality", "latency": 0.2, **row.behaviour}) as server:
            self._fill(slug, row, server.base_url)
            began = time.monotonic()
            path = self._start(slug)
            if row.strike is not None:
                calls = 2 * row.comparisons
                until(lambda: server.stats.answered > calls / 4, 60)
                row.strike(self)
            ended = until(lambda: self._completed(path), row.within)
            seconds = time.monotonic() - began
            # A fault may leave calls behind that nobody waits for.
            served, twice = server.stats.answered, server.stats.repeated_prompts
        return self._result(row, slug, path, ended, seconds, served, twice)

    def _fill(self, slug: str, row: Row, base_url: str) -> None:
        names = NAMES[: row.competitors]
        call = self.site.call
        call("POST", "/projects", {"slug": slug, "name": slug})
        call("POST", f"/projects/{slug}/prompts",
             lines=[{"id": f"p{n}", "text": f"{slug}: question {n:03d}?"}
                    for n in range(row.prompts)])  # fmt: skip
        call("POST", f"/projects/{slug}/outputs",
             lines=[{"prompt": f"p{n}", "competitor": name, "text": f"Answer. quality={place}"}
                    for n in range(row.prompts)
                    for place, name in enumerate(names)])  # fmt: skip
        params = {"model": "m", "base_url": base_url, **row.params}
        call("POST", f"/projects/{slug}/judges", {"name": "j", "kind": "llm", "params": params})

    def _start(self, slug: str) -> str:
        body = {"name": "cup", "format": "round_robin", "judges": ["j"]}
        drafted = self.site.call("POST", f"/projects/{slug}/tournaments", body)
        path = f"/projects/{slug}/tournaments/{drafted['id']}"
        self.site.call("POST", f"{path}/start")
        return path

    def _completed(self, path: str) -> bool:
        # While Postgres is down the site answers with an error; that is not the end.
        with contextlib.suppress(AssertionError, OSError):
            return bool(self.site.call("GET", path)["status"] == "completed")
        return False

    def _result(
        self, row: Row, slug: str, path: str, ended: bool, seconds: float, served: int, twice: int
    ) -> Result:
        with psycopg.connect(self.database) as database:
            found = database.execute(_COUNTS, [slug]).fetchone()
        assert found
        decided, undecided, explained = found
        board: dict[str, Any] = {}
        if ended:
            query = urllib.parse.urlencode({"tournament": path.rsplit("/", 1)[1]})
            until(lambda: board.update(self._board(slug, query)) or board, 20)
        return Result(
            row, ended, seconds, decided, undecided, explained, served, twice,
            limit=PROCESSES * IN_FLIGHT,
            on_board=board.get("n_comparisons", 0),
            banner=ended and self._banner(slug, query),
        )  # fmt: skip

    def _board(self, slug: str, query: str) -> dict[str, Any]:
        with contextlib.suppress(AssertionError):
            found: dict[str, Any] = self.site.call("GET", f"/projects/{slug}/leaderboard?{query}")
            return found
        return {}

    def _banner(self, slug: str, query: str) -> bool:
        """Whether the page says that something is missing."""
        url = f"{self.site.url}/projects/{slug}/leaderboard?{query}"
        try:
            with urllib.request.urlopen(url, timeout=30) as reply:
                return "without a verdict" in reply.read().decode()
        except urllib.error.HTTPError:
            return False

    def processes(self, *words: str) -> list[int]:
        """Processes of this site whose command line holds all the words."""
        assert self.site.process
        found = []
        for pid in _descendants(self.site.process.pid):
            with contextlib.suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
                if all(word in line for word in words):
                    found.append(pid)
        return found


_COUNTS = """
    SELECT count(*) FILTER (WHERE status = 'decided'),
           count(*) FILTER (WHERE status = 'undecided'),
           count(*) FILTER (WHERE status = 'undecided' AND silence IS NOT NULL AND note <> '')
    FROM judges_decision
    JOIN judges_judge ON judges_judge.id = judge_id
    JOIN arena_project ON arena_project.id = project_id
    WHERE slug = %s
"""


def until(done: Callable[[], Any], seconds: float) -> bool:
    """Whether `done()` becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(0.1)
    return False


def _descendants(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    children = [int(line) for line in found.stdout.split()]
    return [pid for child in children for pid in [child, *_descendants(child)]]


class Killable:
    """A server that can be killed with -9 and started again as it was."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.line = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
        self.folder = Path(f"/proc/{pid}/cwd").readlink()
        self.owner = Path(f"/proc/{pid}").stat()
        self.again: subprocess.Popen[bytes] | None = None

    def strike(self, _: Arena) -> None:
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)  # a zombie's lock file would look like a living server's
        time.sleep(DOWN_SECONDS)
        who = {"user": self.owner.st_uid, "group": self.owner.st_gid} if os.geteuid() == 0 else {}
        self.again = subprocess.Popen(
            self.line, cwd=self.folder, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who,
        )  # fmt: skip
        self.pid = self.again.pid

    def close(self) -> None:
        if self.again is not None:
            self.again.send_signal(signal.SIGINT)
            self.again.wait(30)


def kill_worker(arena: Arena) -> None:
    """The judging worker with its processes; the stack starts it again."""
    for pid in arena.processes("celery", "judging@"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def endpoint_rows() -> list[Row]:
    return [
        Row("10 % 429 with retry-after", {"p429": 0.1, "retry_after_ms": 500}),
        Row("10 % 500", {"p500": 0.1}),
        Row("10 % malformed or empty", {"pbad": 0.05, "pempty": 0.05}, undecided=(1, 60)),
        Row("5 % dropped", {"pdrop": 0.05}),
        Row("replies without usage", {"usage": False}),
        Row(
            "1 prompt in 100 refused (400)", {"refuse_word": "question 042"}, prompts=100,
            competitors=3, undecided=(3, 3),
        ),
        Row("2 % of calls hang", {"phang": 0.02}, params={"timeout": 4}),
    ]  # fmt: skip


def slow_rows() -> list[Row]:
    return [
        Row("60 requests a minute", {"per_minute": 60}, prompts=5, competitors=4, within=170),
        Row("all calls 500", {"p500": 1.0}, undecided=(120, 120), within=240),
        Row("endpoint hangs for good", {"phang": 1.0}, undecided=(120, 120), within=300,
            params={"timeout": 4}),
    ]  # fmt: skip


def kill_rows(database: Killable, broker: Killable) -> list[Row]:
    return [
        Row("kill -9 of the worker", prompts=100, strike=kill_worker),
        Row("kill -9 of Redis, back after 3 s", prompts=100, strike=broker.strike),
        Row("kill -9 of Postgres, back after 3 s", prompts=100, strike=database.strike),
    ]


@contextlib.contextmanager
def stack() -> Iterator[tuple[Arena, Killable, Killable]]:
    """A site as a stack on servers of its own."""
    folder = tempfile.TemporaryDirectory(prefix="arena-bench-", ignore_cleanup_errors=True)
    with folder as name, postgres(durable=True) as database_url, redis() as redis_url:
        os.environ.update(DATABASE_URL=database_url, REDIS_URL=redis_url)
        with psycopg.connect(database_url) as database:
            where = database.execute("SHOW data_directory").fetchone()
        assert where
        postmaster = Killable(int((Path(where[0]) / "postmaster.pid").read_text().split()[0]))
        port = str(urllib.parse.urlsplit(redis_url).port)
        [redis_pid] = [
            pid for pid in _descendants(os.getpid())
            if f":{port}" in Path(f"/proc/{pid}/cmdline").read_text()
        ]  # fmt: skip
        broker = Killable(redis_pid)
        broker.line = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", ""]
        site = Site(Path(name))
        site.env["JUDGING_CONCURRENCY"] = str(IN_FLIGHT)
        site.start()
        try:
            yield Arena(site), postmaster, broker
        finally:
            site.stop()
            for server in (postmaster, broker):
                server.close()


def main() -> int:
    print(
        f"{PROCESSES} judging processes with {IN_FLIGHT} calls in flight each\n{HEADER}", flush=True
    )
    began = time.monotonic()
    only = sys.argv[1:]
    results: list[Result] = []
    with stack() as (arena, database, broker):
        lock = threading.Lock()

        def play(number: int, row: Row) -> None:
            if only and not any(word in row.name for word in only):
                return
            try:
                result = arena.play(row, number)
            except Exception:  # noqa: BLE001  # printed, and the row is broken
                traceback.print_exc()
                result = Result(row, False, 0, 0, 0, 0, 0, 0, 0, 0, False)
            with lock:
                results.append(result)
                print(result.line(), flush=True)

        with ThreadPoolExecutor() as beside:
            for number, row in enumerate(slow_rows(), 100):
                beside.submit(play, number, row)
            for number, row in enumerate(endpoint_rows()):
                play(number, row)
        for number, row in enumerate(kill_rows(database, broker), 200):
            play(number, row)
        if any(result.broken for result in results):
            print(f"log of the site:\n{arena.site.log.read_text()[-6000:]}")
    print(f"{time.monotonic() - began:.0f} s in all")
    return int(any(result.broken for result in results))


if __name__ == "__main__":
    sys.exit(main())
