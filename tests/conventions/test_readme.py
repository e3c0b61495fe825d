"""The template and the settings in the README are right."""

import re
from pathlib import Path

from workflows.authoring.spec import parse_template
from workflows.authoring.yaml_json import read_yaml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SETTINGS = (ROOT / "orchestrator" / "settings.py").read_text()


def test_template_in_readme_is_valid() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert len(parse_template(read_yaml(text)).steps) == 4


def test_readme_names_exactly_the_environment_variables_of_settings() -> None:
    read = re.findall(r'environment\.\w+\(\s*"(\w+)"', SETTINGS)
    assert sorted(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)) == sorted(read)
