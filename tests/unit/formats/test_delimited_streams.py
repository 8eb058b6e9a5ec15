"""Delimited files of any size: the rows of an open file are those of its bytes, and no more is read than is needed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.errors import Invalid
from hilum.formats import read_delimited, read_delimited_stream

texts = st.text(alphabet='ab";,\n\r\t |ä', max_size=6)


def told(read: Callable[[], Iterator[tuple[int, dict[str, str]]]]) -> tuple[list[tuple[int, dict[str, str]]], str]:
    """The rows until one is wrong, and what is."""
    found: list[tuple[int, dict[str, str]]] = []
    try:
        found.extend(each for each in read())
    except Invalid as error:
        return found, str(error)
    return found, ""


@given(st.lists(st.lists(texts, min_size=1, max_size=3), max_size=5), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_a_stream_says_what_the_bytes_say(lines: list[list[str]], encoding: str) -> None:
    data = "\n".join(",".join(line) for line in lines).encode(encoding)
    assert told(lambda: read_delimited_stream(io.BytesIO(data))) == told(lambda: read_delimited(data))


def test_what_is_in_no_encoding_is_told_after_the_rows_before() -> None:
    data = b"a,b\n" + b"1,2\n" * 5_000 + b"\xff,4\n"
    found, wrong = told(lambda: read_delimited_stream(io.BytesIO(data)))
    assert found
    assert "are not utf-8" in wrong


class Counted(io.BytesIO):
    """Knows how much was read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.taken += len(found)
        return found

    def read1(self, size: int | None = -1, /) -> bytes:
        found = super().read1(size if size is not None else -1)
        self.taken += len(found)
        return found


@pytest.mark.req("REC-1")
def test_a_file_is_read_as_its_rows_are_taken() -> None:
    file = Counted(b"item,price\n" + b"4711,38.00\n" * 100_000)
    rows = read_delimited_stream(file)
    assert len(list(islice(rows, 100))) == 100
    assert 0 < file.taken < 100_000
    assert sum(1 for _ in rows) == 99_900
    assert not file.closed
