"""Accessibility violations of a page, as far as a program can find them."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
SETTLED = """
Promise.allSettled(
    document.getAnimations()
        .filter(each => each instanceof CSSTransition)
        .map(each => each.finished)
).then(() => null)
"""
"""Colours on their way from one scheme to the other have the contrast of neither."""
RUN = """
axe.run(document, {preload: false, resultTypes: ["violations"]}).then(found => found.violations)
"""
"""What passes is neither described nor fetched: that takes several times as long as to look."""
SERIOUS = {"serious", "critical"}


def serious_violations(page: Page) -> list[str]:
    """Return the serious and critical findings, each with the elements that it is about."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SOURCE)
    page.evaluate(SETTLED)
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [_told(each) for each in found if each["impact"] in SERIOUS]


def _told(violation: dict[str, Any]) -> str:
    places = [f"{part['target']}: {part['failureSummary']}" for part in violation["nodes"][:5]]
    return f"{violation['id']} ({violation['help']}): " + "; ".join(places)
