"""What our pages consist of looks the same in the frame of each theme, whatever its name."""

import pytest

from tests.browser.conftest import Browse

FRAMES = {
    "django": '<div id="content">{}</div>',
    "django-grappelli": '<article id="grp-content">{}</article>',
    "django-jazzmin": '<main class="app-main">{}</main>',
}
SHEETS = ("theme", "console", "guest", "graph/graph", "builder/builder")
PARTS = """
<ul class="object-tools"><li><a href="/">Runs</a></li></ul>
<button class="button">Save</button>
<div class="builder"><svg class="graph">
<g class="vertex kind-step"><rect class="box"/></g>
</svg></div>
"""
LOOKS = {
    ".object-tools": ["display"],
    ".object-tools a": ["display", "color"],
    ".button": ["border-width", "background-color"],
    ".box": ["fill", "stroke"],
}
READ = "(element, names) => names.map((name) => getComputedStyle(element)[name])"


@pytest.mark.parametrize("theme", [name for name in FRAMES if name != "django"])
def test_parts_look_as_in_the_frame_of_django(browse: Browse, theme: str) -> None:
    page, looks = browse("/healthz"), {}
    links = "".join(
        f'<link rel="stylesheet" href="/static/workflows/{name}.css">' for name in SHEETS
    )
    for name in ("django", theme):
        page.set_content(links + FRAMES[name].format(PARTS), wait_until="load")
        looks[name] = {
            part: page.locator(part).evaluate(READ, names) for part, names in LOOKS.items()
        }
    assert looks[theme] == looks["django"]
    assert looks[theme][".box"][0] not in {"none", "rgb(0, 0, 0)"}
