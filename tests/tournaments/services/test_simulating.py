"""A finished tournament as a table of verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from arena.common.errors import Conflict, NotFound
from tests import factories
from tests.tournaments.services.test_rating import played, recorded
from tournaments.services.simulating import (
    AFFORDABLE,
    FORMATS,
    GOALS,
    Record,
    record_of,
    replays,
)

pytestmark = pytest.mark.django_db


def test_the_table_holds_every_verdict_from_both_sides(lab):
    record = record_of(lab, played(lab, recorded(lab)).pk)

    above = np.triu_indices(3, 1)
    assert (record.calls, record.missing) == (12, 0.0)
    assert (record.shares[:, above[0], above[1]] == 0.0).all()
    assert (record.shares[:, above[1], above[0]] == 1.0).all()
    assert np.isnan(record.shares[:, range(3), range(3)]).all()
    assert record.world(5).trials == 5


def test_another_projects_tournament_is_not_found(lab):
    cup = played(lab, recorded(lab))

    with pytest.raises(NotFound):
        record_of(factories.project("other"), cup.pk)


def test_a_tournament_that_runs_or_has_no_verdicts_is_no_record(lab):
    cup = played(lab, recorded(lab))
    cup.status = "paused"
    cup.save()

    with pytest.raises(Conflict, match="completed"):
        record_of(lab, cup.pk)
    cup.status = "completed"
    cup.save()
    cup.matches.all().delete()
    with pytest.raises(Conflict, match="round robin"):
        record_of(lab, cup.pk)


def test_a_record_is_replayed_by_other_formats(lab):
    record = record_of(lab, played(lab, recorded(lab)).pk)

    whole, knock_out = replays(record, ["round_robin", "single_elimination"])

    assert whole.calls[-1] == record.calls
    assert whole.tau[-1] == 1.0  # all of its own games give its own order
    assert knock_out.calls[-1] == 2 * 4
    assert len(knock_out.costs) == len(GOALS)
    assert replays(record, ["single_elimination"])[0].tau.tolist() == knock_out.tau.tolist()


def test_every_format_that_is_offered_can_be_replayed(lab):
    record = record_of(lab, played(lab, recorded(lab)).pk)

    assert [replay.format for replay in replays(record)] == list(FORMATS)


def test_a_record_that_takes_minutes_is_left_to_the_command_line(lab):
    record = Record(np.full((2, 2, 2), 0.5), AFFORDABLE + 1, 0.0)

    with pytest.raises(Conflict, match="arena_simulate"):
        replays(record)
