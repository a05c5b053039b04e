"""The annotators of PandaLM against each other, against its published kappas.

Published on all 999 pairs: 0.85, 0.88, 0.86. The data here lack 26 pairs whose texts differ between
their sources, so the third decimal may differ. Reads ARENA_SHARED_DATA or ../shared/data.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from judges.stats.agreement import agreement
from judges.stats.bootstrap import PromptBootstrap
from judges.stats.reliability import reliability
from judges.stats.verdicts import CODES, NONE, TIE, counted, plurality

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("ARENA_SHARED_DATA", ROOT.parent / "shared" / "data")) / "pandalm"
PEOPLE = ("annotator1", "annotator2", "annotator3")

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"the data set is not there: {DATA}")


@pytest.fixture(scope="module")
def recorded():
    """Prompts (C,), and the verdicts (C,) of each judge."""
    cells = defaultdict(dict)
    with gzip.open(DATA / "judgments.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            key = (row["prompt_id"], row["model_a"], row["model_b"])
            cells[key][row["judge"]] = CODES[row["winner"]]
    names = dict.fromkeys(key[0] for key in cells)
    prompts = {name: number for number, name in enumerate(names)}
    judges = sorted({judge for said in cells.values() for judge in said})
    said = {
        judge: np.array([cell.get(judge, NONE) for cell in cells.values()], dtype=np.int8)
        for judge in judges
    }
    return np.array([prompts[key[0]] for key in cells]), said


@pytest.mark.parametrize(("one", "two", "published"), [(0, 1, 0.852), (0, 2, 0.879), (1, 2, 0.862)])
def test_people_agree_as_published(recorded, one, two, published):
    prompt, said = recorded
    boot = PromptBootstrap(int(prompt.max()) + 1)

    found = agreement(boot, prompt, said[PEOPLE[one]], said[PEOPLE[two]])

    assert found.comparisons == 973
    assert found.kappa.value == pytest.approx(published, abs=0.004)
    assert found.kappa.low < published < found.kappa.high


def test_people_together_lie_between_their_pairs(recorded):
    prompt, said = recorded
    boot = PromptBootstrap(int(prompt.max()) + 1)

    found = reliability(boot, prompt, np.stack([said[name] for name in PEOPLE], axis=1))

    assert 0.848 < found.fleiss.value < 0.877
    assert found.alpha.value == pytest.approx(found.fleiss.value, abs=1e-3)
    assert found.alpha_ordinal.value > found.alpha.value


def test_a_model_against_the_majority_of_people(recorded):
    """As measured elsewhere on the same pairs: agreement 0.710, kappa 0.484."""
    prompt, said = recorded
    boot = PromptBootstrap(int(prompt.max()) + 1)
    people = plurality(counted(np.stack([said[name] for name in PEOPLE], axis=1)), draw=TIE)

    found = agreement(boot, prompt, said["gpt-3.5-turbo"], people)

    assert found.raw.value == pytest.approx(0.710, abs=5e-4)
    assert found.kappa.value == pytest.approx(0.484, abs=1e-3)
