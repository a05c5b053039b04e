"""Every judge kind that calls, end to end through the runner, against a fake endpoint.

Two competitors on each of 12 prompts first, so that no two comparisons share anything: the calls
that the server counts must be what the kind plans. Then four competitors, which make six
comparisons of a prompt: what an answer was asked before is not paid for again, so some kinds take
fewer calls than planned; those are expected too. Last with an endpoint that fails often.

`planned` is for one comparison; `counted` are the replies that the server gave, `paid` the calls
in the judgments' own accounts; `right` are verdicts for the better answer. Exits non-zero when
anything differs.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PROMPTS = 12
IN_FLIGHT = 50
K, ANGLES, CALIBRATION = 4, 3, 6

FAULTY = 0.2
"""Share of calls that get status 500 in the last table: what was paid is not paid again."""

COLUMNS = (
    f"{'protocol':<22} {'calls of one comparison':<38} {'planned':>7} {'expected':>8} "
    f"{'counted':>7} {'paid':>6} {'distinct':>8} {'decided':>7} {'right':>5}"
)

LIBRARY = [
    {"prompt": f"Known {n}?", "answer": f"Said. quality={quality}", "correct": quality > 0.4}
    for n, quality in enumerate((0.1, 0.5, 0.3, 0.7))
]


@dataclass(frozen=True)
class Protocol:
    """One line of the table. `formula` in words; `expected` gives the calls of so many prompts
    with so many competitors."""

    name: str
    formula: str
    expected: Callable[[int, int], int]
    kind: str = ""
    params: dict[str, Any] = field(default_factory=dict)


def pairs(competitors: int) -> int:
    return competitors * (competitors - 1) // 2


def each(calls: int) -> Callable[[int, int], int]:
    """So many calls for every comparison, with nothing shared."""
    return lambda prompts, competitors: prompts * pairs(competitors) * calls


PROTOCOLS = (
    Protocol("llm", "1 an order", each(2)),
    Protocol("llm, two samples", "1 an order and sample", each(4), "llm", {"samples": 2}),
    Protocol("scoring, both", "1 an order", each(2), "scoring", {"strategy": "combined"}),
    Protocol(
        "scoring, each alone", "1 an answer", lambda p, c: p * c, "scoring",
        {"strategy": "independent"},
    ),
    Protocol("debate", "referees x (rounds + 1) = 9 an order", each(18)),
    Protocol(
        "debate, three rounds", "referees x (rounds + 1) = 12", each(12), "debate",
        {"rounds": 3, "orders": "random"},
    ),
    Protocol("wide_deep", "1 + 4k, k = 2", each(9)),
    Protocol("wide_deep, k = 3", "1 + 4k, k = 3", each(13), "wide_deep", {"angles": ANGLES}),
    Protocol(
        "meta_ranking", f"2 orders x k = {K} an answer, 12 once",
        lambda p, c: p * c * 2 * K + 2 * CALIBRATION, "",
        {"references": LIBRARY, "k": K, "calibration": CALIBRATION},
    ),
    Protocol("cross_examination", "1 a prompt, 3 an answer", lambda p, c: p * (1 + 3 * c)),
    Protocol(
        "batch_ranking", "1 an order of a group",
        lambda p, c: p * 2 * (1 if c >= 3 else pairs(c)),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What came of one protocol on one field."""

    comparisons: int
    planned: int
    calls: int
    counted: int
    distinct: int
    decided: int
    right: int


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="arena-bench-") as folder:
        os.environ.update(ARENA_VAR=folder, DJANGO_SETTINGS_MODULE="arena.settings.base")
        for outside in ("DATABASE_URL", "REDIS_URL"):
            os.environ.pop(outside, None)
        return run()


def run() -> int:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    wrong = 0
    for competitors in (2, 4):
        print(f"\n{competitors} competitors, {PROMPTS * pairs(competitors)} comparisons\n{COLUMNS}")
        for protocol in PROTOCOLS:
            wrong += not line(protocol, competitors)
        wrong += not http_line(competitors)
    print(f"\nthe same 12 comparisons while {FAULTY:.0%} of all calls fail\n{COLUMNS}")
    for protocol in PROTOCOLS:
        wrong += not line(protocol, 2, faulty=FAULTY)
    print(f"\n{wrong} lines differ from what they should be" if wrong else "\nall as it should be")
    return 1 if wrong else 0


