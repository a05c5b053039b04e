"""A fitted surrogate with its card: what it learnt from, and how often it was right on the rest.

The card travels with the coefficients in one JSON file, so no figure can be shown that belongs to
another fit. All accuracies are held out: the model that answered had not seen the comparison.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from arena.common.errors import InvalidInput
from judges.surrogates.features import FEATURES, NAMES
from judges.surrogates.logistic import PairwiseLogistic

PRETRAINED = Path(__file__).parent / "pretrained"
POOLED = "pooled"

WHAT_IT_IS = """\
A logistic regression on a few features of the texts, fitted to recorded judgments. It needs no \
key and no network and gives the same verdict every time.
It sees how much an answer says, whether it repeats itself, breaks off, declines, or leaves the \
format or script asked for: style and effort. It understands nothing and knows no facts: to it a \
confident falsehood equals the truth told in the same style. Take its rankings as a rehearsal, \
not as a finding.
It has learnt the taste of the judges of its training sets, their fondness for length included.
Right means: on the side that has more of the recorded votes. Comparisons with evenly split votes \
are left out of the accuracies. The list of features was settled with these figures in view, so \
expect a little less on data of another kind.""".splitlines()


class Split(StrEnum):
    """What the model that answered had not seen."""

    PROMPT = "prompt"  # cross-validation over prompts
    MODEL = "model"  # every comparison of one model left out
    DATA_SET = "data_set"  # a whole training set left out


UNSEEN = {
    Split.PROMPT: "new prompts",
    Split.MODEL: "new models",
    Split.DATA_SET: "new data sets",
}


@dataclass(frozen=True)
class Estimate:
    """A share, or a difference of two, with its 95 % interval clustered by prompt."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class HeldOut:
    """Accuracies of several predictors on the same held-out decisive comparisons.

    `scope` is a data set, a model ("data set / model") or "pooled". A predictor without an opinion
    (equal length) counts half. `same_side` always takes the system whose name comes first.
    """

    split: Split
    scope: str
    comparisons: int
    prompts: int
    surrogate: Estimate
    longer: Estimate
    same_side: Estimate
    lead: Estimate  # surrogate minus longer, paired

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Rebuild from a row of the card."""
        shares = {
            name: Estimate(**row[name]) for name in ("surrogate", "longer", "same_side", "lead")
        }
        return cls(**{**row, **shares, "split": Split(row["split"])})


@dataclass(frozen=True)
class TrainingSet:
    """One data set that the model was fitted on. `decisive` comparisons have a majority."""

    name: str
    licence: str
    sources: tuple[str, ...]
    judges: tuple[str, ...]
    prompts: int
    models: int
    judgments: int
    comparisons: int
    decisive: int

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Rebuild from a row of the card."""
        lists = {name: tuple(row[name]) for name in ("sources", "judges")}
        return cls(**{**row, **lists})


@dataclass(frozen=True)
class ModelCard:
    """A fitted surrogate and all that is said of it."""

    name: str
    model: PairwiseLogistic
    training_sets: tuple[TrainingSet, ...]
    held_out: tuple[HeldOut, ...]

    @property
    def version(self) -> str:
        """Hash of all that decides a verdict: features, scales, clip and coefficients."""
        state = {"features": NAMES, **self.model.to_json()}
        return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()[:12]

    def accuracy(self, split: Split, scope: str = POOLED) -> HeldOut:
        """Return one row of the table of held-out accuracies; KeyError when there is none."""
        for row in self.held_out:
            if (row.split, row.scope) == (split, scope):
                return row
        raise KeyError(f"{split} / {scope}")

    def headline(self) -> str:
        """The pooled held-out accuracies in one phrase, beside the rule 'longer wins'."""
        rows = [self.accuracy(split) for split in Split]
        shares = [f"{row.surrogate.value:.1%} on {UNSEEN[row.split]}" for row in rows]
        return f"held-out accuracy {', '.join(shares)}; longer wins: {rows[0].longer.value:.1%}"

    def statements(self) -> tuple[str, ...]:
        """What it is and is not, and every data set on which length alone does better."""
        worse = [
            f"On {row.scope}, asked about {UNSEEN[row.split]}, it does not beat the rule that the "
            f"longer answer wins: {row.surrogate.value:.1%} against {row.longer.value:.1%}."
            for row in self.held_out
            if row.split is not Split.MODEL or row.scope == POOLED
            if row.lead.value <= 0
        ]
        return (*WHAT_IT_IS, *worse)

    def table(self) -> str:
        """The held-out accuracies as text, a line for each row."""
        head = f"{'held out: ' + 'scope':44}{'n':>6}{'prompts':>9}{'surrogate':>22}"
        lines = [f"{head}{'longer':>9}{'same side':>11}{'lead over longer':>24}"]
        for row in self.held_out:
            one, lead = row.surrogate, row.lead
            lines.append(
                f"{row.split + ': ' + row.scope:44}{row.comparisons:6}{row.prompts:9}"
                f"{one.value:8.3f} [{one.low:.3f}, {one.high:.3f}]"
                f"{row.longer.value:9.3f}{row.same_side.value:11.3f}"
                f"{lead.value:+8.3f} [{lead.low:+.3f}, {lead.high:+.3f}]"
            )
        return "\n".join(lines)

    def to_json(self) -> str:
        """The file: model and card, in a fixed order, ending in a newline."""
        state = {
            "name": self.name,
            "version": self.version,
            "features": list(NAMES),
            "model": self.model.to_json(),
            "training_sets": [asdict(item) for item in self.training_sets],
            "held_out": [asdict(row) for row in self.held_out],
        }
        return json.dumps(state, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild from the file. ValueError when it was fitted on other features than today's."""
        state = json.loads(text)
        if tuple(state["features"]) != NAMES:
            raise ValueError("the model was fitted on other features: fit it again")
        return cls(
            name=state["name"],
            model=PairwiseLogistic.from_json(state["model"]),
            training_sets=tuple(TrainingSet.from_json(row) for row in state["training_sets"]),
            held_out=tuple(HeldOut.from_json(row) for row in state["held_out"]),
        )


@dataclass(frozen=True)
class Coefficient:
    """One line of the model for readers: a feature and its pull per typical difference."""

    name: str
    label: str
    description: str
    value: float


def coefficients(card: ModelCard) -> list[Coefficient]:
    """The features with their coefficients, strongest first."""
    rows = [
        Coefficient(feature.name, feature.label, feature.description, float(value))
        for feature, value in zip(FEATURES, card.model.coef_, strict=True)
    ]
    return sorted(rows, key=lambda row: -abs(row.value))


def available() -> list[str]:
    """Names of the pretrained surrogates."""
    return sorted(path.stem for path in PRETRAINED.glob("*.json"))


@lru_cache(maxsize=16)
def load(name: str) -> ModelCard:
    """Read a pretrained surrogate. InvalidInput lists the known names."""
    path = PRETRAINED / f"{name}.json"
    if not re.fullmatch(r"[a-z0-9_-]{1,64}", name) or not path.is_file():
        known = ", ".join(available())
        message = f"no surrogate is called {name!r}; known: {known}"
        raise InvalidInput(message, fields={"params.name": message})
    return ModelCard.from_json(path.read_text(encoding="utf-8"))
