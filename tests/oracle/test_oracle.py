"""The product and a naive model of it are driven side by side, at random."""

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

# Differences between the databases show within few steps.
STEPS = int(os.environ.get("ORACLE_STEPS", 10_000 if connection.vendor == "sqlite" else 2_000))
"""How many steps in all; `make prove` takes a million."""
PARTS = 4
LONGEST_S = float("inf") if "ORACLE_STEPS" in os.environ else 25.0
"""Of a part: a busy machine takes fewer steps, not longer."""
SEED = int(os.environ.get("ORACLE_SEED", "0"))
"""The same examples each time, so that a change is judged by itself; others with another seed."""

CHANCE = settings(
    max_examples=20,
    stateful_step_count=50,
    deadline=None,
    database=None,
    # To make a failing example small takes minutes; it can be read as it is.
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
