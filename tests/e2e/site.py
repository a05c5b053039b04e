"""A whole Arena in processes of its own, as a user runs it, spoken to over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]


class Site:
    """`arena_up` on SQLite, or `arena_stack` where the suite runs on Postgres and Redis."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {**os.environ, "ARENA_VAR": str(folder)}
        self.env["DJANGO_SETTINGS_MODULE"] = "arena.settings.base"
        self.env["OPEN_READING"] = "1"
        self.stack = bool(os.environ.get("REDIS_URL"))
        if self.stack:
            self.env["DATABASE_URL"] = _new_database(os.environ["DATABASE_URL"])
            self.env["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + "/1"
        self.log = folder / "site.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.token = ""

    def manage(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "manage.py", *args]
        return subprocess.run(
            line, cwd=ROOT, env=self.env, check=check, capture_output=True, text=True
        )

    def shell(self, code: str) -> str:
        """Run code in the site's own Django; return the last line that it prints."""
        return self.manage("shell", "-v", "0", "-c", code).stdout.strip().splitlines()[-1]

    def start(self) -> None:
        command = "arena_stack" if self.stack else "arena_up"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", command, "--port", str(self.port)],
                cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.wait_for(self._alive, 60)
        if not self.token:
            self.token = self.manage("arena_token", "tester").stdout.strip()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(90)

    def kill(self) -> None:
        """kill -9, children first: nobody can say goodbye."""
        assert self.process
        for pid in [*_descendants(self.process.pid), self.process.pid]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def call(self, method: str, path: str, body: Any = None, lines: Iterable[Any] = ()) -> Any:
        """Call the API; `lines` are sent as JSON lines. Raises AssertionError on an error."""
        data, kind = json.dumps(body).encode() if body is not None else None, "application/json"
        if lines:
            data = "\n".join(json.dumps(line) for line in lines).encode()
            kind = "application/x-ndjson"
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}", data=data, method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": kind},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from None

    def wait_for(self, done: Callable[[], Any], seconds: float) -> Any:
        """Poll until `done()` is true; fail with the site's log when it never is."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            if found := done():
                return found
            time.sleep(0.1)
        raise AssertionError(f"gave up after {seconds} s; log:\n{self.log.read_text()[-4000:]}")

    def _alive(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/livez", timeout=2) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False


def _new_database(url: str) -> str:
    name = f"site_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _descendants(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    children = [int(line) for line in found.stdout.split()]
    return [grandchild for child in children for grandchild in _descendants(child)] + children
