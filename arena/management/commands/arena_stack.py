"""The stack in one command: gunicorn, workers and beat on real Postgres and Redis."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

RESTART_PAUSE = 1.0
STOP_SECONDS = 75


class Command(BaseCommand):
    help = "Migrate, collect static files, then run and watch web, workers and beat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--web", type=int, default=2, help="gunicorn processes")
        parser.add_argument("--judging", type=int, default=2, help="judging processes")

    def handle(self, *, port: int, host: str, web: int, judging: int, **options: Any) -> None:
        if settings.EMBEDDED or "sqlite" in settings.DATABASES["default"]["ENGINE"]:
            raise CommandError(
                "the stack needs DATABASE_URL (Postgres) and REDIS_URL; without them use arena_up"
            )
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        signal.signal(signal.SIGTERM, _interrupt)
        processes = {name: _start(line) for name, line in _lines(port, host, web, judging).items()}
        self.stdout.write(f"Arena is up: http://{host}:{port}/  ({', '.join(processes)})")
        self.stdout.flush()
        try:
            self._watch(processes, _lines(port, host, web, judging))
        except KeyboardInterrupt:
            self.stdout.write("Stopping; what is being judged is finished first.")
        finally:
            _stop(processes)

    def _watch(
        self, processes: dict[str, subprocess.Popen[bytes]], lines: dict[str, list[str]]
    ) -> None:
        """Start again what died; the tables know what it was doing."""
        while True:
            time.sleep(RESTART_PAUSE)
            for name, process in processes.items():
                if process.poll() is not None:
                    self.stderr.write(f"{name} ended with {process.returncode}; starting it again")
                    processes[name] = _start(lines[name])


def _lines(port: int, host: str, web: int, judging: int) -> dict[str, list[str]]:
    python = Path(sys.executable)
    celery = [str(python), "-m", "celery", "-q", "-A", "arena"]
    worker = [*celery, "worker", "-l", "WARNING", "--without-gossip", "--without-mingle"]
    bind = ["-b", f"{host}:{port}", "-w", str(web), "--threads", "4"]
    return {
        "web": [str(python), "-m", "gunicorn", *bind, "arena.wsgi:application"],
        "worker": [*worker, "-Q", "default", "-c", "2", "-n", "default@%h"],
        "judging": [*worker, "-Q", "judging", "-c", str(judging), "-n", "judging@%h"],
        "beat": [*celery, "beat", "-l", "WARNING"],
    }


def _start(line: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(line, cwd=settings.BASE_DIR, start_new_session=True)  # noqa: S603


def _stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for process in processes.values():
        process.terminate()
    end = time.monotonic() + STOP_SECONDS
    for process in processes.values():
        try:
            process.wait(max(end - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
