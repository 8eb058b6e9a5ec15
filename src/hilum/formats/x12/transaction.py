"""A transaction set: opened when it is first read, read by path, changed in place, written back byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cached_property

from hilum.errors import Invalid
from hilum.formats.x12 import paths
from hilum.formats.x12.delimiters import STANDARD, Delimiters
from hilum.formats.x12.scanning import past_binary
from hilum.formats.x12.segment import Context, Segment, Value, written

_BLANK = " \t\r\n\x00\x1a\x0b\x0c\xa0\ufeff"

_BINARY = {"BIN": 2, "BDS": 3}  # number of the element that holds bytes


@dataclass(frozen=True)
class Envelope:
    """The headers that a transaction set came in."""

    raw_isa: bytes  # with what stands before it and its end
    raw_gs: bytes = b""  # empty: it stands in no functional group (TA1)
    delimiters: Delimiters = STANDARD
    warnings: tuple[str, ...] = ()

    @cached_property
    def isa(self) -> Segment:
        """The interchange header. Its elements are read without their padding."""
        found = header_segment(self.raw_isa, self.delimiters)
        found.elements = [found.elements[0], *(element.strip(_BLANK) for element in found.elements[1:])]
        return found

    @cached_property
    def gs(self) -> Segment | None:
        """The header of the functional group."""
        return header_segment(self.raw_gs, self.delimiters) if self.raw_gs else None

    def pick(self, name: str) -> Segment | None:
        """ISA or GS; None for any other name."""
        return self.isa if name == "ISA" else self.gs if name == "GS" else None

    @property
    def interchange(self) -> str:
        """The interchange control number, ISA13."""
        return self.isa["13"]

    @property
    def group(self) -> str:
        """The group control number, GS06; empty outside of groups."""
        return self.gs["06"] if self.gs is not None else ""

    @property
    def sender(self) -> str:
        """Who sent the interchange, ISA05 and ISA06: `01:123456789`."""
        return f"{self.isa['05']}:{self.isa['06']}"

    @property
    def receiver(self) -> str:
        """To whom the interchange goes, ISA07 and ISA08."""
        return f"{self.isa['07']}:{self.isa['08']}"


class TransactionSet:
    """One ST … SE, with the envelope that it came in. Paths are those of `x12.field`: `order["BEG-03"]`.

    It is opened only when it is first read. Changed by `transaction[path] = value`, `append`, and by what is put into
    its segments; SE is made anew when it is written after a change. Not to be changed from several threads.
    """

    __slots__ = ("_context", "_gaps", "_heads", "complete", "envelope", "parts", "raw")

    def __init__(self, raw: bytes, envelope: Envelope, *, complete: bool = True) -> None:
        self.raw = raw  # the bytes that it was read from, white space before ST included
        self.envelope = envelope
        self.complete = complete  # False: it has no SE
        self._context: Context | None = None
        self._heads: list[str] = []
        self._gaps = False  # are there segments of nothing?
        # A segment is its line until it is first asked for, then the list of its elements.
        self.parts: list[str | list[str]] = []

    @classmethod
    def of(cls, segments: Sequence[Segment], envelope: Envelope) -> TransactionSet:
        """A new one of these segments, ST first and SE last."""
        made = cls(b"", envelope)
        made._context = Context(envelope.delimiters, changed=True)
        made.parts = [segment.elements for segment in segments]
        made._heads = [segment.name for segment in segments]
        return made

    # Reading

    @property
    def context(self) -> Context:
        """What its segments share; this opens it."""
        if self._context is None:
            self._open()
        assert self._context is not None  # noqa: S101 - for the reader: _open has made it
        return self._context

    def _open(self) -> None:
        own = self.envelope.delimiters
        text, codec = decoded(self.raw)
        binary = b"BIN" in self.raw or b"BDS" in self.raw  # perhaps
        lines = _with_binary(self.raw, own, codec) if binary else text.split(own.segment)
        if not lines[-1].strip(_BLANK):
            lines.pop()
        element = own.element
        self._heads = [line.split(element, 1)[0].strip(_BLANK) for line in lines]
        self._gaps = "" in self._heads
        self.parts = list(lines)
        self._context = Context(own, codec)

    @property
    def heads(self) -> list[str]:
        """The names of its segments, in their order; ST is the first."""
        if self._context is None:
            self._open()
        return self._heads

    def elements(self, at: int) -> list[str]:
        """The encoded elements of the segment at this place of `parts`; see `Segment.elements`."""
        part = self.parts[at]
        if isinstance(part, str):
            # bytes of BIN and BDS may hold any character, so what follows their length is one element
            most = _BINARY.get(self._heads[at], -1)
            self.parts[at] = part = part.split(self.envelope.delimiters.element, most)
        return part

    def _segment(self, at: int, number: int) -> Segment:
        # a doubled terminator makes a segment of nothing, which is kept and not counted
        position = at + 1 - (self._heads[:at].count("") if self._gaps else 0)
        return Segment(self.elements(at), self.context, number, position)

    def pick(self, name: str, occurrence: int = 1) -> Segment | None:
        """The n-th segment of this name, or None; `GS` and `ISA` are those of its envelope."""
        heads = self.heads
        at = -1
        try:
            for _ in range(occurrence):
                at = heads.index(name, at + 1)
        except ValueError:
            return self.envelope.pick(name) if occurrence == 1 else None
        return self._segment(at, occurrence)

    def segment(self, name: str, occurrence: int = 1) -> Segment:
        """The n-th segment of this name. Raises `Invalid` naming the segment where there is none."""
        found = self.pick(name, occurrence)
        if found is None:
            which = name if occurrence == 1 else f"{name}[{occurrence}]"
            raise Invalid(f"the transaction set has no {which} segment", where=which)
        return found

    def segments(self, name: str | None = None) -> Sequence[Segment]:
        """All segments of this name, or of every name, in their order."""
        if name is None:
            return list(self)
        places = [at for at, head in enumerate(self.heads) if head == name]
        return [self._segment(at, number) for number, at in enumerate(places, 1)]

    def __iter__(self) -> Iterator[Segment]:
        seen: dict[str, int] = {}
        for at, head in enumerate(tuple(self.heads)):
            seen[head] = seen.get(head, 0) + 1
            if head:
                yield self._segment(at, seen[head])

    def __len__(self) -> int:
        """How many segments there are, ST and SE included: what SE01 must say."""
        return len(self.heads) - self._heads.count("")

    def __getitem__(self, path: str) -> str:
        return paths.field(path)(self)

    def get(self, path: str, default: str = "") -> str:
        """The value, or `default` where there is none."""
        return self[path] or default

    def _at(self, path: str) -> tuple[Segment | None, str]:
        compiled = paths.field(path)
        return self.pick(compiled.segment, compiled.occurrence), compiled.inner

    def decimal(self, path: str, *, places: int | None = None) -> Decimal | None:
        """See `Segment.decimal`; None where there is no such segment."""
        found, inner = self._at(path)
        return found.decimal(inner, places=places) if found is not None else None

    def integer(self, path: str) -> int | None:
        """See `Segment.integer`; None where there is no such segment."""
        found, inner = self._at(path)
        return found.integer(inner) if found is not None else None

    def date(self, path: str) -> date | None:
        """See `Segment.date`; None where there is no such segment."""
        found, inner = self._at(path)
        return found.date(inner) if found is not None else None

    def time(self, path: str) -> time | None:
        """See `Segment.time`; None where there is no such segment."""
        found, inner = self._at(path)
        return found.time(inner) if found is not None else None

    @property
    def code(self) -> str:
        """The transaction set identifier, ST01: `850`; `TA1` where it is the answer to an interchange."""
        return self["ST-01"] or next(iter(self.heads), "")

    @property
    def control_number(self) -> str:
        """The transaction set control number, ST02; of a TA1 that of the interchange it answers."""
        return self["ST-02"] or self["TA1-01"]

    @property
    def version(self) -> str:
        """The version and guide: ST03 where it is there, else GS08: `005010`, `005010X222A1`."""
        return self["ST-03"] or self["GS-08"]

    @property
    def key(self) -> str:
        """What makes it the same when it comes twice: the parties of its interchange and its three control numbers."""
        own = self.envelope
        return "/".join((own.sender, own.receiver, own.interchange, own.group, self.control_number))

    # Writing

    def __setitem__(self, path: str, value: Value) -> None:
        """Put a value there. Raises `Invalid` where there is no such segment, `ValueError` for the envelope."""
        compiled = paths.field(path)
        if compiled.segment in ("ISA", "GS"):
            raise ValueError("the envelope is made when the interchange is built")
        self.segment(compiled.segment, compiled.occurrence)[compiled.inner] = value

    def append(self, name: str, *values: Value) -> Segment:
        """A new last segment, before SE. Raises `ValueError`."""
        at = len(self.heads) - (self._heads[-1:] == ["SE"])
        elements = written(name, values, self.context.delimiters)
        before = self.parts[at - 1] if at else ""
        line = before if isinstance(before, str) else before[0]
        blank = line[: len(line) - len(line.lstrip(_BLANK))] if at > 1 else ""
        self.parts.insert(at, [blank + elements[0], *elements[1:]])
        self._heads.insert(at, name)
        self.context.changed = True
        return self._segment(at, self._heads[: at + 1].count(name))

    @property
    def changed(self) -> bool:
        """Was anything put into it since it was read?"""
        return self._context is not None and self._context.changed

    def body(self) -> bytes:
        """ST … SE as bytes: those it was read from, or made anew after a change, with SE01 as it must be then."""
        if not self.changed:
            return self.raw
        own = self.context.delimiters
        last = self.parts[-1] if self._heads[-1:] == ["SE"] else None
        if last is not None:
            self._segment(len(self.parts) - 1, 1)["01"] = len(self)
        lines = [part if isinstance(part, str) else own.element.join(part) for part in self.parts]
        return "".join(line + own.segment for line in lines).encode(self.context.codec)

    def encode(self) -> bytes:
        """A whole interchange with this transaction set alone, in its own envelope: how a flow receives it."""
        own, envelope = self.envelope.delimiters, self.envelope
        body = self.body()
        blank = body[: len(body) - len(body.lstrip(_BLANK.encode()))]
        trailers = [f"IEA{own.element}{1 if envelope.raw_gs else 0}{own.element}{envelope.interchange}"]
        if envelope.raw_gs:
            trailers.insert(0, f"GE{own.element}1{own.element}{envelope.group}")
        if not body.endswith(own.segment.encode()):  # the data ended within it
            body += own.segment.encode()
        ends = b"".join(blank + trailer.encode() + own.segment.encode() for trailer in trailers)
        return envelope.raw_isa.lstrip(_BLANK.encode()) + envelope.raw_gs + body + ends

    def __repr__(self) -> str:
        return f"<TransactionSet {self.code} {self.control_number}, {len(self)} segments>"


def decoded(raw: bytes) -> tuple[str, str]:
    """The text, and how it is encoded: UTF-8, else ISO 8859-1, which every sequence of bytes is."""
    try:
        return raw.decode(), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "latin-1"


def header_segment(raw: bytes, own: Delimiters) -> Segment:
    """The one segment that these bytes are; what pads it is left out."""
    text, codec = decoded(raw)
    line = text.strip(_BLANK).removesuffix(own.segment)
    return Segment(line.split(own.element), Context(own, codec))


def _with_binary(raw: bytes, own: Delimiters, codec: str) -> list[str]:
    """The segments, where BIN and BDS hold as many bytes as they say, whatever bytes these are."""
    lines: list[str] = []
    at, end_of_segment = 0, own.segment.encode()
    while at <= len(raw):
        start = len(raw) - len(raw[at:].lstrip())
        behind = past_binary(raw, start, own) if raw[start : start + 3] in (b"BIN", b"BDS") else 0
        end = behind or raw.find(end_of_segment, at)
        end = end if end >= 0 else len(raw)
        lines.append(raw[at:end].decode(codec))
        at = end + 1
    return lines
