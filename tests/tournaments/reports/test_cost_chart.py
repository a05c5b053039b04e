from __future__ import annotations

import json

import numpy as np

from tournaments.reports.cost_chart import figure
from tournaments.services.simulating import Replay


def test_a_line_for_each_format():
    replay = Replay("swiss", np.array([10.0, 20.4]), np.array([0.5, 0.93211]), ())

    drawn = figure([replay])

    (line,) = drawn["data"]
    assert (line["name"], list(line["x"]), list(line["y"])) == (
        "Swiss system", [10.0, 20.0], [0.5, 0.9321],
    )  # fmt: skip
    assert [shape["y0"] for shape in drawn["layout"]["shapes"]] == [0.9, 0.95]
    json.dumps(drawn)


def test_calls_are_those_of_the_judge_and_marks_stand_in_full():
    replay = Replay("swiss", np.array([10.0, 20.4]), np.array([0.5, 0.93211]), ())

    drawn = figure([replay], each=2.0)

    assert list(drawn["data"][0]["x"]) == [20.0, 41.0]
    marks = drawn["layout"]["xaxis"]
    shown = dict(zip(marks["tickvals"], marks["ticktext"], strict=True))
    assert (shown[20], shown[50]) == ("20", "50")
