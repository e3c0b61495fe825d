"""Mistakes on the command line: one line names the argument, and what to type instead."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

GIVEN = ("--param", "day=2026-01-31", "--param", "token=swordfish")
MISTAKES: list[tuple[tuple[str, ...], str, str]] = [
    # the command as typed, how the message names what is wrong, the remedy
    (("run_workflow", "nightyl"), "workflow template 'nightyl'", "did you mean 'nightly'?"),
    (("run_workflow", "backup"), "workflow template 'backup'", "known: nightly"),
    (("run_workflow", "#999"), "workflow template #999", "known: nightly"),
    (("run_workflow", "nightly"), "parameters: day", "day: this property is required; token"),
    (("run_workflow", "nightly", "--param", "day"), "--param: 'day'", "KEY=TEXT nor KEY:=JSON"),
    (("run_workflow", "nightly", "--param", "n:=x"), "--param: 'n:=x'", "not valid JSON"),
    (("run_workflow", "nightly", "--param", "day=@/no"), "--param day", "write @@"),
    (("run_workflow", "nightly", "--param-file", "/no"), "--param-file /no", "cannot be read"),
    (("run_workflow", "nightly", "--param-file", "/"), "--param-file /", "Is a directory"),
    (("run_workflow", "nightly", *GIVEN, "--param", "dya=x"), "dya: ", "known: day, "),
    (("run_workflow", "nightly", *GIVEN, "--param", "copies=2"), "copies: '2'", "without quotes"),
    (("run_workflow", "nightly", "--concurrency", "0"), "--concurrency: '0'", "at least 1"),
    (("run_workflow", "nightly", "--again", "1"), "--again", "not allowed with argument name"),
    (("run_workflow", "nightly", "--latest"), "--latest", "needs --again RUN"),
    (("run_workflow", "--again", "999999"), "workflow run 999999", "manage.py runs lists"),
    (("run_workflow", "nightly", "--run-as", "nobody-here"), "--run-as nobody-here", "no user"),
    (("run_workflow", "x/nightly.yaml"), "'x/nightly.yaml'", "import_workflow x/nightly.yaml"),
    (("runs", "--limit", "9" * 30), "--limit: '999", "is too large: at most 1000000"),
    (("dispatch_ready", "--limit", "9" * 30), "--limit: '999", "is too large: at most 1000000"),
    (("logs", "9" * 30), "workflow run 999", "manage.py runs lists the runs"),
    (("import_workflow", "/no.yaml"), "/no.yaml cannot be read", "give a file with a template"),
    (("import_workflow", "/"), "/ cannot be read: Is a directory", "give a file"),
    (("export_workflow", "nightyl"), "workflow template 'nightyl'", "did you mean 'nightly'?"),
    (("export_workflow", "nightly", "--output", "/no/t"), "/no/t cannot be", "a folder that exis"),
    (("dispatch_ready", "--limit", "ten"), "--limit: 'ten'", "at least 1, nor 'all'"),
    (("dispatch_ready", "--run", "x"), "--run: 'x'", "a whole number of at least 1"),
    (("logs", "999999"), "workflow run 999999", "manage.py runs lists the runs"),
    (("logs", "{run}", "dmup"), "no step 'dmup'", "its steps are: dump, ship"),
    (("runs", "--state", "done"), "--state: invalid choice: 'done'", "success"),
    (("runs", "--template", "nightyl"), "workflow template 'nightyl'", "did you mean 'nightly'?"),
    (("verify_run", "999999"), "workflow run 999999", "manage.py runs lists the runs"),
    (("local_runner", "--grace", "soon"), "--grace: 'soon'", "a number of seconds, 0 or more"),
    (("create_api_token", "alise"), "no user named 'alise'", "make one in the admin"),
    (("create_api_token", "alice", "--days", "x"), "--days: 'x'", "a whole number of at least 1"),
]


@pytest.mark.parametrize(("typed", "argument", "remedy"), MISTAKES)
def test_mistake_is_answered_in_one_line_with_argument_and_remedy(
    site: dict[str, Any],
    unchanged: Callable[[], bool],
    typed: tuple[str, ...],
    argument: str,
    remedy: str,
) -> None:
    with pytest.raises(CommandError) as refused:
        call_command(*(word.format(**site) for word in typed))

    text = str(refused.value)
    assert argument in text
    assert remedy in text
    assert "\n" not in text
    assert refused.value.returncode == 1
    assert unchanged()


def test_without_any_template_the_remedy_is_to_import_one(db: None) -> None:
    with pytest.raises(CommandError, match=r"there is none yet: manage\.py import_workflow makes"):
        call_command("run_workflow", "backup")


def test_unknown_run_is_named_and_the_others_are_dispatched(
    site: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="1 of 1 runs refused"):
        call_command("dispatch_ready", "--run", "999999")
    assert (
        capsys.readouterr().err == "workflow run 999999 not found; manage.py runs lists the runs\n"
    )


def test_binary_file_of_parameters_is_named(site: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "p.json").write_bytes(b"\xff")
    with pytest.raises(CommandError, match=r"--param-file .*p\.json.* not text in UTF-8; save it"):
        call_command("run_workflow", "nightly", "--param-file", str(tmp_path / "p.json"))
