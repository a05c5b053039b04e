from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests import factories
from tests.fakes.openai_server import FakeOpenAI

pytestmark = pytest.mark.django_db


def run(*args: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("arena_red_team", "--project", "lab", *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_many_calls_have_to_be_agreed_to() -> None:
    factories.stub_judge(factories.project(), "http://127.0.0.1:1/v1")
    with pytest.raises(CommandError, match=r"\d+ calls, without repairs. Say --yes"):
        run("--judge", "stub")


def test_a_table_by_family_and_what_it_means() -> None:
    with FakeOpenAI(verdict="first") as server:
        factories.stub_judge(factories.project(), server.base_url)
        told, _ = run("--judge", "stub", "--family", "repair", "--yes")
        printed, _ = run("--judge", "stub", "--family", "repair", "--yes", "--json")
    assert "no attack" in told
    assert "4 of 8" in told
    assert "0.50 [" in told
    assert "won over the model" in told
    assert "price unknown" in told
    families = json.loads(printed)["families"]
    assert [row["family"] for row in families] == ["no attack", "repair"]


def test_unknown_names_are_said() -> None:
    factories.project()
    with pytest.raises(CommandError, match="no judge is called 'x'"):
        run("--judge", "x")
