"""Parameters of `run_workflow` from files and the standard input: no secret is an argument."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import TemplateFactory
from tests.management.conftest import manage
from tests.support.drawing import steps_of
from tests.support.verbs import attempt
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.management.parameters import InFile, parameter, read_parameters
from workflows.models import WorkflowRun

IN_DATABASE = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("day=2026-01-31", ("day", "2026-01-31")),
        ("n:=5", ("n", 5)),
        ("token=@/run/token", ("token", InFile("/run/token", is_json=False))),
        ("hosts:=@hosts", ("hosts", InFile("hosts", is_json=True))),
        ("token=@-", ("token", InFile("-", is_json=False))),
        ("who=@@ada", ("who", "@ada")),
        ("mail=ada@example.org", ("mail", "ada@example.org")),
        ("two=a=b", ("two", "a=b")),
    ],
)
def test_spelling_of_a_parameter(text: str, pair: object) -> None:
    assert parameter(text) == pair


@IN_DATABASE
def test_text_instead_of_a_number_is_refused_with_how_to_give_one() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    data = {"name": "nightly", "parameters_schema": schema, "steps": steps_of("a")}
    create_template(parse_template(data))
    with pytest.raises(CommandError, match="--param KEY:=VALUE gives a number"):
        call_command("run_workflow", "nightly", param=[parameter("n=5")])


def test_values_come_from_files_and_single_ones_override(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "hosts").write_text('["a", "b"]')
    (tmp_path / "all.yaml").write_text("day: 2026-01-31\nkeep: 7\n")
    (tmp_path / "more.json").write_text('{"keep": 8, "other": "x"}')
    files = [str(tmp_path / "all.yaml"), str(tmp_path / "more.json")]
    given = [f"token=@{tmp_path}/token", f"hosts:=@{tmp_path}/hosts", "other=y"]
    assert read_parameters(files, map(parameter, given)) == {
        "day": "2026-01-31",
        "keep": 8,
        "other": "y",
        "token": "s3cret",
        "hosts": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("content", "value"), [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a", " a"), ("", "")]
)
def test_only_the_line_end_of_a_file_is_left_out(tmp_path: Path, content: str, value: str) -> None:
    (tmp_path / "x").write_bytes(content.encode())
    assert read_parameters([], [parameter(f"x=@{tmp_path}/x")]) == {"x": value}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--param", "token=@nowhere"],
            "--param token: the file 'nowhere' cannot be read",
        ),
        (["--param", "token=@nowhere"], "for a text that begins with @, write @@"),
        (["--param", "token=@"], "the file '' cannot be read"),
        (["--param", "x=@-", "--param-file", "-"], "can be read only once"),
        (["--param-file", "nowhere.yaml"], "the file 'nowhere.yaml' cannot be read"),
        (["--param-file", "list.yaml"], "--param-file list.yaml: it must hold parameters by name"),
        (["--param-file", "bad.json"], "--param-file bad.json: line 1"),
        (["--param", "x:=@bad.json"], "--param x: line 1"),
        (["--param", "x=@binary"], "--param x: the file 'binary' is not text in UTF-8"),
    ],
)
@IN_DATABASE
def test_file_that_cannot_be_read_is_named_and_nothing_is_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    TemplateFactory.create(name="nightly", drawing="a")
    monkeypatch.chdir(tmp_path)
    Path("list.yaml").write_text("[1]")
    Path("bad.json").write_text("{")
    Path("binary").write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError) as refused:
        call_command("run_workflow", "nightly", *arguments)
    assert words in str(refused.value)
    assert not WorkflowRun.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [(["--param", "token=@-"], "s3cret\n"), (["--param-file", "-"], "token: s3cret\n")],
)
@IN_DATABASE
def test_secret_comes_by_the_standard_input(arguments: list[str], stdin: str) -> None:
    schema = {"properties": {"token": {"type": "string", "writeOnly": True}}}
    [step] = steps_of("a")
    command = ["sh", "-c", "test $TOKEN = s3cret"]
    step["payload"] = {"command": command, "env": {"TOKEN": "{{ params.token }}"}}
    data = {"name": "nightly", "steps": [step], "parameters_schema": schema}
    create_template(parse_template(data))
    done = manage("run_workflow", "nightly", *arguments, stdin=stdin)
    assert done.returncode == 0, done.stdout
    assert attempt(WorkflowRun.objects.get(), "a").exit_code == 0
    assert "s3cret" not in done.stdout
