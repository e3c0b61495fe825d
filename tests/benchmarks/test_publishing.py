"""The figures' page of the documentation."""

from pathlib import Path

import pytest

from benchmarks.databases import KINDS
from benchmarks.figures import duration, table
from benchmarks.publishing import PAGE, publish


def test_only_what_stands_between_the_markers_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- /a -->\nafter\n<!-- b -->\n<!-- /b -->\n")

    publish("a", r"new \1", page)

    assert page.read_text() == (
        "before\n<!-- a -->\nnew \\1\n<!-- /a -->\nafter\n<!-- b -->\n<!-- /b -->\n"
    )


def test_a_page_without_the_markers_is_refused_and_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    with pytest.raises(ValueError, match="has no markers <!-- a --> and"):
        publish("a", "new", page)
    assert page.read_text() == "nothing\n"


def test_the_page_has_a_place_for_every_table() -> None:
    for name in (*KINDS, "peers"):
        assert f"<!-- {name} -->\n" in PAGE.read_text()
        assert f"<!-- /{name} -->\n" in PAGE.read_text()


def test_a_table_is_aligned() -> None:
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
