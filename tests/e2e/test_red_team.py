"""Attacks through upload, runner, tables, API and pages: none may get through."""

from __future__ import annotations

import pytest

from judges.red_team.catalogue import ATTACKS
from tests import hostile

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_attack_gets_through_the_pipeline() -> None:
    assert hostile.faults(ATTACKS) == {}
