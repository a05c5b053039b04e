from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.models import AuditEntry
from arena.services import deeds

ROOT = Path(__file__).resolve().parents[3]
ACT = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")


def told(act: str, subject: str = "", **details: object) -> str:
    return deeds.told(AuditEntry(act=act, subject=subject, details=details))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (told("project.changed", "description, name"), "Changed the project's description, name"),
        (told("member.joined", "mina", role="rater"), "Joined the project as a rater"),
        (
            told("invitation.created", "#3 for Ann", role="editor", days=7, max_uses=None),
            "Made the invitation #3 for Ann, as an editor, for 7 days",
        ),
        (
            told("invitation.created", "#4", role="viewer", days=1, max_uses=1200),
            "Made the invitation #4, as a viewer, for 1 day, for 1,200 accounts",
        ),
    ],
)
def test_an_entry_is_a_sentence(said: str, sentence: str) -> None:
    assert said == sentence


def test_what_nobody_has_words_for_is_told_whole() -> None:
    assert not deeds.is_told("prompt.deleted")
    assert (
        told("prompt.deleted", "p1", was_in=["x", "y"], by="") == "Prompt deleted p1; was in: x, y"
    )


def test_nothing_is_a_number_and_no_entry_is_blank() -> None:
    assert told("x.made", "of y", count=0) == "X made of y; count: 0"
    assert told("project.created") != ""
    assert told("campaign.others_asked", count=2) != ""


def test_a_long_detail_is_cut() -> None:
    assert told("rater.quarantined", "saul", reason="x" * 900).endswith("x…")
    assert len(told("rater.quarantined", "saul", reason="x" * 900)) < 300


def test_braces_in_a_name_are_letters() -> None:
    assert told("campaign.closed", "{actor} {0}") == "Closed the campaign “{actor} {0}”"


def acts_recorded() -> Iterator[str]:
    """Every act that the code writes into the log."""
    for app in ("arena", "judges", "tournaments"):
        for path in (ROOT / app).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            if "audit.record(" not in source:
                continue
            for node in ast.walk(ast.parse(source)):
                value = node.value if isinstance(node, ast.Constant) else None
                if isinstance(value, str) and ACT.fullmatch(value):
                    yield value


def test_there_are_words_for_every_act() -> None:
    found = set(acts_recorded())

    assert {"campaign.not_live", "rater_link.created", "member.left"} <= found
    assert [act for act in sorted(found) if not deeds.is_told(act)] == []
