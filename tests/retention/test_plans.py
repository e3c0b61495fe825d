"""A round in which nothing is due reads next to nothing, whatever the history."""

import pytest
from pytest_django import Settings

from tests.lists.plans import most_read, statements
from tests.support.actors import who
from tests.support.seeded import seed
from workflows import periodic
from workflows.retention.rounds import remove_due

RUNS = 2_000
MOST_READ = 200
MODES = ("force_custom_plan", "force_generic_plan")


@pytest.mark.postgres
def test_round_reads_no_history(db: None, settings: Settings) -> None:
    settings.KEEP_RUNS_DAYS = settings.KEEP_LOGS_DAYS = settings.KEEP_SECRETS_DAYS = 365
    seed(RUNS, tasks=1)
    with statements() as asked:
        assert not remove_due(by=who("tick")).total()
        assert not periodic.run_all(by=who("tick")).failures

    reading = [each for each in asked if each[0].startswith("SELECT")]
    assert len(reading) > 5
    for statement in reading:
        for mode in MODES if statement[1] else MODES[:1]:
            read, where = most_read(statement, mode=mode)
            assert read <= MOST_READ, (mode, where, statement)
