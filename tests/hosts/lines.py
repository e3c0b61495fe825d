"""The lines that docs/drop-in.md asks a host to write, as they stand there."""

import re
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "drop-in.md"
BLOCK = re.compile(
    r"^```(?P<language>\w+)\n# (?P<file>\S+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)


@cache
def lines(heading: str, file: str, language: str = "python") -> str:
    """Return the code for a file of the host, below a heading of the page."""
    _, _, rest = PAGE.read_text().partition(f"\n## {heading}\n")
    section = rest.partition("\n## ")[0]
    wanted = (language, file)
    [text] = [found["text"] for found in BLOCK.finditer(section) if found.group(1, 2) == wanted]
    return text
