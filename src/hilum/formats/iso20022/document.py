"""An ISO 20022 message as XML: which one it is, and reading by path with the place in every error.

A document type is refused, so there are no entities; nothing is fetched; size, depth and elements are bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

from hilum.errors import Invalid
from hilum.formats.xml_nodes import XmlNode, local_name
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


class Node(XmlNode):
    """An element of a message, with the amounts and numbers of ISO 20022."""

    __slots__ = ()
    outermost = 1

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
