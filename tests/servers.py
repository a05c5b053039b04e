"""Run a command with a throw-away PostgreSQL and Redis: `python tests/servers.py pytest -q`.

Both live in temporary folders on free loopback ports, without systemd and without sudo, and end
with the command. DATABASE_URL and REDIS_URL name them. They must be up before pytest starts, since
pytest-django reads the settings before any conftest.py.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_program(name: str) -> str:
    """Debian keeps initdb and postgres out of the PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = str(places[0]) if places else shutil.which(name)
    if not found:
        raise SystemExit(f"{name} is missing: apt-get install postgresql")
    return found


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """Yield the URL of an empty database. Not durable: no fsync, for tests.

    Tests write inside one open transaction. An ANALYZE by autovacuum in the middle of it would see
    tables of many pages without a row, and the planner would then join them by nested loops.
    """
    folder = Path(tempfile.mkdtemp(prefix="arena-pg-", dir="/tmp"))
    who: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    port = free_port()
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    data = str(folder / "data")
    subprocess.run(
        [postgres_program("initdb"), "-D", data, "-U", "arena", "-A", "trust", "-E", "UTF8",
         "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
        check=True, stdout=subprocess.DEVNULL, env=env, cwd=folder, **who,
    )  # fmt: skip
    options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"]
    if not durable:
        options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"]
    flags = [part for option in options for part in ("-c", option)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [postgres_program("postgres"), "-D", data, *flags],
            stdout=log, stderr=log, env=env, cwd=folder, start_new_session=True, **who,
        )  # fmt: skip
    try:
        at = ["-h", "127.0.0.1", "-p", str(port)]
        ready = [postgres_program("pg_isready"), "-q", *at]
        _wait(lambda: not subprocess.run(ready, check=False).returncode, server, folder / "log")
        subprocess.run([postgres_program("createdb"), *at, "-U", "arena", "arena"], check=True)
        yield f"postgres://arena@127.0.0.1:{port}/arena"
    finally:
        _stop(server, signal.SIGINT)  # fast shutdown; SIGTERM would wait for clients
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """Yield the URL of an empty Redis."""
    program = shutil.which("redis-server")
    if not program:
        raise SystemExit("redis-server is missing: apt-get install redis-server")
    folder = Path(tempfile.mkdtemp(prefix="arena-redis-"))
    port = free_port()
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--databases", "256",
             "--save", "", "--appendonly",
             "no", "--dir", str(folder)],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(lambda: _pongs(port), server, folder / "log")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        _stop(server, signal.SIGTERM)
        shutil.rmtree(folder, ignore_errors=True)


def _pongs(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as client:
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def _wait(ready: Any, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 30
    while not ready():
        if server.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"the server did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.03)


def _stop(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    server.send_signal(number)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(10)


def main(command: list[str]) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    with postgres() as database_url, redis() as redis_url:
        env = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
        return subprocess.run(command, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
