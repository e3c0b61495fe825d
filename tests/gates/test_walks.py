"""One person tries many things one after the other; the machines go on in between."""

import os
from random import Random

import pytest

from tests.gates.doors import acts
from tests.gates.people import Person, person
from tests.gates.rule import broken_rules
from tests.gates.situations import SITUATIONS, drive, situation
from tests.gates.test_table import undone
from workflows.audit.verify import verify_run

WALKS = int(os.environ.get("GATE_WALKS", "3"))
SEED = os.environ.get("GATE_SEED", "0")
STEPS = 14
WRITES = "approve|reject|cancel|retry|mark-success|mark_success|hold|release|resume|downstream"

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def walk(dice: Random, who: Person, creator: Person, reviewer: Person) -> list[str]:
    """Walk from a situation; return the acts that were let in."""
    run = situation(dice.choice([*SITUATIONS]), creator, reviewer)
    done = []
    for _ in range(STEPS):
        likely = [act for act in acts(run) if any(word in act.name for word in WRITES.split("|"))]
        act = dice.choice(likely)
        if act.do(who):
            done.append(act.name)
        if dice.random() < 0.5:
            drive(run)
        assert broken_rules(run) == [], done
    assert [finding.sentence for finding in verify_run(run.pk)] == [], done
    return done


@pytest.mark.parametrize("role", ["operator", "creator", "superuser"])
def test_no_walk_of_one_person_gets_past_a_gate(role: str) -> None:
    who, reviewer = person(role), person("other")
    creator = person("creator") if role == "operator" else who
    let_in = 0

    for number in range(WALKS):
        with undone():
            let_in += len(walk(Random(f"{SEED} {role} {number}"), who, creator, reviewer))  # noqa: S311

    assert let_in > WALKS
