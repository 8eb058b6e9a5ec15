"""XML documents: read without entities, DTDs and network; large ones element by element in bounded memory; written.

XML from outside is hostile until shown otherwise, so no other module of the formats has a parser of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.parsers import expat

from lxml import etree

from hilum.errors import Invalid


class NoDtd:
    """Looks at the beginning of a document, up to its first element, and refuses one that declares a DTD.

    What declares no entities can have none that grow: "billion laughs" ends here, before anything is expanded.
    `named`: one that is only named, in a standard whose documents all do so, is taken; it is never fetched.
    """

    def __init__(self, *, named: bool = False) -> None:
        self.passed = False
        self._named = named
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._pass

    def feed(self, chunk: bytes) -> None:
        """The next bytes; nothing is read any more once it has passed. Raises `Invalid`."""
        try:
            for at in range(0, len(chunk), _AT_ONCE):
                if self.passed:
                    return
                self._parser.Parse(chunk[at : at + _AT_ONCE], False)
        except expat.ExpatError as error:
            if not self.passed:  # what comes after is the other parser's matter
                where = f"line {error.lineno}, column {error.offset + 1}"
                raise Invalid("the XML is not well formed", where=where) from None
        except (LookupError, ValueError):
            raise Invalid("the XML is in an encoding that is not known here", where="line 1") from None

    def _refuse(self, _name: str, _system: str | None, _public: str | None, declares: int) -> None:
        if self._named and not declares:
            return
        words = "the XML declares a DTD (document type), which is not taken: it can make small files huge"
        raise Invalid(words, where="DOCTYPE")

    def _pass(self, *_: Any) -> None:
        self.passed = True
        self._parser.StartElementHandler = None


_AT_ONCE: Final = 64 * 1024
"""Bytes between two looks whether the first element has come."""

_SAFE: dict[str, Any] = {
    "resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False, "remove_pis": True,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a document may have."""

    size: int  # bytes
    depth: int  # elements within each other
    elements: int

    def check(self, root: etree._Element) -> None:
        """Raises `Invalid` with the line where there is more."""
        depth = elements = 0
        for event, element in etree.iterwalk(root, events=("start", "end")):
            depth += 1 if event == "start" else -1
            elements += event == "start"
            if depth > self.depth:
                raise Invalid(f"elements are nested deeper than {self.depth}", where=f"line {element.sourceline}")
            if elements > self.elements:
                raise Invalid(f"there are more than {self.elements} elements", where=f"line {element.sourceline}")


def read_tree(body: bytes, bounds: Bounds | None = None, *, named_dtd: bool = False) -> etree._Element:
    """The root element. Raises `Invalid` with line and column, also for a document with a DTD or out of bounds.

    Without bounds those of the parser count: a depth of 256, and 10 MB of text in one element. `named_dtd`: a DTD may
    be named, not declared; it is not fetched.
    """
    if bounds is not None and len(body) > bounds.size:
        raise Invalid(f"the XML has more than {bounds.size} bytes")
    NoDtd(named=named_dtd).feed(body)
    root = read_with_dtd(body)
    entity = next(root.iter(etree.Entity), None) if named_dtd else None
    if entity is not None:
        raise Invalid("the XML has an entity, which is not expanded", where=f"line {entity.sourceline}")
    if bounds is not None:
        bounds.check(root)
    return root


def read_with_dtd(body: bytes) -> etree._Element:
    """The same for a standard whose documents may name their DTD: it is not fetched, and no entity is expanded.

    Entities stay in the tree as such, for the reader to refuse.
    """
    try:
        return etree.fromstring(body, etree.XMLParser(remove_comments=True, **_SAFE))
    except etree.XMLSyntaxError as error:
        raise _malformed(error) from None
    except ValueError:
        raise Invalid("there is no XML in it", where="line 1, column 1") from None


def write_tree(element: etree._Element) -> bytes:
    """A document in UTF-8 with its declaration."""
    return etree.tostring(element, encoding="utf-8", xml_declaration=True)


class Elements:
    """Takes a document in chunks and gives each element of one name, in any namespace, as a document of its own.

    In memory is the element that is being read, and nothing else: no tree of the document is made. An element within
    one of the same name is a part of it.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._guard = NoDtd()
        self._picked = _Picked(name)
        target: Any = self._picked
        self._parser = etree.XMLParser(target=target, **_SAFE)
        self._error: Invalid | None = None  # told when what came before it is given
        self._name = name
        self._limit = limit
        self._since = 0  # bytes since the last of them was complete
        self._number = 0

    def feed(self, chunk: bytes) -> Sequence[bytes]:
        """The elements that are complete now. Raises `Invalid`."""
        if self._error is not None:
            raise self._error
        self._guard.feed(chunk)
        self._since += len(chunk)
        try:
            self._parser.feed(chunk)
        except (etree.XMLSyntaxError, ValueError) as error:
            self._error = self._refused(error)
            if not self._picked.found:
                raise self._error from None
        found = self._complete()
        if self._since > self._limit:
            where = f"{self._name} {self._number + 1}"
            raise Invalid(f"more than {self._limit} bytes without a complete <{self._name}>", where=where)
        return found

    def finish(self) -> Sequence[bytes]:
        """Those that end with the document. Raises `Invalid` where it ends too early."""
        if self._error is not None:
            raise self._error
        try:
            self._parser.close()
        except (etree.XMLSyntaxError, ValueError) as error:
            raise self._refused(error) from None
        return self._complete()

    def _refused(self, error: etree.XMLSyntaxError | ValueError) -> Invalid:
        """A `ValueError` is of an element that was to be built: its namespace is no URI, or its name has two colons."""
        if isinstance(error, etree.XMLSyntaxError):
            return _malformed(error)
        where = f"{self._name} {self._number + len(self._picked.found) + 1}"
        return Invalid(f"the XML names what XML does not allow: {error}", where=where)

    def _complete(self) -> list[bytes]:
        found, self._picked.found = self._picked.found, []
        if found:
            self._since = 0
            self._number += len(found)
        return found


class _Picked:
    """Builds the elements of one name while a document goes by (lxml's parser target)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._spaces: list[dict[str | None, str]] = [{}]  # the namespaces in force, from the root inwards
        self._builder: etree.TreeBuilder | None = None
        self._depth = 0  # within the element that is being built
        self.found: list[bytes] = []

    def start(self, tag: str, attributes: Any, spaces: Any) -> None:
        """An element begins."""
        if self._builder is None:
            self._spaces.append({**self._spaces[-1], **(spaces or {})})
            if tag.rpartition("}")[2] != self._name:
                return
            self._builder, spaces = etree.TreeBuilder(), self._spaces[-1]
        self._depth += 1
        builder: Any = self._builder
        builder.start(tag, dict(attributes), dict(spaces or {}))

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._builder is None:
            self._spaces.pop()
            return
        self._builder.end(tag)
        self._depth -= 1
        if not self._depth:
            self.found.append(etree.tostring(self._builder.close(), encoding="utf-8"))
            self._builder = None
            self._spaces.pop()

    def data(self, text: str) -> None:
        """Text within an element."""
        if self._builder is not None:
            self._builder.data(text)

    def close(self) -> None:
        """The document has ended."""


def _malformed(error: etree.XMLSyntaxError) -> Invalid:
    line, column = error.position
    return Invalid("the XML is not well formed", where=f"line {line}, column {column}")
