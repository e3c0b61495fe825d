"""Import a template from a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from workflows.authoring.files import import_file
from workflows.management.actor import command_actor
from workflows.management.base import DatabaseCommand


class Command(DatabaseCommand):
    """`manage.py import_workflow FILE [--name NAME] [--commands]`."""

    help = (
        "Import a workflow template from a YAML file, or from a WfFormat 1.5 file (.json). A "
        "template of the same name gets a new version; unchanged content changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--name", help="Overrides the name in the file; '#12' replaces template 12."
        )
        parser.add_argument(
            "--commands",
            action="store_true",
            help="WfFormat: steps execute the recorded commands; by default they do nothing.",
        )

    def handle(self, *, file: Path, name: str | None, commands: bool, **_: Any) -> None:
        """Import the file and print what changed."""
        imported = import_file(file, name=name, commands=commands, by=command_actor())
        template = imported.template
        self.stdout.write(
            f"Workflow template #{template.pk} '{template}': "
            f"{imported.change}, version {template.version}."
        )
        for text in imported.warnings:
            self.stderr.write(self.style.WARNING(f"Warning: {text}"))
