"""Template files, as people write them."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from workflows.models import WorkflowTemplate

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file; data that is not text is written as JSON."""

    def to(name: str, content: Any) -> Path:
        path = tmp_path / name
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return path

    return to


def run(command: str, *arguments: object) -> str:
    """Run a command in this process; return what it prints."""
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue()


def refusal(command: str, *arguments: object) -> str:
    """Run a command that must fail and store nothing; return its message."""
    before = WorkflowTemplate.objects.count()
    with pytest.raises(CommandError) as refused:
        run(command, *arguments)
    assert WorkflowTemplate.objects.count() == before
    return str(refused.value)
