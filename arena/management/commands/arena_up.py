"""Embedded mode: everything in one process."""

from __future__ import annotations

import os
import signal
import threading
from argparse import ArgumentParser
from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from arena.common import embedded
from arena.services import sign_in

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing of single requests."""


class Command(BaseCommand):
    help = "Migrate, then run worker, beat and web server in this process until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1", help="default: this machine only")

    def handle(self, *, port: int, host: str, **options: Any) -> None:
        if host not in LOOPBACK and "OPEN_READING" not in os.environ:
            settings.OPEN_READING = False  # others than this machine can ask
        call_command("migrate", verbosity=0)
        server = self._bind(host, port)
        server.set_app(get_wsgi_application())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        # With a broker the work is done by the stack's own workers.
        with embedded.worker() if settings.EMBEDDED else nullcontext():
            self._greet(host, server.server_port)
            server.serve_forever(poll_interval=0.1)
        server.server_close()
        self.stdout.write("Stopped.")

    def _bind(self, host: str, port: int) -> ThreadedWSGIServer:
        try:
            return ThreadedWSGIServer((host, port), QuietHandler)
        except OSError as error:
            raise CommandError(
                f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port"
            ) from None

    def _greet(self, host: str, port: int) -> None:
        shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  # compared, not bound
        ticket = sign_in.ticket_for(sign_in.local_owner())
        settings.SITE_URL_FILE.write_text(f"http://{shown}:{port}")
        self.stdout.write(f"Arena is up:  http://{shown}:{port}/")
        self.stdout.write(f"Sign in once: http://{shown}:{port}/sign-in/{ticket}")
        self.stdout.write("Ctrl-C stops it; nothing is lost.")
        self.stdout.flush()
