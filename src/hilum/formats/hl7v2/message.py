"""A message: parsed lazily, read by path, edited in place, written back without touching what was not edited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from hilum.errors import Invalid
from hilum.formats.hl7v2 import charsets, paths
from hilum.formats.hl7v2.delimiters import read_delimiters
from hilum.formats.hl7v2.lenient import read_lenient
from hilum.formats.hl7v2.reading import Context, Readable
from hilum.formats.hl7v2.segment import Segment, is_segment_name
from hilum.formats.hl7v2.writing import Value

_is_name = lru_cache(maxsize=4096)(is_segment_name)

Index = dict[str, list[int]]


class Message(Readable):
    """One HL7 v2 message. Paths are those of `hl7.field`: `message["PID-3.1"]`, `message["OBX[2]-5"]`.

    Made by `parse` and `build`. It is changed only by `message[path] = value`, `append`, `remove` and by what is put
    into its segments; `copy` gives one that can be changed independently. Not to be changed from several threads.
    """

    __slots__ = ("_index", "_parts", "_raw", "context")

    def __init__(self, lines: Sequence[str], index: Index, context: Context, raw: bytes | None) -> None:
        self._parts: list[str | Segment] = list(lines)  # a line becomes a Segment when it is first asked for
        self._index = index  # segment name → where its segments are in _parts
        self._raw = raw  # the bytes it was read from; None once its segments are not those any more
        self.context = context

    # Reading

    def pick(self, name: str, occurrence: int = 1) -> Segment | None:
        """The n-th segment of this name, or None."""
        places = self._index.get(name)
        if places is None or occurrence > len(places):
            return None
        place = places[occurrence - 1]
        part = self._parts[place]
        if type(part) is str:
            part = self._parts[place] = Segment(part, self.context, occurrence)
        return part  # type: ignore[return-value]  # mypy does not narrow by `type(x) is`; isinstance costs more here

    def segment(self, name: str, occurrence: int = 1) -> Segment:
        """The n-th segment of this name. Raises `Invalid` naming the segment where the message has none."""
        found = self.pick(name, occurrence)
        if found is None:
            which = name if occurrence == 1 else f"{name}[{occurrence}]"
            raise Invalid(f"the message has no {which} segment", where=which)
        return found

    def segments(self, name: str | None = None) -> Sequence[Segment]:
        """All segments of this name, or of every name, in their order."""
        if name is None:
            return list(self)
        found = (self.pick(name, n) for n in range(1, len(self._index.get(name, ())) + 1))
        return [segment for segment in found if segment is not None]

    def __iter__(self) -> Iterator[Segment]:
        seen: dict[str, int] = {}
        for part in tuple(self._parts):
            name = part[:3] if isinstance(part, str) else part.name
            seen[name] = seen.get(name, 0) + 1
            yield self.segment(name, seen[name])

    def __len__(self) -> int:
        """How many segments there are."""
        return len(self._parts)

    def groups(self, start: str, *members: str) -> Iterator[list[Segment]]:
        """Each `start` segment with the segments that follow it, up to the next `start`.

        With `members`, only segments of these names are in the groups: `message.groups("FT1", "ZFT", "NTE")`.
        """
        group: list[Segment] = []
        for segment in self:
            if segment.name == start:
                if group:
                    yield group
                group = [segment]
            elif group and (not members or segment.name in members):
                group.append(segment)
        if group:
            yield group

    def __getitem__(self, path: str) -> str:
        compiled = paths.field(path)
        segment = self.pick(compiled.segment, compiled.occurrence)
        return "" if segment is None else segment.value(compiled.place)

    def raw(self, path: str) -> str:
        """The part as it is encoded; see `Readable`."""
        compiled = paths.field(path)
        segment = self.pick(compiled.segment, compiled.occurrence)
        return "" if segment is None else segment.raw_at(compiled.place)

    def _where(self, path: str) -> str:
        return path

    def _leaf(self, path: str) -> str:
        return self.context.text(self.context.first(self.raw(path)), path).strip()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was accepted although it bends the standard. Grows when reading meets unknown escape sequences."""
        return tuple(self.context.notes)

    @property
    def type(self) -> str:
        """Message code and trigger event, `DFT^P03`; the code alone where there is no event (`ACK`)."""
        return f"{self.code}^{self.trigger}" if self.trigger else self.code

    @property
    def code(self) -> str:
        """The message code, MSH-9.1: `DFT`."""
        return self["MSH-9.1"]

    @property
    def trigger(self) -> str:
        """The trigger event, MSH-9.2: `P03`."""
        return self["MSH-9.2"]

    @property
    def control_id(self) -> str:
        """The message control ID, MSH-10."""
        return self["MSH-10"]

    @property
    def version(self) -> str:
        """The version, MSH-12.1: `2.5.1`."""
        return self["MSH-12.1"]

    @property
    def sender(self) -> str:
        """Namespaces of sending application and facility, MSH-3.1 and MSH-4.1: `LAB|MAIN`."""
        return f"{self['MSH-3.1']}|{self['MSH-4.1']}"

    @property
    def accept_mode(self) -> str:
        """When the sender wants an accept acknowledgement, MSH-15: AL, NE, ER, SU; empty: original mode (§2.9.2)."""
        return self["MSH-15"]

    @property
    def application_mode(self) -> str:
        """When the sender wants an application acknowledgement, MSH-16: AL, NE, ER, SU."""
        return self["MSH-16"]

    # Writing

    def __setitem__(self, path: str, value: Value) -> None:
        """Put a value there; see `Segment.__setitem__`. Raises `Invalid` where the message has no such segment."""
        compiled = paths.field(path)
        self.segment(compiled.segment, compiled.occurrence)[str(compiled.place)] = value

    def append(
        self, segment: str | Segment, values: Mapping[str, Value] | None = None, *, after: Segment | None = None
    ) -> Segment:
        """Add a segment at the end, or after another one; returns it as part of this message.

        `message.append("NTE", {"1": "1", "3": "text"}, after=obx)`. A given segment is copied, with the delimiters of
        this message. Raises `ValueError` where the name, a path or `after` is none of this message.
        """
        if isinstance(segment, Segment):
            added = segment.converted(self.context)
        else:
            added = Segment.new(segment, delimiters=self.context.delimiters)
            added.context = self.context
        for path, value in (values or {}).items():
            added[path] = value
        if added.name == "MSH":
            raise ValueError("a message has one MSH segment")
        self._parts.insert(len(self._parts) if after is None else self._position(after) + 1, added)
        self._reindex()
        return added

    def remove(self, segment: Segment) -> None:
        """Take a segment out. Raises `ValueError` where it is the MSH or not part of this message."""
        if segment.name == "MSH":
            raise ValueError("a message begins with its MSH segment")
        del self._parts[self._position(segment)]
        self._reindex()

    def copy(self) -> Message:
        """The same message, to be changed independently."""
        context = Context(self.context.delimiters, self.context.codec, list(self.context.notes))
        lines = [part if isinstance(part, str) else part.line for part in self._parts]
        raw = self._raw if self._unchanged() else None
        index = {name: list(places) for name, places in self._index.items()}
        return Message(lines, index, context, raw)

    def encode(self) -> bytes:
        """The very bytes that were read, if nothing was changed; else as `to_er7`."""
        return self._raw if self._raw is not None and self._unchanged() else self.to_er7()

    def to_er7(self) -> bytes:
        """The message as ER7 (§2.6): each segment as it came or was made, ended by CR, in its character set.

        Line ends within a value become `\\.br\\`. Raises `Invalid` at MSH-18 where the set has no such character.
        """
        mark = self.context.delimiters.escape
        lines = [part if isinstance(part, str) else part.line for part in self._parts]
        text = "\r".join(line.replace("\n", f"{mark}.br{mark}") for line in lines) + "\r"
        try:
            return charsets.encode_body(text, self.context.codec)
        except UnicodeEncodeError:
            raise Invalid("a value has a character that the character set does not have", where="MSH-18") from None

    def _unchanged(self) -> bool:
        return not any(isinstance(part, Segment) and part.changed for part in self._parts)

    def _position(self, segment: Segment) -> int:
        for position, part in enumerate(self._parts):
            if part is segment:
                return position
        raise ValueError(f"{segment} is not a segment of this message")

    def _reindex(self) -> None:
        self._raw = None
        self._index = {}
        for position, part in enumerate(self._parts):
            places = self._index.setdefault(part[:3] if isinstance(part, str) else part.name, [])
            places.append(position)
            if isinstance(part, Segment):
                part.number = len(places)

    def __repr__(self) -> str:
        return f"<hl7.Message of {len(self._parts)} segments>"


