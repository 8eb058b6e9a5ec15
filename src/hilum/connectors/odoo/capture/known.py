"""What the hub knows of a model's records: fingerprints by ranges of ids. Pure, no I/O.

A range is 256 ids. Of each record it keeps 16 bytes: when it was written, a hash of its values, whether it is
archived, and how many of its changes were told; so a million records are 16 MB. How many records a range has, and the
sum of their ids, is what is compared with the server's own to find those that came or went unseen.

What was handed over and is not yet in the journal is known here, but not in what is remembered: a hub that dies finds
it again.
"""

from __future__ import annotations

import struct
from base64 import b85decode, b85encode
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

RANGE: Final = 256
_ROW: Final = struct.Struct("<BBHIQ")  # offset in the range, archived, version, seconds, content
_VERSIONS: Final = 1 << 16


class Known(NamedTuple):
    """One record."""

    seconds: int  # its `write_date`, in seconds since 1970, UTC; 0: any other is a change
    content: int  # hash of its values, 64 bits; 0: not known
    archived: bool = False
    version: int = 0  # changes that were told of it: tells two of the same second apart


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is compared of the records in some ranges without reading them."""

    count: int
    ids: int | None  # their sum; None: the server does not tell

    def agrees(self, other: Fingerprint) -> bool:
        """Are these the same records, as far as both tell?"""
        return self.count == other.count and (None in (self.ids, other.ids) or self.ids == other.ids)

    def less(self, part: Fingerprint) -> Fingerprint:
        """Of the rest, without this part."""
        ids = None if self.ids is None or part.ids is None else self.ids - part.ids
        return Fingerprint(self.count - part.count, ids)


class _Unanswered:
    """Handed over and not yet in the journal: what was known before, and how many answers are missing."""

    __slots__ = ("before", "missing")

    def __init__(self, before: Known | None) -> None:
        self.before = before
        self.missing = 0


class KnownRecords:
    """The records of one model."""

    def __init__(self, remembered: Mapping[int, str] | None = None) -> None:
        self._ranges: dict[int, dict[int, Known]] = {}
        self._packed: dict[int, bytes] = {number: b85decode(text) for number, text in (remembered or {}).items()}
        self._touched: set[int] = set()
        self._unanswered: dict[int, _Unanswered] = {}
        self._numbers: list[int] | None = None  # of the ranges, sorted; None: to be sorted anew
        self.total = sum(len(packed) // _ROW.size for packed in self._packed.values())

    def get(self, record_id: int) -> Known | None:
        """What is known of a record; None: nothing."""
        return self._open(record_id // RANGE).get(record_id)

    def set(self, record_id: int, known: Known) -> None:
        """This is known now."""
        number = record_id // RANGE
        records = self._open(number)
        self.total += record_id not in records
        records[record_id] = known
        self._changed(number)

    def remove(self, record_id: int) -> None:
        """It is gone."""
        number = record_id // RANGE
        if self._open(number).pop(record_id, None) is not None:
            self.total -= 1
            self._changed(number)

    @property
    def highest(self) -> int:
        """The highest id; 0: there are no records."""
        for number in reversed(self.numbers):
            if records := self._open(number):
                return max(records)
        return 0

    @property
    def numbers(self) -> list[int]:
        """The numbers of the ranges, sorted. Range n has the ids from n × 256 on."""
        if self._numbers is None:
            self._numbers = sorted({*self._packed, *self._ranges})
        return self._numbers

    def between(self, low: int, high: int) -> list[int]:
        """The ids from `low` to below `high`, sorted."""
        first, last = bisect_left(self.numbers, low // RANGE), bisect_left(self.numbers, -(-high // RANGE))
        return [
            each for number in self.numbers[first:last] for each in sorted(self._open(number)) if low <= each < high
        ]

    def fingerprint(self, low: int, high: int) -> Fingerprint:
        """Of whole ranges: `low` and `high` are multiples of 256."""
        first, last = bisect_left(self.numbers, low // RANGE), bisect_left(self.numbers, high // RANGE)
        count = ids = 0
        for number in self.numbers[first:last]:
            packed = self._packed.get(number)
            here = self._ranges.get(number, {}) if packed is None else packed[:: _ROW.size]  # the offsets
            count += len(here)
            ids += sum(here) + (0 if packed is None else number * RANGE * len(here))
        return Fingerprint(count, ids)

    def forget_contents(self, since: int) -> None:
        """Other fields are read from now on. What was written from `since` on (seconds) is a change when it is seen."""
        for number in self.numbers:
            for record_id, known in list(self._open(number).items()):
                seconds = 0 if known.seconds >= since else known.seconds
                self.set(record_id, known._replace(content=0, seconds=seconds))

    # ---- what is handed over, and what is remembered

    def handed_over(self, record_id: int, now: Known | None) -> None:
        """A change was found and is being told; None: it is deleted. It is remembered after the answers."""
        entry = self._unanswered.setdefault(record_id, _Unanswered(self.get(record_id)))
        entry.missing += 1
        if now is None:
            self.remove(record_id)
        else:
            self.set(record_id, now)

    def answered(self, record_id: int) -> None:
        """One of its changes is in the journal."""
        entry = self._unanswered.get(record_id)
        if entry is None:
            return
        entry.missing -= 1
        if not entry.missing:
            del self._unanswered[record_id]
            self._touched.add(record_id // RANGE)

    @property
    def unanswered(self) -> list[int]:
        """The ids whose changes are not all in the journal."""
        return list(self._unanswered)

    @property
    def touched(self) -> bool:
        """Is there anything to be remembered?"""
        return bool(self._touched)

    def to_remember(self) -> dict[int, str | None]:
        """The ranges that changed, as they are to be remembered (None: it has no record). Taken once."""
        touched, self._touched = self._touched, set()
        held: dict[int, list[int]] = {}
        for record_id in self._unanswered:
            held.setdefault(record_id // RANGE, []).append(record_id)
        found: dict[int, str | None] = {}
        for number in sorted(touched):
            records = dict(self._open(number))
            for record_id in held.get(number, ()):
                before = self._unanswered[record_id].before
                records.pop(record_id, None)
                if before is not None:
                    records[record_id] = before
            found[number] = b85encode(_pack(records)).decode() if records else None
        return found

    def pack(self) -> None:
        """Put away what was looked at: open ranges take ten times the memory."""
        for number, records in self._ranges.items():
            if records:
                self._packed[number] = _pack(records)
        self._ranges.clear()
        self._numbers = None

    def not_remembered(self, numbers: Iterable[int]) -> None:
        """What was taken could not be written: it is to be remembered still."""
        self._touched.update(numbers)

    # ---- packed and open ranges

    def _changed(self, number: int) -> None:
        self._touched.add(number)
        if self._numbers is not None and number not in self._packed and len(self._ranges[number]) == 1:
            self._numbers = None  # perhaps a range that is new

    def _open(self, number: int) -> dict[int, Known]:
        records = self._ranges.get(number)
        if records is None:
            packed = self._packed.pop(number, None)
            if packed is None:
                return self._ranges.setdefault(number, {})
            records = self._ranges[number] = {
                number * RANGE + offset: Known(seconds, content, bool(archived), version)
                for offset, archived, version, seconds, content in _ROW.iter_unpack(packed)
            }
        return records


def next_version(known: Known | None) -> int:
    """The version of the next change."""
    return ((known.version if known else 0) + 1) % _VERSIONS


def _pack(records: Mapping[int, Known]) -> bytes:
    return b"".join(
        _ROW.pack(record_id % RANGE, known.archived, known.version, known.seconds, known.content)
        for record_id, known in sorted(records.items())
    )
