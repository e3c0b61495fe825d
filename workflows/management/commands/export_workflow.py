"""Write a template as YAML."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from workflows.authoring.files import export_template
from workflows.errors import WorkflowError
from workflows.management.base import DatabaseCommand


class Command(DatabaseCommand):
    """`manage.py export_workflow NAME [--output FILE]`."""

    help = "Write a workflow template as YAML for import_workflow."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "name", metavar="NAME", help="Name of the template, or '#12' for template 12."
        )
        parser.add_argument("--output", metavar="FILE", type=Path, help="Default: standard output.")

    def handle(self, *, name: str, output: Path | None, **_: Any) -> None:
        """Export the template."""
        try:
            text = export_template(name)
        except WorkflowError as exc:
            raise CommandError(exc.detail) from exc
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as exc:
            raise CommandError(f"{output}: {exc.strerror}") from exc
