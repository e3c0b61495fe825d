"""Decision 23 describes every layer of the import contract."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "adr" / "0023-packages-by-job.md").read_text()


def layers_of_the_contract() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = (
        each
        for each in config["tool"]["importlinter"]["contracts"]
        if each.get("containers") == ["workflows"]
    )
    return [name for layer in contract["layers"] for name in re.findall(r"\w+", layer)]


def test_every_layer_is_described() -> None:
    cells = re.findall(r"^\| (`[^|]+`) \|", PAGE, re.MULTILINE)
    described = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    of_the_contract = [name for name in described if name in layers_of_the_contract()]
    assert sorted(of_the_contract) == sorted(layers_of_the_contract())
