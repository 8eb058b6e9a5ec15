"""Parquet: flat tables ↔ rows by column name. Needs the extra `hilum[parquet]`."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any, Final, Literal, NamedTuple

from hilum.errors import Invalid, SettingsError
from hilum.formats.delimited import column_names

MOST_UNPACKED: Final = 512 * 2**20
"""Bytes that one row group may have when it is unpacked, by what the file says of itself."""

_BATCH: Final = 256  # rows in memory at a time


ColumnType = Literal["text", "number", "flag", "decimal", "moment", "day", "texts"]


class Column(NamedTuple):
    """A column of a table whose schema is fixed, whatever its values are. Any value may be none."""

    name: str
    type: ColumnType
    meaning: str = ""


DECIMAL: Final = (28, 10)
"""Digits of a decimal in all, and after its point."""


def _library() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise SettingsError("Parquet needs the extra: pip install 'hilum[parquet]'") from None
    return pyarrow


def check_parquet() -> None:
    """Is the extra there? Raises `SettingsError`."""
    _library()


def rows_of(data: bytes | IO[bytes]) -> Iterator[tuple[int, dict[str, str] | Invalid]]:
    """The rows of a file with their numbers from 1; instead of one that is wrong, why.

    Values are texts, as other files of rows have them: decimals with all their digits, days and times as ISO 8601, yes
    and no as `true` and `false`, nothing as the empty text. Raises `Invalid` where the file is none, a row group is too
    big, or a column is no plain one (`head`).
    """
    arrow = _library()
    try:
        file = arrow.parquet.ParquetFile(io.BytesIO(data) if isinstance(data, bytes) else data)
        names = _names(arrow, file)
        number = 0
        for batch in file.iter_batches(batch_size=_BATCH):
            columns = [column.to_pylist() for column in batch.columns]
            for values in zip(*columns, strict=True):
                number += 1
                yield number, _row(names, values)
    except (arrow.ArrowException, OSError, ValueError, OverflowError, UnicodeDecodeError):
        raise Invalid("this cannot be read as a Parquet file, or holds a value that has no text") from None


def read_parquet(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """As `rows_of`; raises `Invalid` naming row and column for one that is wrong."""
    for number, row in rows_of(data):
        if isinstance(row, Invalid):
            raise Invalid(str(row), where=f"row {number}")
        yield number, row


def _names(arrow: Any, file: Any) -> list[str]:
    metadata = file.metadata
    for group in range(metadata.num_row_groups):
        if metadata.row_group(group).total_byte_size > MOST_UNPACKED:
            raise Invalid(f"row group {group + 1} has more than {MOST_UNPACKED // 2**20} MB unpacked", where="head")
    schema = file.schema_arrow
    for field in schema:
        kind = field.type
        if arrow.types.is_nested(kind) or arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind):
            raise Invalid(f"the column {field.name} is no plain one; a flat table is needed", where="head")
    return column_names(schema.names)


def _row(names: Sequence[str], values: Sequence[Any]) -> dict[str, str] | Invalid:
    row = {}
    for name, value in zip(names, values, strict=True):
        text = _text(value)
        if text is None:
            return Invalid(f"a {type(value).__name__} has no text", where=name)
        row[name] = text
    return row


def _text(value: object) -> str | None:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value)
        case float():
            return f"{Decimal(repr(value)):f}" if value == value and abs(value) != float("inf") else None
        case Decimal():
            return f"{value:f}"
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return None


def write_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], about: Mapping[str, str]) -> bytes:
    """A file with exactly these columns, also where there are no rows; `about` stands in its head.

    The same rows make the same bytes. Raises `Invalid` naming the column whose values do not fit its type.
    """
    arrow = _library()
    kept = list(rows)
    fields = [
        arrow.field(each.name, _arrow_type(arrow, each.type), metadata={"meaning": each.meaning}) for each in columns
    ]
    arrays = []
    for field in fields:
        try:
            arrays.append(arrow.array([row.get(field.name) for row in kept], field.type))
        except (arrow.ArrowException, ValueError, TypeError, OverflowError):
            raise Invalid("a value does not fit the type of its column", where=field.name) from None
    table = arrow.Table.from_arrays(arrays, schema=arrow.schema(fields, metadata=dict(about)))
    made = io.BytesIO()
    arrow.parquet.write_table(table, made, compression="zstd")
    return made.getvalue()


def _arrow_type(arrow: Any, type_: ColumnType) -> Any:
    return {
        "text": arrow.string(),
        "number": arrow.int64(),
        "flag": arrow.bool_(),
        "decimal": arrow.decimal128(*DECIMAL),
        "moment": arrow.timestamp("us", tz="UTC"),
        "day": arrow.date32(),
        "texts": arrow.list_(arrow.string()),
    }[type_]


def write_parquet(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """A file of these rows, each column with the type of its values. Raises `Invalid` where they do not fit."""
    arrow = _library()
    kept = list(rows)
    made = io.BytesIO()
    arrays = []
    for name in columns:
        try:
            arrays.append(arrow.array([row.get(name) for row in kept]))
        except (arrow.ArrowException, ValueError, TypeError, OverflowError):
            raise Invalid(
                "the values are of different types, or of one that Parquet does not have", where=name
            ) from None
    arrow.parquet.write_table(arrow.Table.from_arrays(arrays, names=list(columns)), made, compression="zstd")
    return made.getvalue()
