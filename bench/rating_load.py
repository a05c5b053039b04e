"""200 raters who vote for a minute, on Postgres and gunicorn: latencies, and that nothing is lost.

Each rater has opened the judging page; they read for some seconds, vote as the page's script does
(the next pair is there already) and go on. Their browsers run in a process of their own on the same
machine, as does the worker that makes judgments of the votes. Then the same without reading, as
fast as it goes, beside a Django view that does nothing behind the same server. At the end every
vote that was confirmed is looked up: it must be on record once, for that rater and for the side
that they chose.

    python -m bench.rating_load [--raters 200] [--seconds 60] [--reading 15.0]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.servers import free_port, postgres, redis

ROOT = Path(__file__).resolve().parents[1]
PROMPTS, COMPETITORS, OVERLAP, WORDS = 400, 6, 3, 150
FASTEST = 40
"""Raters at once when nobody reads: enough to keep the server busy."""

FAST_SECONDS = 15
OPENING = 15.0
"""Seconds over which readers open the page, before the time that counts begins."""

CHOICES = ("first", "second", "tie", "both_bad")
TOKEN = re.compile(r'data-token="([^"]+)"')
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Diary:
    """What the browsers saw. `votes` are (rater, token, choice) that the server confirmed."""

    votes: list[tuple[str, str, str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def main() -> None:
    options = _options()
    if options.browse:
        json.dump(asdict(asyncio.run(browse(options))), sys.stdout)
        return
    temporary = tempfile.TemporaryDirectory(prefix="arena-bench-")
    with temporary as folder, postgres(durable=True) as database, redis() as queue:
        os.environ |= {
            "ARENA_VAR": folder, "DJANGO_SETTINGS_MODULE": "arena.settings.base",
            "DATABASE_URL": database, "REDIS_URL": queue,
        }  # fmt: skip
        measure(options)


def measure(options: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", "--noinput", verbosity=0)
    key, sessions = lab(options.raters)
    print(
        f"{options.raters} raters, {options.seconds} s, reading {options.reading} s on average; "
        f"{PROMPTS} prompts, {COMPETITORS} competitors, {OVERLAP} raters a comparison"
    )
    with served("arena.wsgi:application") as url, working():
        paced = browsed(url, key, sessions, options.seconds, options.reading)
        fast = browsed(url, key, sessions[:FASTEST], FAST_SECONDS, 0.0)
    with served("bench._bare_view:application") as url:
        bare = asyncio.run(fetch_bare(url))
    report("reading", paced, options.seconds)
    report("as fast as it goes", fast, FAST_SECONDS)
    rate = len(fast.seconds) / FAST_SECONDS
    print(f"bare Django view: {bare:,.0f} requests/s; votes a second beside it: {rate / bare:.3f}")
    check([*paced.votes, *fast.votes])


def report(name: str, diary: Diary, seconds: float) -> None:
    cuts = quantiles(diary.seconds, n=100)
    print(
        f"{name}: {len(diary.votes):,} votes, {len(diary.votes) / seconds:,.0f}/s; "
        f"ms p50 {cuts[49] * 1000:.0f}, p95 {cuts[94] * 1000:.0f}, p99 {cuts[98] * 1000:.0f}; "
        f"failed {len(diary.faults)}{': ' + diary.faults[0] if diary.faults else ''}",
        flush=True,
    )


def lab(raters: int) -> tuple[str, list[str]]:
    """A campaign with comparisons, and a session for each rater: key, session keys."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore

    from arena.common.planner import refresh_statistics
    from arena.models import Membership, Role
    from judges.models import Decision
    from judges.services import decisions
    from tests import factories

    project = factories.project("lab")
    text = " ".join(f"word{n}" for n in range(WORDS)) + " "
    factories.field(project, prompts=PROMPTS, competitors=factories.NAMES[:COMPETITORS], text=text)
    judge = factories.judge(project, "human", "people", raters=OVERLAP)
    compared = factories.all_comparisons(project)
    decisions.ask(judge, [one.pk for one in compared])
    refresh_statistics(Decision, rows=len(compared))
    sessions = []
    for number in range(raters):
        user = User.objects.create(username=f"rater{number}")
        Membership.objects.create(project=project, user=user, role=Role.RATER)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        assert session.session_key
        sessions.append(session.session_key)
    return judge.campaign.key, sessions


@contextlib.contextmanager
def served(application: str) -> Iterator[str]:
    """Yield the address of gunicorn with two processes of four threads."""
    port = free_port()
    line = ["-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-w", "2", "--threads", "4"]
    server = subprocess.Popen(
        [sys.executable, *line, "--log-level", "error", application], cwd=ROOT
    )
    url = f"http://127.0.0.1:{port}/"
    try:
        _wait_for(url + ("livez" if application.startswith("arena") else ""))
        yield url
    finally:
        server.terminate()
        server.wait(20)


@contextlib.contextmanager
def working() -> Iterator[None]:
    """A worker, and the clock that wakes its sweeps."""
    line = ["-m", "celery", "-q", "-A", "arena", "worker", "-B", "-c", "1", "-Q", "default"]
    worker = subprocess.Popen(
        [sys.executable, *line, "-l", "ERROR", "--without-gossip", "--without-mingle"], cwd=ROOT
    )
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(30)


