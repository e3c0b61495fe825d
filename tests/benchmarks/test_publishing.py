"""Publishing figures into the page on performance."""

from pathlib import Path

import pytest

from benchmarks.databases import KINDS
from benchmarks.figures import duration, table
from benchmarks.publishing import PAGE, publish


def test_publishing_replaces_only_the_text_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- /a -->\nafter\n<!-- b -->\n<!-- /b -->\n")

    publish("a", r"new \1", page)

    assert page.read_text() == (
        "before\n<!-- a -->\nnew \\1\n<!-- /a -->\nafter\n<!-- b -->\n<!-- /b -->\n"
    )


def test_publishing_without_markers_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    with pytest.raises(ValueError, match="has no markers <!-- a --> and"):
        publish("a", "new", page)
    assert page.read_text() == "nothing\n"


def test_performance_page_has_markers_for_every_table() -> None:
    for name in (*KINDS, "peers"):
        assert f"<!-- {name} -->\n" in PAGE.read_text()
        assert f"<!-- /{name} -->\n" in PAGE.read_text()


def test_table_columns_are_aligned() -> None:
    assert table(["what", "s"], [["a", "1.25"], ["longer", "2"]]).splitlines() == [
        "| what   |    s |",
        "| ------ | ---: |",
        "| a      | 1.25 |",
        "| longer |    2 |",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.00123, "1.23 ms"), (0.5, "0.50 s"), (123.4, "123 s")]
)
def test_times_have_three_digits(seconds: float, text: str) -> None:
    assert duration(seconds) == text
