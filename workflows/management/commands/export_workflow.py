"""Write a template as YAML."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from workflows.authoring.files import export_template
from workflows.management.base import DatabaseCommand

OUTPUT_WANTED = "--output names a file in a folder that exists"


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
        text = export_template(name)
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as exc:
            why = f"{exc.strerror}; {OUTPUT_WANTED}"
            raise CommandError(f"{output} cannot be written: {why}") from exc
