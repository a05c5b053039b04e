"""For whom a tournament would wait, and who is proposed to decide."""

import pytest

from tests import factories
from tournaments.services.awaiting import Raters, proposed, raters_among, votes_of, waits_in_words

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab():
    """Two campaigns of people, and a model that calls."""
    lab = factories.project()
    factories.judge(lab, "human", "crowd", raters=3)
    factories.judge(lab, "human", "experts")
    factories.judge(lab, "surrogate", "model")
    return lab


def jury(lab, *members, **more):
    return factories.judge(lab, "jury", "jury", members=list(members), **more)


def test_machines_wait_for_nobody(lab):
    raters = raters_among([lab.judges.get(name="model")])

    assert (raters, waits_in_words(raters)) == ([], "")


@pytest.mark.parametrize(
    ("members", "more", "always"),
    [
        (["model", "crowd"], {}, True),
        (["crowd"], {}, True),
        (["model", "crowd"], {"sequential": True}, False),
        (["model"], {"escalate_to": ["crowd"]}, False),
        (["model"], {"stand_ins": ["crowd"]}, False),
    ],
)
def test_people_in_a_jury_are_waited_for(lab, members, more, always):
    raters = raters_among([jury(lab, *members, **more)])

    assert raters == [Raters("crowd", 3, always)]
    assert votes_of(raters, 36) == (108 if always else 0)


def test_a_campaign_that_sits_twice_votes_once(lab):
    crowd = lab.judges.get(name="crowd")

    raters = raters_among([crowd, jury(lab, "model", escalate_to=["crowd", "experts"])])

    assert raters == [Raters("crowd", 3, True), Raters("experts", 1, False)]
    said = waits_in_words(raters)
    assert "every match waits for raters (3 votes of crowd)" in said
    assert "it also waits for people (1 vote of experts)" in said


def test_the_newest_that_needs_nobody_is_proposed(lab):
    assert proposed(lab.judges.all()).name == "model"

    factories.judge(lab, "llm", "another", model="m")
    factories.judge(lab, "recorded", "record", judge="gpt")
    jury(lab, "model", "crowd")

    assert proposed(lab.judges.all()).name == "another"


def test_people_are_proposed_where_there_is_nobody_else(lab):
    assert proposed(lab.judges.filter(kind="human")).name == "experts"
    assert proposed([]) is None
