"""What must hold across the whole tree and database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from arena.models import Comparison
from judges.aggregation import registry as aggregations
from judges.kinds import registry as kinds
from judges.models import Judgment
from tests import factories
from tournaments.formats import registry as formats
from tournaments.ratings import registry as methods

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = {"kinds": kinds, "formats": formats, "methods": methods, "aggregations": aggregations}


@pytest.fixture
def compared(db):
    lab = factories.project()
    factories.field(lab, prompts=2, competitors=["ann", "ben"])
    return factories.all_comparisons(lab)


def test_the_database_refuses_a_comparison_across_prompts(compared):
    first, second = compared

    with pytest.raises(IntegrityError, match="to its prompt"), transaction.atomic():
        Comparison.objects.create(
            prompt=first.prompt, output_a=first.output_a, output_b=second.output_b
        )


def test_the_database_refuses_to_change_a_judgment(compared):
    judge = factories.judge(compared[0].prompt.project, "human", "people")
    judgment = Judgment.objects.create(judge=judge, comparison=compared[0], order="ab", winner="a")

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Judgment.objects.filter(pk=judgment.pk).update(winner="b")


@pytest.mark.parametrize("family", FAMILIES)
def test_plug_ins_describe_themselves(family):
    for name, plugin in FAMILIES[family].items():
        assert plugin.label, name
        assert plugin.description, name
        assert plugin.Params.model_json_schema()["type"] == "object", name


@pytest.mark.parametrize("family", FAMILIES)
def test_the_docs_name_every_plug_in(family):
    docs = "\n".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))

    missing = [name for name in FAMILIES[family].names() if f"`{name}`" not in docs]

    assert missing == []


def test_the_example_environment_names_every_variable_that_is_read():
    settings = (ROOT / "arena" / "settings" / "base.py").read_text()
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', settings))
    example = (ROOT / ".env.example").read_text()

    assert {name for name in read if name not in example} == set()


def test_functions_stay_short():
    import ast

    long = []
    for app in ("arena", "judges", "tournaments"):
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    lines = (node.end_lineno or 0) - node.lineno + 1
                    if lines > 60:
                        long.append(f"{path.name}:{node.name} {lines}")

    assert long == []


def test_every_test_has_its_source():
    """tests/a/b/test_c.py speaks of a/b/c.py (or of a whole folder, or of a story of its own)."""
    orphans = []
    for app in ("arena", "judges", "tournaments"):
        for test in (ROOT / "tests" / app).rglob("test_*.py"):
            name = test.stem.removeprefix("test_")
            source = ROOT / test.parent.relative_to(ROOT / "tests") / name
            story = name == "contract" or name.startswith("recorded_")
            if not (source.with_suffix(".py").exists() or source.is_dir() or story):
                orphans.append(str(test.relative_to(ROOT)))

    assert orphans == []
