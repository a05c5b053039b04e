"""100,000 outputs in one gzip JSON-lines request, on SQLite: seconds and peak memory.

Compared in the same run with bare bulk_create of the same rows: what validation, upsert by key and
all-or-nothing cost.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import tempfile
import time
from collections.abc import Iterator

PROMPTS = 20_000
COMPETITORS = 5
TEXT = "A sentence of an answer that somebody gave to a question. " * 20


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="arena-bench-") as folder:
        os.environ.update(ARENA_VAR=folder, DJANGO_SETTINGS_MODULE="arena.settings.test")
        import django

        django.setup()
        run()


def run() -> None:
    from django.core.management import call_command
    from django.test import Client

    from arena.models import Competitor, Output, Project, Prompt
    from arena.services.tokens import issue_token

    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User

    user = User.objects.create_user("bench")
    client = Client(headers={"Authorization": f"Bearer {issue_token(user)}"})
    labs = [Project.objects.create(slug=slug, name=slug) for slug in ("api", "bare")]
    for lab in labs:
        Prompt.objects.bulk_create(
            Prompt(project=lab, key=f"p{n}", messages=[{"role": "user", "content": "?"}])
            for n in range(PROMPTS)
        )
    body = upload()
    before = peak_mb()
    print(
        f"{PROMPTS * COMPETITORS:,} outputs of {len(TEXT):,} characters, "
        f"{len(body) / 1e6:.1f} MB gzip"
    )
    print(f"{'what':<28} {'seconds':>8} {'outputs/s':>10}")
    first = timed("request, all new", lambda: post(client, body))
    timed("request again, unchanged", lambda: post(client, body))
    growth = peak_mb() - before
    people = [Competitor(project=labs[1], name=f"c{n}") for n in range(COMPETITORS)]
    Competitor.objects.bulk_create(people)
    prompts = list(labs[1].prompts.all())
    bare = timed("bare bulk_create", lambda: Output.objects.bulk_create(
        (Output(prompt=p, competitor=c, turns=[TEXT]) for p in prompts for c in people),
        batch_size=1000))  # fmt: skip
    print(f"request / bare bulk_create: {first / bare:.2f}")
    print(f"peak resident memory grew by {growth:.0f} MB over both requests")


def upload() -> bytes:
    """The compressed body, made without ever holding the lines: they must not hide the peak."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        for line in lines():
            file.write(line)
    return packed.getvalue()


def lines() -> Iterator[bytes]:
    for prompt in range(PROMPTS):
        for competitor in range(COMPETITORS):
            record = {"prompt": f"p{prompt}", "competitor": f"c{competitor}", "text": TEXT}
            yield json.dumps(record).encode() + b"\n"


def post(client: object, body: bytes) -> None:
    reply = client.post(  # type: ignore[attr-defined]
        "/api/v1/projects/api/outputs", body, content_type="application/x-ndjson",
        headers={"Content-Encoding": "gzip"},
    )  # fmt: skip
    assert reply.status_code == 200, reply.content[:500]


def timed(what: str, work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    seconds = time.perf_counter() - start
    print(f"{what:<28} {seconds:>8.1f} {PROMPTS * COMPETITORS / seconds:>10,.0f}", flush=True)
    return seconds


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
