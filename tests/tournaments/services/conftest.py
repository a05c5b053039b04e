"""The project that most tests of services play in."""

import pytest

from arena.models import Project
from tests import factories


@pytest.fixture
def lab(db: None) -> Project:
    """Four prompts, each answered by ann, ben and cat."""
    made = factories.project()
    factories.field(made, prompts=4, competitors=["ann", "ben", "cat"])
    return made
