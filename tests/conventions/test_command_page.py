"""docs/command-line.md names every command and option."""

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from tests.support.typed import page

PAGE = page("command-line.md")
OWN = sorted(name for name, app in get_commands().items() if app == "workflows")


def options(command: BaseCommand) -> set[str]:
    """Return the long options of a command."""
    actions = command.create_parser("manage.py", "x")._actions
    return {name for action in actions for name in action.option_strings if name[:2] == "--"}


def row(command: str) -> str:
    """Return the row of a command in the table; that of `rescue` is that of `tick`."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    return next(line for line in rows if f"`{command}`" in line or f"| `{command} " in line)


@pytest.mark.parametrize("name", OWN)
def test_page_names_every_command_with_its_options(name: str) -> None:
    own = options(load_command_class("workflows", name)) - options(BaseCommand())

    assert [option for option in sorted(own) if option not in row(name)] == []


def test_commands_are_found() -> None:
    assert {"run_workflow", "rescue", "runs"} <= set(OWN)