def _wait_for(url: str) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), urllib.request.urlopen(url):
            return
        time.sleep(0.1)
    raise SystemExit(f"no reply from {url}")


def browsed(url: str, key: str, sessions: list[str], seconds: float, reading: float) -> Diary:
    """Have the raters vote, from another process."""
    line = [
        sys.executable, "-m", "bench.rating_load", "--browse", f"{url}rate/{key}",
        "--seconds", str(seconds), "--reading", str(reading),
    ]  # fmt: skip
    done = subprocess.run(
        line, input=" ".join(sessions), stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT
    )
    found = json.loads(done.stdout)
    return Diary([tuple(vote) for vote in found["votes"]], found["seconds"], found["faults"])


async def browse(options: argparse.Namespace) -> Diary:
    import aiohttp

    opening = OPENING if options.reading else 0.0
    diary, begin = Diary(), time.monotonic() + opening
    sessions = sys.stdin.read().split()

    async def rater(name: str) -> None:
        draw = random.Random(name)
        jar = aiohttp.CookieJar(unsafe=True)
        jar.update_cookies({"sessionid": name})
        # Readers are slower than the two seconds after which gunicorn hangs up.
        line = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(cookie_jar=jar, connector=line) as browser:
            await asyncio.sleep(draw.uniform(0, opening))
            await _judge(browser, options, name, draw, diary, begin)

    await asyncio.gather(*(rater(name) for name in sessions))
    return diary


async def _judge(
    browser: Any, options: argparse.Namespace, name: str, draw: random.Random, diary: Diary,
    begin: float,
) -> None:  # fmt: skip
    """One rater at the page: what is shown is judged, what comes after is ready."""
    async with browser.get(options.browse) as page:
        text = await page.text()
    ready, csrf = TOKEN.findall(text), CSRF.search(text)
    if csrf is None:
        diary.faults.append(f"{page.status}: {text[:200]}")
        return
    await asyncio.sleep(begin - time.monotonic())
    while ready and time.monotonic() < begin + options.seconds:
        await asyncio.sleep(draw.expovariate(1 / options.reading) if options.reading else 0)
        token, choice = ready.pop(0), draw.choice(CHOICES)
        body = [("csrfmiddlewaretoken", csrf.group(1)), ("token", token), ("preference", choice)]
        body += [("has", other) for other in ready]
        begun = time.perf_counter()
        async with browser.post(options.browse, data=body, headers={"HX-Request": "true"}) as reply:
            said = await reply.text()
        diary.seconds.append(time.perf_counter() - begun)
        if 'data-outcome="recorded"' not in said:
            diary.faults.append(f"{reply.status}: {said[:200]}")
            continue
        diary.votes.append((name, token, choice))
        ready = [found for found in TOKEN.findall(said) if found != token]


async def fetch_bare(url: str) -> float:
    """Requests a second of the view that does nothing."""
    import aiohttp

    end, count = time.monotonic() + FAST_SECONDS / 3, 0

    async def caller(browser: Any) -> None:
        nonlocal count
        while time.monotonic() < end:
            async with browser.get(url) as reply:
                await reply.read()
            count += 1

    async with aiohttp.ClientSession() as browser:
        await asyncio.gather(*(caller(browser) for _ in range(FASTEST)))
    return count / (FAST_SECONDS / 3)


def check(votes: list[tuple[str, str, str]]) -> None:
    """Look every confirmed vote up in the tables."""
    from django.contrib.sessions.models import Session

    from judges.contracts import Order, Preference
    from judges.models import Assignment, Judgment, Participant
    from judges.services.people import recording
    from judges.views.pairs import assignment_of

    for participant in Participant.objects.all():
        recording.finish(participant)
    kept = {(row.rater_id, row.comparison_id): row for row in Judgment.objects.exclude(rater=None)}
    user_of = {
        row.session_key: int(row.get_decoded()["_auth_user_id"]) for row in Session.objects.all()
    }
    wrong = 0
    for name, token, choice in votes:
        participant = Participant.objects.get(user=user_of[name])
        assignment = assignment_of(token, participant)
        key = (participant.user_id, assignment.comparison_id) if assignment else None
        judgment = kept.get(key) if key else None
        if judgment is None or assignment is None or assignment.order != judgment.order:
            wrong += 1
            continue
        wrong += judgment.winner != Preference(choice).winner(Order(judgment.order))
    answered = Assignment.objects.filter(answered_at__isnull=False).count()
    twice = len(votes) - len({(name, token) for name, token, _ in votes})
    full = max(_raters_of_a_comparison())
    print(
        f"on record: {Judgment.objects.count():,} judgments of {len(votes):,} confirmed votes "
        f"({answered:,} answered); lost or misassigned {wrong}, confirmed twice {twice}; "
        f"most raters of one comparison {full} of {OVERLAP}"
    )
    if wrong or twice or full > OVERLAP:
        sys.exit(1)


def _raters_of_a_comparison() -> list[int]:
    from django.db.models import Count

    from judges.models import Judgment

    return list(
        Judgment.objects.values("comparison").annotate(n=Count("rater")).values_list("n", flat=True)
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raters", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--reading", type=float, default=15.0, help="seconds a pair, on average")
    parser.add_argument("--browse", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
