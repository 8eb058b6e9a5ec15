"""A message: parsed lazily, read by path, edited in place, written back without touching what was not edited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

from hilum.errors import Invalid
from hilum.formats.hl7v2 import charsets, paths
from hilum.formats.hl7v2.delimiters import ABSENT, read_delimiters
from hilum.formats.hl7v2.lenient import ENVELOPE, read_lenient
from hilum.formats.hl7v2.reading import HEADERS, Context, Readable, undivide
from hilum.formats.hl7v2.segment import Segment, is_segment_name
from hilum.formats.hl7v2.writing import Value


class Message(Readable):
    """One HL7 v2 message. Paths are those of `hl7.field`: `message["PID-3.1"]`, `message["OBX[2]-5"]`.

    Made by `parse` and `build`. It is changed only by `message[path] = value`, `append`, `remove` and by what is put
    into its segments; `copy` gives one that can be changed independently. Not to be changed from several threads.
    """

    __slots__ = ("_places", "_raw", "context", "heads", "parts")

    def __init__(self, lines: Sequence[str | list[str]], heads: list[str], context: Context, raw: bytes | None) -> None:
        # A segment is its line until it is first asked for, then the list of its fields.
        self.parts: list[str | list[str]] = lines  # type: ignore[assignment]  # a list; it is not copied
        self.heads = heads  # for each part the name of the segment and a bar, `PID|`
        self._places: dict[str, list[int]] | None = None  # head → where its segments are, once that was asked for
        self._raw = raw  # the bytes it was read from; None once its segments are not those any more
        self.context = context

    # Reading

    def places(self, head: str) -> list[int]:
        """Where the segments with this head (`FT1|`) are in `parts`."""
        if self._places is None:
            self._places = {}
        places = self._places.get(head)
        if places is None:
            places = self._places[head] = [at for at, one in enumerate(self.heads) if one == head]
        return places

    def fields(self, position: int) -> list[str]:
        """The encoded fields of the segment at this position of `parts`; see `Segment.fields`."""
        part = self.parts[position]
        return self.opened(position, part) if isinstance(part, str) else part

    def opened(self, position: int, line: str) -> list[str]:
        """Make the fields of the line at this position of `parts`."""
        separator = self.context.plain[0]
        self.parts[position] = fields = line.split(separator)
        if position == 0:  # MSH, the only header segment within a message; see `divide`
            fields.insert(1, separator)
        return fields

    def pick(self, name: str, occurrence: int = 1) -> Segment | None:
        """The n-th segment of this name, or None."""
        places = self.places(name + "|")
        if not 0 < occurrence <= len(places):
            return None
        return Segment(self.fields(places[occurrence - 1]), self.context, occurrence)

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
        return [
            Segment(self.fields(position), self.context, n) for n, position in enumerate(self.places(name + "|"), 1)
        ]

    def __iter__(self) -> Iterator[Segment]:
        seen: dict[str, int] = {}
        for position, head in enumerate(tuple(self.heads)):
            seen[head] = seen.get(head, 0) + 1
            yield Segment(self.fields(position), self.context, seen[head])

    def __len__(self) -> int:
        """How many segments there are."""
        return len(self.parts)

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
        return paths.field(path)(self)

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
        self.segment(compiled.segment, compiled.occurrence)[compiled.inner] = value

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
        if added.name in HEADERS:
            raise ValueError("a message has one MSH segment, and no header of a batch")
        position = len(self.parts) if after is None else self._position(after) + 1
        self.parts.insert(position, added.fields)
        self.heads.insert(position, f"{added.name}|")
        self._raw = self._places = None
        added.number = self.places(self.heads[position]).index(position) + 1
        return added

    def remove(self, segment: Segment) -> None:
        """Take a segment out. Raises `ValueError` where it is the MSH or not part of this message."""
        if segment.name == "MSH":
            raise ValueError("a message begins with its MSH segment")
        position = self._position(segment)
        del self.parts[position], self.heads[position]
        self._raw = self._places = None

    def copy(self) -> Message:
        """The same message, to be changed independently."""
        context = Context(self.context.delimiters, self.context.codec, list(self.context.notes))
        parts = [part if isinstance(part, str) else list(part) for part in self.parts]
        return Message(parts, list(self.heads), context, None if self.context.changed else self._raw)

    def encode(self) -> bytes:
        """The very bytes that were read, if nothing was changed; else as `to_er7`."""
        return self.to_er7() if self._raw is None or self.context.changed else self._raw

    def to_er7(self) -> bytes:
        """The message as ER7 (§2.6): each segment as it came or was made, ended by CR, in its character set.

        Line ends within a value become `\\.br\\` (without an escape character they stay). Raises `Invalid` at MSH-18
        where the set lacks a character.
        """
        mark = self.context.delimiters.escape
        line_end = f"{mark}.br{mark}" if mark != ABSENT else "\n"
        separator = self.context.delimiters.field
        lines = [part if isinstance(part, str) else undivide(part, separator) for part in self.parts]
        text = "\r".join(line.replace("\n", line_end) for line in lines) + "\r"
        try:
            return charsets.encode_body(text, self.context.codec)
        except UnicodeEncodeError:
            raise Invalid("a value has a character that the character set does not have", where="MSH-18") from None

    def _position(self, segment: Segment) -> int:
        for position, part in enumerate(self.parts):
            if part is segment.fields:
                return position
        raise ValueError(f"{segment} is not a segment of this message")

    def __repr__(self) -> str:
        return f"<hl7.Message of {len(self.parts)} segments>"


# Segment heads that were met and may be in a plain message. There are no more than 33 696 possible ones.
_known: set[str] = {"MSH|"}

_head_of = itemgetter(slice(4))


def parse(data: bytes) -> Message:
    """Read one message, ER7 or XML, doing as little as possible now and the rest when it is asked for.

    What is clear in meaning although it bends the standard is accepted, with a line in `Message.warnings`. Raises
    `Invalid`, with the segment and field in `where`, for what cannot be read, and where there are several messages.
    """
    message = _parse_plain(data)
    if message is None:
        found = read_lenient(data)
        message = Message(found.lines, [f"{line[:3]}|" for line in found.lines], found.context, data)
    return message


def _parse_plain(data: bytes) -> Message | None:
    """Read what nearly all messages are: ASCII, segments ended by CR, fields by a bar. None: it is something else."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return None
    if text[:4] != "MSH|" or "\n" in text or "\x1c" in text:
        return None
    lines = text.split("\r")
    if not lines[-1]:
        del lines[-1]
    heads = list(map(_head_of, lines))
    if not (_known.issuperset(heads) or _learn(heads)) or heads.count("MSH|") > 1:
        return None
    header = lines[0]
    end = header.find("|", 4)
    delimiters, warning = read_delimiters(header[3:end] if end > 0 else header[3:])
    context = Context(delimiters, "utf-8", [warning] if warning else [])
    if header.count("|") >= 17 and not _announce_charset(header.split("|", 18)[17], context, text):
        return None
    return Message(lines, heads, context, data)


def _learn(heads: list[str]) -> bool:
    """Are all of these heads of segments of a message? Remembers those that are."""
    sound = {head for head in heads if head[3:] == "|" and is_segment_name(head[:3]) and head[:3] not in ENVELOPE}
    _known.update(sound)
    return sound.issuperset(heads)


def _announce_charset(field: str, context: Context, text: str) -> bool:
    """Note what MSH-18 says of a message whose bytes are all ASCII. False: it has to be decoded in another way.

    It matters for `\\Xhh\\`, for what is put in later, and for the Japanese sets, which hide behind escape bytes.
    """
    codec = charsets.codec_of(field, context.delimiters)
    if codec is not None and codec != "utf-16":
        context.codec = codec
        return not (codec.startswith("iso2022") and "\x1b" in text)
    if field:
        context.notes.append("MSH-18: the character set is unknown, or the bytes are not in it; read as UTF-8")
    return True
