"""Bodies of hosts are read in bounded memory, and the status is always among what is kept."""

import json
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runners import bodies
from runners.bodies import SMALL_BODY, read_object
from runners.kept_values import KEPT_TAIL, MARGIN, CutText, LeftOut
from workflows.models.attempt import TAIL

NAMES = {"status", "stdout", "result", "message"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda child: st.lists(child) | st.dictionaries(st.text(), child),
)


def in_chunks(body: bytes, size: int = 65_536) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def read(body: dict[str, Any]) -> dict[str, Any]:
    return read_object(in_chunks(json.dumps(body).encode()), NAMES.__contains__)


def test_small_object_is_read_as_it_is() -> None:
    body = {"status": "success", "unknown": [1, {"a": None}], "stdout": "x"}
    assert read(body) == body


@pytest.mark.parametrize("first", ["status", "stdout"])
def test_status_and_both_ends_of_large_output_are_kept(first: str) -> None:
    output = "".join(f'line {n} é😀 \\ "\n' for n in range(300_000))
    body: dict[str, Any] = {"status": "success", "stdout": output, "other": ["x"] * 100}
    found = read({first: body[first], **body})
    cut = found["stdout"]
    assert found.keys() == {"status", "stdout"}
    assert found["status"] == "success"
    assert isinstance(cut, CutText)
    assert output.startswith(cut.head)
    assert output.endswith(cut.tail)
    # A character of two escapes counts twice where a piece of the body ends between them.
    assert KEPT_TAIL - 10 < len(cut.tail) <= KEPT_TAIL
    assert 0 <= len(cut.head) + cut.dropped + len(cut.tail) - len(output) < 500


def test_more_of_a_text_is_kept_than_its_log_keeps() -> None:
    assert TAIL + MARGIN <= KEPT_TAIL


@pytest.mark.parametrize(
    "value", ["[" + "[]," * 2_000_000 + "1]", '{"a": "' + "x" * 5_000_001 + '"}', "9" * 5_000_001]
)
def test_large_value_that_is_no_text_is_left_out(value: str) -> None:
    body = f'{{"result": {value}, "status": "failed"}}'.encode()
    found = read_object(in_chunks(body), NAMES.__contains__)
    assert isinstance(found["result"], LeftOut)
    assert found["status"] == "failed"


def test_value_that_is_nested_too_deeply_is_left_out() -> None:
    body = b'{"result": ' + b"[" * 100_000 + b"]" * 100_000 + b', "status": "failed"}'
    found = read_object([body], NAMES.__contains__)
    assert (type(found["result"]), found["status"]) == (LeftOut, "failed")


def test_number_that_is_too_long_for_python_is_left_out() -> None:
    body = b'{"result": {"n": ' + b"9" * 5_000 + b'}, "status": "failed"}'
    found = read_object([body], NAMES.__contains__)
    assert (type(found["result"]), found["status"]) == (LeftOut, "failed")


def test_memory_does_not_grow_with_the_body() -> None:
    def body(megabytes: int) -> Iterable[bytes]:
        yield b'{"stdout": "'
        yield from (b"x" * 999_999 + b"y" for _ in range(megabytes))
        yield b'", "status": "success"}'

    peaks = []
    for megabytes in (10, 30):
        tracemalloc.start()
        assert read_object(body(megabytes), NAMES.__contains__)["status"] == "success"
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000
    assert peaks[1] < 8 * SMALL_BODY


@given(st.dictionaries(st.text(), JSON, min_size=1), st.integers(1, 40), st.booleans())
@settings(deadline=None, max_examples=30)
def test_large_objects_are_read_as_json_reads_them(
    body: dict[str, Any], size: int, ascii_only: bool
) -> None:
    text = json.dumps(body, ensure_ascii=ascii_only, indent=1 if size % 2 else None)
    reader = bodies.LargeObject(in_chunks(text.encode(), size), body.__contains__)
    assert reader.read() == body


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"a"',
        '{"a":',
        '{"a": 1',
        '{"a": 1]',
        '{"a": ]}',
        '{"a": "x',
        r'{"a": "\x000000"}',
        r'{"a": "\u00"}',
        '{"a": [}',
        '{"a": ["x',
        '{"a": tru}',
        '{"a": 1} 2',
        '{"a": 1,}',
        "{1: 2}",
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_is_not_a_json_object_is_refused(text: str, size: int) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (whatever is wrong)
        bodies.LargeObject(in_chunks(text.encode(), size), NAMES.__contains__).read()
    with pytest.raises(ValueError):  # noqa: PT011 (whatever is wrong)
        read_object(in_chunks(text.encode(), size), NAMES.__contains__)


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    assert read_object([b'{"stdout": "a\xffb"}'], NAMES.__contains__) == {"stdout": "a\ufffdb"}
