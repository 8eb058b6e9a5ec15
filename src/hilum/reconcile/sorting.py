"""More lines than memory should hold, in order: sorted a part at a time, written to disk, and merged from there.

What is in memory is one part, whatever comes; the merge reads each file line by line.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

PART: Final = 16 * 2**20
"""Bytes of one part."""

_OF_A_LINE: Final = 33  # bytes that a line has in memory beside what it says
_BUFFER: Final = 64 * 1024  # bytes that are read of a file at a time
_AT_ONCE: Final = 200
"""Files that are merged at one time: more are merged in two steps, so that there is no limit of open files."""


class Sorted:
    """Lines of one side. Put in what there is, then read it in order, once. Blocks; for threads beside the loop."""

    def __init__(self, folder: Path, *, part: int = PART) -> None:
        self._folder = folder
        self._part = part
        self._lines: list[bytes] = []
        self._size = 0
        self._files: list[Path] = []
        self._number = 0
        self.count = 0

    def add(self, lines: Iterable[bytes]) -> None:
        """Take these, which have no line ends in them."""
        for line in lines:
            self._lines.append(line)
            self._size += len(line) + _OF_A_LINE
            self.count += 1
            if self._size >= self._part:
                self._put_down()

    def __iter__(self) -> Iterator[bytes]:
        """All lines in the order of their bytes. What is on disk goes as it is read to the end."""
        self._lines.sort()
        while len(self._files) > _AT_ONCE:
            first, self._files = self._files[:_AT_ONCE], self._files[_AT_ONCE:]
            self._files.append(self._merged(first))
        yield from heapq.merge(self._lines, *map(_read, self._files))

    def _put_down(self) -> None:
        self._lines.sort()
        self._files.append(self._written(self._lines))
        self._lines, self._size = [], 0

    def _merged(self, files: list[Path]) -> Path:
        made = self._written(heapq.merge(*map(_read, files)))
        for each in files:
            each.unlink()
        return made

    def _written(self, lines: Iterable[bytes]) -> Path:
        self._number += 1
        path = self._folder / f"{self._number:06d}"
        with path.open("wb", buffering=_BUFFER) as file:
            for line in lines:
                file.write(line)
                file.write(b"\n")
        return path


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=_BUFFER) as file:
        yield from _lines(file)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    for line in file:
        yield line[:-1]
