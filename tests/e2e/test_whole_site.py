"""The way of a match through real processes, and what a kill -9 in the middle of it costs."""

import pytest

from tests.e2e.site import Site
from tests.fakes.openai_server import FakeOpenAI

IN_FLIGHT = 100
NAMES = ["ann", "ben", "cat", "dan", "eve"]


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    site.start()
    yield site
    site.stop()


def fill(site, base_url, prompts, names=NAMES):
    """A project whose later competitors are better, and an LLM judge that sees it."""
    site.call("POST", "/projects", {"slug": "lab", "name": "Lab"})
    site.call(
        "POST", "/projects/lab/prompts",
        lines=[{"id": f"p{n}", "text": f"Question {n}?", "category": "x"} for n in range(prompts)],
    )  # fmt: skip
    site.call(
        "POST", "/projects/lab/outputs",
        lines=[
            {"prompt": f"p{n}", "competitor": name, "text": f"Answer {n}. quality={place}"}
            for n in range(prompts)
            for place, name in enumerate(names)
        ],
    )  # fmt: skip
    site.call(
        "POST", "/projects/lab/judges",
        {"name": "stub", "kind": "llm", "params": {"model": "m", "base_url": base_url}},
    )  # fmt: skip


def start(site, format_):
    body = {"name": "cup", "format": format_, "judges": ["stub"]}
    drafted = site.call("POST", "/projects/lab/tournaments", body)
    assert drafted["status"] == "draft"
    path = f"/projects/lab/tournaments/{drafted['id']}"
    assert site.call("POST", f"{path}/start")["status"] in ("running", "completed")
    return path


def completed(site, path):
    return lambda: (found := site.call("GET", path))["status"] == "completed" and found


@pytest.mark.parametrize(
    ("format_", "matches"), [("single_elimination", 4 * 6), ("round_robin", 10 * 6)]
)
def test_a_tournament_by_api_ranks_by_quality(site, format_, matches):
    with FakeOpenAI(verdict="quality", latency=0.02) as server:
        fill(site, server.base_url, prompts=6)
        path = start(site, format_)

        ended = site.wait_for(completed(site, path), 60)

        assert server.stats.answered == 2 * matches
    assert ended["progress"]["decided"] == ended["progress"]["planned"] == matches
    assert ended["usage"]["calls"] == ended["estimate"]["calls"] == 2 * matches
    board = site.call("GET", f"/projects/lab/leaderboard?tournament={ended['id']}")
    ranked = [row["competitor"] for row in board["rows"]]
    # Twenty-four matches of a knock-out do not settle the middle of the field.
    assert ranked == NAMES[::-1] if format_ == "round_robin" else ranked[0] == NAMES[-1]
    assert board["n_comparisons"] == matches


def test_kill_9_in_the_middle_loses_nothing_and_records_nothing_twice(site):
    comparisons = 150 * 10  # 3,000 judgments in both orders
    with FakeOpenAI(verdict="quality", latency=0.1) as server:
        fill(site, server.base_url, prompts=150)
        path = start(site, "round_robin")
        site.wait_for(lambda: server.stats.answered > 600, 60)

        site.kill()
        killed_at = server.stats.answered
        site.start()
        ended = site.wait_for(completed(site, path), 120)

        assert 600 < killed_at < 2 * comparisons, "the kill came too late to prove anything"
        # Paid twice: at most what was in flight, and as much on its way to the table.
        processes = 2 if site.stack else 1
        assert server.stats.answered - 2 * comparisons <= processes * IN_FLIGHT
    assert ended["progress"]["decided"] == comparisons
    assert ended["usage"]["calls"] == 2 * comparisons
    first = site.call("GET", "/projects/lab/judgments?limit=1000")
    second = site.call("GET", first["next"].split("/api/v1")[1])
    third = site.call("GET", second["next"].split("/api/v1")[1])
    rows = [*first["results"], *second["results"], *third["results"]]
    shown = {
        (row["prompt"], row["competitor_a"], row["competitor_b"], row["order"]) for row in rows
    }
    assert len(rows) == len(shown) == 2 * comparisons
