"""Sides that are rows already: a file of another system, or anything that gives rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Final

from hilum.connectors.files.splitting import parquet_rows, spreadsheet_rows
from hilum.errors import Invalid, SettingsError
from hilum.flow import Project
from hilum.formats import read_delimited_stream
from hilum.reconcile.declaration import Asked, Side
from hilum.reconcile.rows import Row

_AT_ONCE: Final = 1_000  # rows that are handed over together

Making = Callable[[Mapping[str, str]], Row | None]
"""What a line of a file, by column name, is; none: it is to be left out. Raises `Invalid`."""


class Rows(Side):
    """Rows of your own: a function that gives them anew for each run."""

    def __init__(self, rows: Callable[[], Iterable[Row]], *, called: str) -> None:
        self._rows = rows
        self.called = called

    async def rows(self, asked: Asked) -> AsyncIterator[Sequence[Row]]:
        """In a thread beside the loop: it may read from anywhere."""
        found = iter(await asyncio.to_thread(self._rows))
        while some := await asyncio.to_thread(lambda: list(islice(found, _AT_ONCE))):
            yield some


class FileRows(Side):
    """A file of the project folder: CSV, XLSX or Parquet by its ending; of several that fit, the latest by name.

    It is read row by row, whatever its size. `make`: the row of a line. A line that is wrong fails the run: half a file
    would make everything else missing.
    """

    def __init__(self, path: str, make: Making, *, called: str, sheet: str = "", delimiter: str | None = None) -> None:
        self._path = path
        self._make = make
        self._sheet = sheet
        self._delimiter = delimiter
        self.called = called
        if Path(path).suffix.lower() not in _READERS:
            raise SettingsError(f"{path}: a file of rows ends in {', '.join(_READERS)}.")

    async def rows(self, asked: Asked) -> AsyncIterator[Sequence[Row]]:
        """Raises `Invalid` naming file and row, `SettingsError` where there is no such file."""
        file = await asyncio.to_thread(self._file, asked.project)
        found = self._made(file)
        while some := await asyncio.to_thread(lambda: list(islice(found, _AT_ONCE))):
            yield some

    def _file(self, project: Project) -> Path:
        found = sorted(project.folder.glob(self._path))
        if not found:
            raise SettingsError(f"There is no file {self._path} in {project.folder}.")
        return found[-1]

    def _made(self, file: Path) -> Iterator[Row]:
        with file.open("rb") as data:
            for number, line in _READERS[file.suffix.lower()](self, data):
                if isinstance(line, Invalid):
                    raise Invalid(str(line), where=f"{file.name}, row {number}")
                made = self._row(line, f"{file.name}, row {number}")
                if made is not None:
                    yield made

    def _row(self, line: Mapping[str, str], where: str) -> Row | None:
        try:
            return self._make(line)
        except (Invalid, KeyError, ValueError, ArithmeticError) as error:
            words = str(error) if isinstance(error, Invalid) else f"{type(error).__name__} in the function of rows"
            raise Invalid(words, where=where) from None

    def _csv(self, data: IO[bytes]) -> Iterator[tuple[int, Mapping[str, str] | Invalid]]:
        yield from read_delimited_stream(data, delimiter=self._delimiter)

    def _xlsx(self, data: IO[bytes]) -> Iterator[tuple[int, Mapping[str, str] | Invalid]]:
        yield from spreadsheet_rows(data, self._sheet)

    def _parquet(self, data: IO[bytes]) -> Iterator[tuple[int, Mapping[str, str] | Invalid]]:
        yield from parquet_rows(data)


_READERS: Final = {
    ".csv": FileRows._csv, ".txt": FileRows._csv, ".xlsx": FileRows._xlsx, ".parquet": FileRows._parquet,
}  # fmt: skip