def parse(data: bytes) -> Message:
    """Read one message, ER7 or XML, doing as little as possible now and the rest when it is asked for.

    What is clear in meaning although it bends the standard is accepted, with a line in `Message.warnings`. Raises
    `Invalid`, with the segment and field in `where`, for what cannot be read, and where there are several messages.
    """
    if data[:3] == b"MSH" and data.isascii() and not (b"\n" in data or b"\x1b" in data or b"\x1c" in data):
        lines = data.decode("ascii").split("\r")
        if not lines[-1]:
            del lines[-1]
        header = lines[0]
        separator = header[3:4]
        delimiters, warning = read_delimiters(header[3 : _end(header, separator)])
        index = _index(lines, separator)
        if index is not None:
            context = Context(delimiters, notes=[warning] if warning else [])
            if header.count(separator) >= 17:
                _announce_charset(header.split(separator, 18)[17], context)
            return Message(lines, index, context, data)
    found = read_lenient(data)
    index = _index(found.lines, found.context.delimiters.field)
    if index is None:
        raise AssertionError("lenient reading gives segments only")
    return Message(found.lines, index, found.context, data)


def _announce_charset(names: str, context: Context) -> None:
    """For a message whose bytes are all ASCII: MSH-18 matters for `\\Xhh\\` and for what is put in later."""
    codec = charsets.codec_of(names, context.delimiters.repetition)
    if codec is not None and codec != "utf-16":
        context.codec = codec
    elif names:
        context.notes.append("MSH-18: the character set is unknown, or the bytes are not in it; read as UTF-8")


def _end(header: str, separator: str) -> int:
    end = header.find(separator, 4) if separator else -1
    return end if end >= 0 else len(header)


def _index(lines: Sequence[str], separator: str) -> Index | None:
    """Where the segments of each name are; None where a line is not a segment, or there is a second MSH."""
    index: Index = {}
    get = index.get
    for position, line in enumerate(lines):
        if line[3:4] != separator and len(line) != 3:
            return None
        name = line[:3]
        places = get(name)
        if places is not None:
            places.append(position)
        elif _is_name(name):
            index[name] = [position]
        else:
            return None
    return index if len(index["MSH"]) == 1 else None
