from __future__ import annotations

import json
from dataclasses import replace

import pytest

from arena.common.errors import InvalidInput
from judges.surrogates.features import NAMES
from judges.surrogates.model_card import (
    POOLED,
    PRETRAINED,
    Estimate,
    ModelCard,
    Split,
    available,
    coefficients,
    load,
)


@pytest.fixture
def card() -> ModelCard:
    return load("general")


def test_the_committed_file_is_what_the_card_writes(card: ModelCard) -> None:
    text = (PRETRAINED / "general.json").read_text(encoding="utf-8")
    assert card.to_json() == text
    assert json.loads(text)["version"] == card.version
    assert "general" in available()


def test_it_names_its_training_sets_with_licence_source_and_counts(card: ModelCard) -> None:
    assert [item.name for item in card.training_sets] == [
        "ko_mtbench",
        "pandalm",
        "vicuna80_arena",
    ]
    for item in card.training_sets:
        assert item.licence in {"MIT", "Apache-2.0"}
        assert item.sources
        assert item.judges
        assert 0 < item.decisive <= item.comparisons < item.judgments


def test_every_split_is_pooled_and_by_part(card: ModelCard) -> None:
    sets = {item.name for item in card.training_sets}
    for split in (Split.PROMPT, Split.DATA_SET):
        assert {row.scope for row in card.held_out if row.split is split} == {POOLED, *sets}
    models = sum(item.models for item in card.training_sets)
    assert sum(row.split is Split.MODEL for row in card.held_out) == models + 1
    decisive = sum(item.decisive for item in card.training_sets)
    assert card.accuracy(Split.PROMPT).comparisons == decisive
    assert card.accuracy(Split.MODEL).comparisons == 2 * decisive


def test_it_beats_length_alone_or_says_that_it_does_not(card: ModelCard) -> None:
    said = "\n".join(card.statements())
    for row in card.held_out:
        assert row.surrogate.low <= row.surrogate.value <= row.surrogate.high
        assert row.lead.value == pytest.approx(row.surrogate.value - row.longer.value, abs=2e-4)
        if row.scope == POOLED:
            assert row.lead.low > 0
            assert row.surrogate.low > row.same_side.high
        elif row.split is not Split.MODEL:
            confessed = f"{row.surrogate.value:.1%} against {row.longer.value:.1%}" in said
            assert confessed == (row.lead.value <= 0)


def test_the_headline_shows_all_three_accuracies_beside_length(card: ModelCard) -> None:
    for split in Split:
        assert f"{card.accuracy(split).surrogate.value:.1%}" in card.headline()
    assert f"longer wins: {card.accuracy(Split.PROMPT).longer.value:.1%}" in card.headline()


def test_a_worse_model_must_confess(card: ModelCard) -> None:
    rows = [
        replace(row, lead=Estimate(-0.1, -0.2, 0.0)) if row.scope == POOLED else row
        for row in card.held_out
    ]
    worse = replace(card, held_out=tuple(rows))
    assert len(worse.statements()) == len(card.statements()) + 3


def test_the_version_follows_the_coefficients_only(card: ModelCard) -> None:
    assert replace(card, name="other", held_out=()).version == card.version
    model = replace(card.model, coef_=card.model.coef_ * 1.001)
    assert replace(card, model=model).version != card.version


def test_coefficients_have_descriptions_and_sensible_signs(card: ModelCard) -> None:
    rows = coefficients(card)
    values = {row.name: row.value for row in rows}
    assert set(values) == set(NAMES)
    assert [abs(row.value) for row in rows] == sorted(map(abs, values.values()))[::-1]
    assert values["content"] > 0 > values["repetition"]
    assert values["ending"] > 0 > values["declines"]


def test_a_model_of_other_features_is_refused(card: ModelCard) -> None:
    state = json.loads(card.to_json())
    state["features"][0] = "charm"
    with pytest.raises(ValueError, match="other features"):
        ModelCard.from_json(json.dumps(state))


@pytest.mark.parametrize("name", ["nobody", "../general", "", "general.json"])
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(InvalidInput, match="known: general"):
        load(name)
