"""What XML-RPC sends and what it answers, as bytes: pure, no I/O.

XML-RPC has no None, no whole number beyond 32 bits, and XML 1.0 no control characters. None goes out as Odoo's own
empty value. The two others are refused here, before anything is sent: a value that arrives changed is worse than one
that does not arrive.

An answer is read with a parser that refuses document types, so that there are no entities to expand, and bounds the
depth. Its length is bounded where it is received.
"""

from __future__ import annotations

import re
import xmlrpc.client
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Any, Final
from xml.parsers import expat

from hilum.connectors.odoo.faults import NOT_IN_XML, Refusal

_DEEPEST: Final = 200  # elements within elements; Odoo's deepest answers have some thirty
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2


class Unreadable(Exception):
    """This is not a whole answer of XML-RPC."""


def encode(method: str, arguments: Sequence[Any]) -> bytes:
    """The body of a call. Raises `Refusal` for what XML-RPC cannot carry."""
    plain = tuple(_plain(each, empty=False) for each in arguments)
    if method == "execute_kw" and arguments[4] == "load":  # cells of an import are texts: a boolean there is an error
        plain = (*plain[:5], _plain(arguments[5], empty=""), *plain[6:])
    text = xmlrpc.client.dumps(plain, method, allow_none=False)
    # a parser makes a line feed of a bare carriage return (XML 1.0 §2.11)
    return text.replace("\r", "&#13;").encode()


def _plain(value: Any, *, empty: Any) -> Any:
    """A value in the types of XML-RPC; `empty` stands for None."""
    if value is None:
        return empty
    if isinstance(value, Enum):
        return _plain(value.value, empty=empty)
    if isinstance(value, str):
        if _FORBIDDEN.search(value):
            raise Refusal(NOT_IN_XML, "", "")
        return str(value)
    if isinstance(value, int):
        if not xmlrpc.client.MININT <= value <= xmlrpc.client.MAXINT:
            raise Refusal(NOT_IN_XML, "", "")
        return value
    if isinstance(value, date):
        return value.isoformat()  # as JSON has it
    if isinstance(value, Mapping):
        return {_plain(key, empty=""): _plain(each, empty=empty) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, empty=empty) for each in value]
    return value


def decode(body: bytes) -> Any:
    """The value of an answer. Raises `xmlrpc.client.Fault` where it is a fault, and `Unreadable`."""
    reader = _Reader()
    try:
        return reader.read(body)
    except xmlrpc.client.Fault:
        raise
    except (expat.ExpatError, xmlrpc.client.Error, ValueError, TypeError, LookupError, ArithmeticError) as error:
        # what the library raises for elements that are missing, misplaced, or hold nonsense
        raise Unreadable(type(error).__name__) from None


class _Reader:
    """Feeds the library's unmarshaller from a parser of our own."""

    def __init__(self) -> None:
        self._values = xmlrpc.client.Unmarshaller()
        self._values.xml("", None)  # texts come decoded
        self._depth = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._values.data

    def read(self, body: bytes) -> Any:
        self._parser.Parse(body, True)
        (value,) = self._values.close()
        return value

    def _refuse(self, *_: Any) -> None:
        raise Unreadable("a document type")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST or (self._depth == 1 and tag != "methodResponse"):
            raise Unreadable("not an answer")
        self._values.start(tag, attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self._values.end(tag)
