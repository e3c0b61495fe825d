"""Operation × role × gate: nobody alone gets past a gate, whatever is tried through any door."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import isfunction
from pathlib import Path
from random import Random

import pytest
from django.core.management import call_command
from django.db import connection

from tests.gates.doors import Act, acts
from tests.gates.people import CREATORS, ROLES, Person, person
from tests.gates.rule import broken_rules
from tests.gates.situations import SITUATIONS, drive, situation
from workflows import operations
from workflows.management import commands
from workflows.models import Event, WorkflowRun

MOST_ACTS = int(os.environ.get("GATE_ACTS", "6"))
"""How many acts are tried for each role in each situation; `make prove-gates` tries all."""
SEED = os.environ.get("GATE_SEED", "0")
COMMANDS = {
    "dispatch_ready": [],
    "prune": [],
    "rescue": [],
    "tick": [],
    "verify_run": ["--all"],
    "create_api_token": None,  # for another user, by somebody with a shell
    "export_history": None,  # reads
    "export_workflow": None,  # reads
    "import_workflow": None,  # new runs only: test_ways_round.py
    "local_runner": None,  # executes what was dispatched
    "logs": None,  # reads
    "rotate_secrets": [],
    "run_workflow": None,  # a run of its own, by somebody with a shell
    "runs": None,  # reads
    "uninstall_workflows": None,  # removes everything, by somebody with a shell
}
"""Every command with its arguments, or why it is not tried here."""

pytestmark = pytest.mark.django_db


@contextmanager
def undone() -> Iterator[None]:
    """Undo what is done inside. No `atomic`: doors may insist on the outermost transaction."""
    savepoint = str(connection.savepoint())
    try:
        yield
    finally:
        connection.savepoint_rollback(savepoint)


def last_event() -> int:
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


def attempt_of(act: Act, run: WorkflowRun, who: Person) -> bool:
    """Try one act and undo it; return True if it was let in."""
    with undone():
        before = last_event()
        if is_let_in := act.do(who):
            assert_kept(run, act)
        else:
            news = list(Event.objects.filter(pk__gt=before).exclude(run=None))
            assert news == [], f"{act.name} was refused and left {news}"
    return is_let_in


def assert_kept(run: WorkflowRun, act: Act) -> None:
    """Let the machines go on after an act, and look at what happened to every run."""
    for each in [run, *WorkflowRun.objects.filter(pk__gt=run.pk)]:
        drive(each)
        assert broken_rules(each) == [], act.name


def people(role: str) -> tuple[Person, Person, Person]:
    """Return who tries, the creator of the run, and the reviewer who has decided before."""
    who, reviewer = person(role), person("other") if role != "other" else None
    reviewer = reviewer or person("approver")
    creator = who if role in CREATORS else person("creator")
    return who, creator, reviewer


@pytest.mark.slow
@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize("role", ROLES)
def test_nobody_gets_past_a_gate_alone(role: str, name: str) -> None:
    who, creator, reviewer = people(role)
    run = situation(name, creator, reviewer)
    assert broken_rules(run) == []

    every = acts(run)
    for act in Random(f"{SEED} {role} {name}").sample(every, min(MOST_ACTS, len(every))):  # noqa: S311
        attempt_of(act, run, who)


@pytest.mark.slow
def test_every_act_is_let_in_somewhere() -> None:
    who, other, reviewer = person("superuser"), person("creator"), person("approver")
    wanted: set[str] = set()
    let_in = set(LET_IN_NOWHERE)
    for name in SITUATIONS:
        run = situation(name, other, reviewer)
        for act in acts(run):
            wanted.add(act.kind)
            if act.kind not in let_in and attempt_of(act, run, who):
                let_in.add(act.kind)

    assert sorted(wanted - let_in) == []
    tried = {UNDER_OTHER_NAMES.get(kind, kind.split("/")[-1].replace("-", "_")) for kind in wanted}
    offered = {name for name in operations.__all__ if isfunction(getattr(operations, name))}
    assert tried >= offered - NOT_OF_RUNS


NOT_OF_RUNS = {"delete_runner"}
UNDER_OTHER_NAMES = {
    "POST /workflow-runs": "start_run",
    "POST /workflow-runs/<int:pk>/retry": "retry_failed",
    "PATCH /workflow-runs/<int:pk>": "set_auto_dispatch",
    "POST /tasks/<int:pk>/retry": "retry",
}
LET_IN_NOWHERE = {
    "POST /tasks/<int:pk>/ask",  # executors report by themselves
    "POST /workflow-runs/<int:pk>/let-go",  # nobody keeps any of them
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_no_command_passes_a_gate(name: str) -> None:
    run = situation(name, person("creator"), person("approver"))

    for command, arguments in COMMANDS.items():
        if arguments is not None:
            call_command(command, *arguments, verbosity=0)
    drive(run)

    assert broken_rules(run) == []


def test_every_command_is_in_the_table() -> None:
    [folder] = commands.__path__
    assert {*COMMANDS} == {path.stem for path in Path(folder).glob("[a-z]*.py")}
