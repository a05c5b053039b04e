from __future__ import annotations

import pytest

from tournaments.models import RatingRun
from tournaments.templatetags.tournaments_ui import settings_in_words


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"style_control": ["length", "bold"]}, ("Style held level", "length, bold")),
        ({"style_control": []}, ("Style held level", "nothing")),
        ({"position": "common"}, ("Advantage of being shown first", "estimated")),
        ({"judge_effects": False}, ("Effects of judges", "not estimated")),
        ({"response_effects": "auto"}, ("Effects of single answers", ("where a plain fit would be "
                                        "biased"))),
        ({"confidence": 0.95}, ("Confidence", "95 %")),
        ({"anchor": ""}, ("Anchor", "none")),
        ({"seed": 0}, ("Seed", "0")),
        ({"prior_games": 1.0}, ("Weight of the prior, in games", "1")),
        ({"judges": ["gpt v1", "crowd v2"]}, ("Judges", "gpt v1, crowd v2")),
    ],
)  # fmt: skip
def test_settings_are_words(setting, words):
    assert settings_in_words(RatingRun(settings=setting)) == [words]
