"""The options that both command lines share."""

import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

RECORDINGS = "BENCH_WFFORMAT"


def add_common_options(parser: ArgumentParser) -> None:
    """Declare the shared options."""
    parser.add_argument(
        "--wfformat",
        type=Path,
        nargs="+",
        default=[Path(path) for path in os.environ.get(RECORDINGS, "").split(":") if path],
        metavar="PATH",
        help=f"recorded workflows, or folders of them (default: those in {RECORDINGS})",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument(
        "--publish", action="store_true", help="also write the table into docs/performance.md"
    )


def clean_up_on_sigterm() -> None:
    """Exit on SIGTERM through the context managers, which end the started servers."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def find_recordings(paths: Sequence[Path]) -> list[Path]:
    """
    Return the files and the files in the folders, the smallest first.

    :raises SystemExit: naming the paths that do not exist.
    """
    if missing := [str(path) for path in paths if not path.exists()]:
        raise SystemExit(f"{', '.join(missing)}: No such file or directory")
    found = [file for path in paths for file in (path.glob("*.json") if path.is_dir() else [path])]
    return sorted(found, key=lambda file: file.stat().st_size)