def line(protocol: Protocol, competitors: int, faulty: float = 0.0) -> bool:
    """Play one protocol, print its line, and say whether it is as it should be."""
    from tests.fakes.protocol_server import FakeProtocols

    with FakeProtocols(p500=faulty) as server:
        found = played(
            protocol, competitors, {"model": "fake", "base_url": server.base_url},
            lambda: (server.stats.answered, server.stats.distinct_prompts),
        )  # fmt: skip
    return show(protocol, found, protocol.expected(PROMPTS, competitors), whole=not faulty)


def http_line(competitors: int) -> bool:
    """The same for a judge behind a URL, which has a server of its own."""
    from tests.fakes.http_judge import FakeJudge

    protocol = Protocol("http", "1 an order", each(2))
    with FakeJudge(decide=decide) as server:
        found = played(
            protocol, competitors, {"url": server.url},
            lambda: (len(server.seen), len({one.body for one in server.seen})),
        )  # fmt: skip
    return show(protocol, found, protocol.expected(PROMPTS, competitors))


def decide(body: bytes) -> bytes:
    """By the quality marks in the request."""
    case = json.loads(body)
    first, second = (float(case[side][0].rpartition("quality=")[2]) for side in ("first", "second"))
    return json.dumps({"verdict": "first" if first > second else "second"}).encode()


def show(protocol: Protocol, found: Outcome, expected: int, whole: bool = True) -> bool:
    """Print a line, and say whether it is as it should be.

    What was paid before a fault ended an attempt stands in no judgment's usage, so the sum of
    these is held against the server's count only where nothing fails (`whole`).
    """
    good = (
        found.counted == found.distinct == expected
        and (found.calls == expected or not whole)
        and found.decided == found.right == found.comparisons
    )
    print(
        f"{protocol.name:<22} {protocol.formula:<38} {found.planned:>7} {expected:>8} "
        f"{found.counted:>7} {found.calls:>6} {found.distinct:>8} {found.decided:>7} "
        f"{found.right:>5}{'' if good else '   <-- differs'}",
        flush=True,
    )
    return good


def played(
    protocol: Protocol,
    competitors: int,
    where: dict[str, Any],
    counted: Callable[[], tuple[int, int]],
) -> Outcome:
    """Have a new project judged through the runner; `planned` is for one comparison."""
    from django.db.models import Sum

    from judges.models import Decision, Judgment
    from judges.services import decisions
    from judges.services.judges import planned_calls
    from judges.services.runner import Runner
    from tests import factories

    kind = protocol.kind or protocol.name
    lab = factories.project(f"{kind}-{Judgment.objects.count()}-{competitors}".replace("_", "-"))
    fill(lab, competitors)
    judge = factories.judge(lab, kind, "judge", **where, **protocol.params)
    compared = factories.all_comparisons(lab)
    decisions.ask(judge, [one.pk for one in compared])
    asyncio.run(Runner(IN_FLIGHT).run())
    settled = Decision.objects.filter(judge=judge).select_related(
        "comparison__output_a", "comparison__output_b"
    )
    decided = [one for one in settled if one.winner]
    requests, distinct = counted()
    paid = Judgment.objects.filter(judge=judge).aggregate(calls=Sum("calls"))["calls"]
    right = sum(one.winner == better(one.comparison) for one in decided)
    return Outcome(
        len(compared), planned_calls(judge), paid or 0, requests, distinct, len(decided), right
    )


def better(comparison: Any) -> str:
    """The winner by the quality marks."""
    return "a" if grade(comparison.output_a) > grade(comparison.output_b) else "b"


def grade(output: Any) -> float:
    return float(output.turns[0].rpartition("quality=")[2])


def fill(lab: Any, competitors: int) -> None:
    """Prompts with passages; the n-th competitor tells n parts of them, at quality 0.2 n."""
    from arena.models import Competitor, Output, Prompt

    people = [Competitor.objects.create(project=lab, name=f"c{n}") for n in range(competitors)]
    for number in range(PROMPTS):
        facts = [f"fact{number}x{part}" for part in range(competitors + 1)]
        prompt = Prompt.objects.create(
            project=lab,
            key=f"p{number}",
            messages=[{"role": "user", "content": f"Question {number}?"}],
            contexts=[{"id": "c", "text": " ".join(facts)}],
        )
        Output.objects.bulk_create(
            Output(
                prompt=prompt,
                competitor=who,
                turns=[f"{' '.join(facts[: place + 1])} quality={0.2 * (place + 1):.1f}"],
            )
            for place, who in enumerate(people)
        )


if __name__ == "__main__":
    sys.exit(main())
