"""Entities of MIME with their exact bytes (RFC 2045, 2046): signatures and MICs are over bytes, not over a meaning.

The email package reads heads; it never writes what is signed, for it folds and orders headers in its own way.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Final

from hilum.errors import Invalid

HEAD_LIMIT: Final = 64 * 1024
"""Bytes that the head of an entity may have."""
PARTS_LIMIT: Final = 100
"""The most parts of a multipart; ours and those of partners have two or three."""
_END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Entity:
    """Head and content. `exact` are its very bytes as they came or will leave."""

    exact: bytes = field(repr=False)
    body: bytes = field(repr=False)
    head: Message = field(repr=False)

    @property
    def content_type(self) -> str:
        """`multipart/signed`, in small letters; text/plain where none is said."""
        return self.head.get_content_type()

    def parameter(self, name: str) -> str:
        """A parameter of Content-Type; empty: there is none."""
        found = self.head.get_param(name, "")
        return found if isinstance(found, str) else str(found[2])

    @property
    def encoding(self) -> str:
        """Content-Transfer-Encoding, in small letters; empty: none is said."""
        return str(self.head.get("Content-Transfer-Encoding", "")).strip().lower()

    def decoded(self) -> bytes:
        """The content without its transfer encoding. Raises `Invalid` for one that is not known or is broken."""
        match self.encoding:
            case "" | "7bit" | "8bit" | "binary":
                return self.body
            case "base64":
                try:
                    return base64.b64decode(b"".join(self.body.split()), validate=True)
                except (binascii.Error, ValueError):
                    raise Invalid("a part says base64 and is not") from None
            case "quoted-printable":
                return quopri.decodestring(self.body)
            case _:
                raise Invalid("a part has a transfer encoding that is not known")


def read(exact: bytes) -> Entity:
    """An entity of its bytes. Raises `Invalid` where it has no head or one that is too long."""
    start = exact[:2]
    if start[:1] == b"\n" or start == b"\r\n":  # no header at all, which a part of a multipart may have
        return Entity(exact, exact[1 if start[:1] == b"\n" else 2 :], Message())
    end = _END_OF_HEAD.search(exact, 0, HEAD_LIMIT)
    if end is None:
        raise Invalid("a part has no end of its head")
    return Entity(exact, exact[end.end() :], _head(exact[: end.end()]))


def of_headers(headers: Mapping[str, str], body: bytes) -> Entity:
    """The entity that a request is: its head is among the headers of HTTP.

    Its exact bytes are those of the content alone: what is neither signed nor encrypted is measured without headers
    (RFC 4130 §7.3.1).
    """
    head = Message()
    for name in ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"):
        if value := headers.get(name):
            head[name] = value
    return Entity(body, body, head)


def _head(data: bytes) -> Message:
    try:
        return BytesHeaderParser().parsebytes(data)
    except (ValueError, IndexError, LookupError):
        raise Invalid("the head of a part cannot be read") from None


def parts(entity: Entity) -> Sequence[Entity]:
    """The parts of a multipart, each with its exact bytes: the line end before a boundary belongs to the boundary.

    Raises `Invalid`: no boundary, no end, too many.
    """
    boundary = entity.parameter("boundary")
    if not boundary or len(boundary) > 200:
        raise Invalid("a multipart names no boundary")
    # what ends a line stays for the next match: two boundaries may share it
    line = re.compile(
        rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("latin-1", "replace")) + rb"(--)?[ \t]*(?=\r?\n|\Z)"
    )
    found: list[Entity] = []
    begin: int | None = None
    for match in line.finditer(entity.body):
        if begin is not None:
            found.append(read(entity.body[begin : max(begin, match.start())]))
        if match[1]:
            return found
        if len(found) >= PARTS_LIMIT:
            raise Invalid(f"a multipart has more than {PARTS_LIMIT} parts")
        newline = _LINE_END.match(entity.body, match.end())
        begin = newline.end() if newline else len(entity.body)
    raise Invalid("a multipart does not end")


def canonical(data: bytes) -> bytes:
    """Each end of a line as CRLF, which is how text is signed (RFC 8551 §3.1.1)."""
    return _LINE_END.sub(b"\r\n", data)


def write(headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    """An entity's bytes: lines end with CRLF, the content is as it is. Values are of one line."""
    lines = "".join(f"{name}: {one_line(value)}\r\n" for name, value in headers)
    return lines.encode("utf-8", "replace") + b"\r\n" + body


def multipart(boundary: str, contents: Sequence[bytes]) -> bytes:
    """The content of a multipart of these entities, each byte for byte."""
    mark = b"--" + boundary.encode()
    return b"".join(mark + b"\r\n" + each + b"\r\n" for each in contents) + mark + b"--\r\n"


def one_line(value: str) -> str:
    """Without control characters: a line end in a value would end the header (RFC 9110 §5.5)."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", value).strip()
