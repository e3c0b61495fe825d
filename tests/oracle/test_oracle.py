"""Random operations on the product and on a naive model of it have the same results."""

import os
import time
from itertools import count

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.oracle.machine import Oracle
from tests.oracle.side_by_side import SideBySide
from tests.support.scripted import Script

# Few steps suffice to find differences between the databases.
STEPS = int(os.environ.get("ORACLE_STEPS", 2_000 if connection.vendor == "sqlite" else 1_000))
"""How many steps in all; `make prove` takes a million."""
PARTS = 4
LONGEST_S = float("inf") if "ORACLE_STEPS" in os.environ else 25.0
"""The time limit of a part: a busy machine takes fewer steps instead of longer."""
SEED = int(os.environ.get("ORACLE_SEED", "0"))
"""A fixed seed gives the same examples in each run; another seed gives others."""

CHANCE = settings(
    # 500 steps at a time, as few as a part takes.
    max_examples=10,
    stateful_step_count=50,
    deadline=None,
    database=None,
    # Shrinking a failing example takes minutes; it is readable without.
    phases=[Phase.generate, *([Phase.shrink] if "ORACLE_SHRINK" in os.environ else [])],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(0 if "ORACLE_STEPS" in os.environ else 300)
@pytest.mark.parametrize("part", range(PARTS))
def test_product_and_naive_model_agree_on_random_operations(
    transactional_db: None, script: Script, part: int
) -> None:
    SideBySide.steps = 0
    give_up_at = time.monotonic() + LONGEST_S
    for turn in count(SEED):
        run_state_machine_as_test(seed(turn * PARTS + part)(Oracle), settings=CHANCE)
        if SideBySide.steps >= STEPS // PARTS or time.monotonic() > give_up_at:
            return
