"""What the README says is so."""

import re
from pathlib import Path

from workflows.authoring.spec import parse_template
from workflows.authoring.yaml_json import read_yaml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "orchestrator" / "settings.py").read_text()


def test_its_template_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert len(parse_template(read_yaml(text)).steps) == 4


def test_it_names_every_setting_of_the_environment_and_no_other() -> None:
    read = re.findall(r'environment\.\w+\(\s*"(\w+)"', SETTINGS)
    assert sorted(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)) == sorted(read)
