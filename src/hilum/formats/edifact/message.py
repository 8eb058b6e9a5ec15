"""A message: opened when it is first read, read by path, changed in place, written back byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from hilum.errors import Invalid
from hilum.formats.edifact import paths
from hilum.formats.edifact.delimiters import STANDARD, Delimiters
from hilum.formats.edifact.scanning import segments_of
from hilum.formats.edifact.segment import Segment, Value

_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Envelope:
    """The headers that a message came in."""

    raw_unb: bytes  # with what stands before it and its end
    una: bytes = b""  # what stands before that: UNA, where it was sent
    raw_ung: bytes = b""  # empty: it stands in no functional group
    delimiters: Delimiters = STANDARD

    @cached_property
    def unb(self) -> Segment:
        """The interchange header."""
        found = Segment(self.raw_unb.removeprefix(_MARK), self.delimiters)
        found.identifier = found["01.1"]
        found._elements = None
        return found

    @cached_property
    def ung(self) -> Segment | None:
        """The header of the functional group."""
        return Segment(self.raw_ung, self.delimiters, self.identifier) if self.raw_ung else None

    @property
    def identifier(self) -> str:
        """The syntax identifier, which says the character set: `UNOC`."""
        return self.unb["01.1"]

    @property
    def interchange(self) -> str:
        """The interchange control reference, UNB-05."""
        return self.unb["05"]

    @property
    def group(self) -> str:
        """The group reference number, UNG-05; empty outside of groups."""
        return self.ung["05"] if self.ung is not None else ""

    @property
    def sender(self) -> str:
        """Who sent the interchange, UNB-02 with its qualifier: `14:5412345000013`."""
        return f"{self.unb['02.2']}:{self.unb['02.1']}"

    @property
    def receiver(self) -> str:
        """To whom the interchange goes, UNB-03 with its qualifier."""
        return f"{self.unb['03.2']}:{self.unb['03.1']}"

    def trailer(self, name: str, count: int, reference: str) -> bytes:
        """UNZ, UNE or UNT as it must be."""
        return Segment.new(name, count, reference, delimiters=self.delimiters, identifier=self.identifier).raw


class Message:
    """One UNH … UNT, with the envelope that it came in. Paths are those of `edifact.field`: `order["BGM-02"]`.

    Changed by `message[path] = value`, `append`, and by what is put into its segments; UNT is made anew when it is
    written after a change. Not to be changed from several threads.
    """

    __slots__ = ("_changed", "_segments", "complete", "envelope", "raw")

    def __init__(self, raw: bytes, envelope: Envelope, *, complete: bool = True) -> None:
        self.raw = raw  # the bytes that it was read from
        self.envelope = envelope
        self.complete = complete  # False: it has no UNT
        self._segments: list[Segment] | None = None
        self._changed = False

    @property
    def segments(self) -> Sequence[Segment]:
        """All segments, UNH first; a doubled terminator makes none."""
        if self._segments is None:
            own = self.envelope
            found = [Segment(raw, own.delimiters, own.identifier) for raw in segments_of(self.raw, own.delimiters)]
            self._segments = _numbered(found)
        return self._segments

    def __iter__(self) -> Iterator[Segment]:
        return (each for each in self.segments if each.name)

    def __len__(self) -> int:
        """How many segments there are, UNH and UNT included: what UNT-01 must say."""
        return sum(1 for _ in self)

    def named(self, name: str) -> Sequence[Segment]:
        """All segments of this name."""
        return [each for each in self.segments if each.name == name]

    def pick(self, name: str, occurrence: int = 1) -> Segment | None:
        """The n-th segment of this name, or None; `UNB` and `UNG` are those of its envelope."""
        if name in ("UNB", "UNG"):
            return (self.envelope.unb if name == "UNB" else self.envelope.ung) if occurrence == 1 else None
        return next((each for each in self.segments if each.name == name and each.number == occurrence), None)

    def segment(self, name: str, occurrence: int = 1) -> Segment:
        """The n-th segment of this name. Raises `Invalid` naming the segment where there is none."""
        found = self.pick(name, occurrence)
        if found is None:
            which = name if occurrence == 1 else f"{name}[{occurrence}]"
            raise Invalid(f"the message has no {which} segment", where=which)
        return found

    def __getitem__(self, path: str) -> str:
        return paths.field(path)(self)

    @property
    def type(self) -> str:
        """The message type: `ORDERS`."""
        return self["UNH-02.1"]

    @property
    def release(self) -> str:
        """The directory that it follows: `D96A`."""
        return self["UNH-02.2"] + self["UNH-02.3"]

    @property
    def reference(self) -> str:
        """The message reference number, UNH-01."""
        return self["UNH-01"]

    @property
    def key(self) -> str:
        """What makes it the same when it comes twice: the parties of its interchange and its references."""
        own = self.envelope
        return "/".join((own.sender, own.receiver, own.interchange, own.group, self.reference))

    def __setitem__(self, path: str, value: str | int | None) -> None:
        """Put a value there. Raises `Invalid` where there is no such segment, `ValueError` for the envelope."""
        compiled = paths.field(path)
        if compiled.segment in ("UNB", "UNG"):
            raise ValueError("the envelope is made when the interchange is built")
        self.segment(compiled.segment, compiled.occurrence)[compiled.inner] = value

    def append(self, name: str, *values: Value) -> Segment:
        """A new last segment, before UNT. Raises `ValueError`."""
        own = self.envelope
        made = Segment.new(name, *values, delimiters=own.delimiters, identifier=own.identifier)
        found = list(self.segments)
        found.insert(len(found) - bool(found and found[-1].name == "UNT"), made)
        self._segments, self._changed = _numbered(found), True
        return made

    @property
    def changed(self) -> bool:
        """Was anything put into it since it was read?"""
        return self._changed or any(each.changed for each in self._segments or ())

    def body(self) -> bytes:
        """UNH … UNT as bytes: those it was read from; after a change the changed segments and UNT anew."""
        if not self.changed:
            return self.raw
        last = self.segments[-1]
        if last.name == "UNT":
            last["01"], last["02"] = len(self), self.reference
        return b"".join(each.raw for each in self.segments)

    def encode(self) -> bytes:
        """A whole interchange with this message alone, in its own envelope: how a flow receives it."""
        own = self.envelope
        end = own.trailer("UNZ", 1, own.interchange)
        if own.raw_ung:
            end = own.trailer("UNE", 1, own.group) + end
        head = own.una + own.raw_unb
        return head.removeprefix(_MARK).lstrip() + own.raw_ung + self.body() + end

    def __repr__(self) -> str:
        return f"<Message {self.type} {self.reference}, {len(self)} segments>"


def _numbered(found: list[Segment]) -> list[Segment]:
    seen: dict[str, int] = {}
    position = 0
    for each in found:
        if each.name:
            position += 1
            each.position = position
            seen[each.name] = each.number = seen.get(each.name, 0) + 1
    return found
