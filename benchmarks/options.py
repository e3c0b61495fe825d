"""What both command lines understand."""

import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

RECORDINGS = "BENCH_WFFORMAT"


def add_common(parser: ArgumentParser) -> None:
    """Declare the options of both."""
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
    """Let SIGTERM end the servers too that were started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def files(paths: Sequence[Path]) -> list[Path]:
    """
    Return the files, also those in folders, the smallest first.

    :raises SystemExit: naming what is not there.
    """
    if missing := [str(path) for path in paths if not path.exists()]:
        raise SystemExit(f"{', '.join(missing)}: No such file or directory")
    found = [file for path in paths for file in (path.glob("*.json") if path.is_dir() else [path])]
    return sorted(found, key=lambda file: file.stat().st_size)
