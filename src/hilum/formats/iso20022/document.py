"""An ISO 20022 message as XML: which one it is, and reading by path with the place in every error.

A document type is refused, so there are no entities; nothing is fetched; size, depth and elements are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

from hilum.errors import Invalid
from hilum.formats.xml_tree import Bounds, read_tree

# Far above what banks send: a statement of 50 000 bookings has about 60 MB.
SIZE_LIMIT = 128 * 1024 * 1024  # bytes
# The deepest element of the schemas lies at about 20.
DEPTH_LIMIT = 40
_BOUNDS = Bounds(size=SIZE_LIMIT, depth=DEPTH_LIMIT, elements=5_000_000)

_KIND = re.compile(r"\b([a-z]{4}\.\d{3})\.(\d{3})\.(\d{2})\b")
# Amounts have 18 digits and 5 decimals at most, control sums 17 decimals.
_AMOUNT = re.compile(r"\d{1,18}(\.\d{0,5})?|\.\d{1,5}", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}(\.\d{0,17})?|\.\d{1,17}", re.ASCII)


class Node:
    """An element; children are named without namespace, as versions and banks differ in it only."""

    __slots__ = ("_children", "element")

    def __init__(self, element: etree._Element) -> None:
        self.element = element
        self._children: dict[str, list[Node]] | None = None  # by name, made when first asked for: paths ask often

    @property
    def name(self) -> str:
        """Local name."""
        return local_name(self.element)

    @property
    def where(self) -> str:
        """`Stmt/Ntry[3]/Amt (line 57)`. For errors: it counts the elements beside; `at` does not."""
        return f"{self.path} (line {self.element.sourceline})"

    def at(self, parent: str, number: int) -> str:
        """The same for one that is known to be the `number`th of its name below the path `parent`."""
        return f"{parent}/{self.name}[{number}] (line {self.element.sourceline})"

    @property
    def path(self) -> str:
        """`Stmt/Ntry[3]/Amt`."""
        steps: list[str] = []
        element: etree._Element | None = self.element
        while element is not None and (parent := element.getparent()) is not None:
            same = [each for each in parent if each.tag == element.tag]
            number = f"[{same.index(element) + 1}]" if len(same) > 1 else ""
            steps.append(local_name(element) + number)
            element = parent
        return "/".join(reversed(steps[:-1] or steps)) or self.name

    def each(self, path: str) -> Iterator[Node]:
        """The elements at a path of names: `NtryDtls/TxDtls`."""
        name, _, rest = path.partition("/")
        found = self._by_name().get(name, ())
        if not rest:
            yield from found
            return
        for child in found:
            yield from child.each(rest)

    def _by_name(self) -> dict[str, list[Node]]:
        if self._children is None:
            self._children = {}
            for child in self.element:
                self._children.setdefault(local_name(child), []).append(Node(child))
        return self._children

    def first(self, *paths: str) -> Node | None:
        """The first element that is there at one of the paths."""
        return next((node for path in paths for node in self.each(path)), None)

    def need(self, *paths: str) -> Node:
        """The same. Raises `Invalid` where there is none."""
        found = self.first(*paths)
        if found is None:
            raise Invalid(f"the element {paths[0]} is missing", where=self.where)
        return found

    def text(self, *paths: str) -> str:
        """The text at the first of the paths that has one; empty where none has. Without paths: its own."""
        if not paths:
            return (self.element.text or "").strip()
        return next((text for path in paths for node in self.each(path) if (text := node.text())), "")

    def texts(self, *paths: str) -> tuple[str, ...]:
        """All texts at all the paths."""
        return tuple(text for path in paths for node in self.each(path) if (text := node.text()))

    def day(self, *paths: str) -> date | None:
        """The day at a path, of a date or a time; as it is written, whatever its offset. Raises `Invalid`."""
        node = next((node for path in paths for node in self.each(path) if node.text()), None)
        if node is None:
            return None
        try:
            return date.fromisoformat(node.text()[:10])
        except ValueError:
            raise Invalid("this is not a date of ISO 8601, such as 2026-03-31", where=node.where) from None

    def moment(self, *paths: str) -> datetime | None:
        """The time at a path, with its offset where it has one. Raises `Invalid`."""
        node = next((node for path in paths for node in self.each(path) if node.text()), None)
        if node is None:
            return None
        try:
            return datetime.fromisoformat(node.text())
        except ValueError:
            raise Invalid("this is not a time of ISO 8601, such as 2026-03-31T14:05:00", where=node.where) from None

    def money(self) -> tuple[Decimal, str]:
        """The amount, without sign, and its currency. Raises `Invalid`."""
        text, currency = self.text(), self.element.get("Ccy", "")
        if not re.fullmatch("[A-Z]{3}", currency):
            raise Invalid("the amount has no currency of three capital letters (Ccy)", where=self.where)
        return self._exact(text, _AMOUNT), currency

    def number(self) -> Decimal:
        """An exact number without sign. Raises `Invalid`."""
        return self._exact(self.text(), _NUMBER)

    def _exact(self, text: str, form: re.Pattern[str]) -> Decimal:
        if not form.fullmatch(text):
            raise Invalid("an amount has digits and a point before its decimals, and no sign", where=self.where)
        return Decimal(text)

    def count(self) -> int:
        """A number of things. Raises `Invalid`."""
        text = self.text()
        if not (text.isascii() and text.isdigit() and len(text) <= 15):
            raise Invalid("a number of 1 to 15 digits is expected", where=self.where)
        return int(text)


@dataclass(frozen=True, slots=True)
class Document:
    """A message: `kind` is `camt.053`, `version` 8 that of camt.053.001.08."""

    kind: str
    version: int
    body: Node  # the element below Document


def read_document(data: bytes) -> Document:
    """The message in its Document element, or in an envelope around it. Raises `Invalid` with the place and why."""
    root = read_tree(data.strip(), _BOUNDS)
    found = [root] if local_name(root) == "Document" else list(root.iterdescendants("{*}Document"))
    if len(found) != 1:
        words = "there is no Document of ISO 20022" if not found else "there are several documents; send each alone"
        raise Invalid(words, where=f"{local_name(root)} (line {root.sourceline})")
    document = Node(found[0])
    namespace = etree.QName(found[0]).namespace or ""
    name = _KIND.search(namespace)
    if name is None:
        raise Invalid("the namespace names no message of ISO 20022, such as camt.053.001.08", where=document.where)
    children = [child for child in found[0] if isinstance(child.tag, str)]
    if len(children) != 1:
        raise Invalid("exactly one message is expected in the Document", where=document.where)
    return Document(name[1], int(name[3]), Node(children[0]))


def local_name(element: etree._Element) -> str:
    """The name without namespace."""
    return str(element.tag).rpartition("}")[2]
