"""What many documents of cXML have in common: money, quantities, units, days."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from hilum.errors import Invalid
from hilum.formats.xml_nodes import XmlNode, exact


def money(node: XmlNode | None) -> Decimal | None:
    """The amount of the Money in an element; thousands may be divided by commas. None where there is none."""
    found = node.first("Money") if node is not None else None
    return exact(found.text().replace(",", ""), found.where) if found is not None else None


def needed_money(node: XmlNode) -> Decimal:
    """The same, which must be there. Raises `Invalid`."""
    found = node.need("Money")
    return exact(found.text().replace(",", ""), found.where)


def currency(node: XmlNode | None) -> str:
    """The currency of the Money in an element; empty where there is none."""
    found = node.first("Money") if node is not None else None
    return found.attribute("currency") if found is not None else ""


def quantity(node: XmlNode) -> Decimal:
    """The attribute `quantity`. Raises `Invalid`."""
    return exact(node.attribute("quantity"), f"{node.path}/@quantity")


def line_number(node: XmlNode, name: str = "lineNumber") -> int:
    """A line number. Raises `Invalid`."""
    text = node.attribute(name)
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text)):
        raise Invalid("a line number is a whole number above 0", where=f"{node.path}/@{name}")
    return int(text)


def day(node: XmlNode, name: str) -> date | None:
    """The day of an attribute with a time, as it is written. Raises `Invalid`."""
    text = node.attribute(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Invalid("this is not a time of ISO 8601", where=f"{node.path}/@{name}") from None


def moment(node: XmlNode, name: str) -> datetime | None:
    """The time of an attribute; None where there is none, or without an offset. Raises `Invalid`."""
    text = node.attribute(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("this is not a time of ISO 8601", where=f"{node.path}/@{name}") from None
    return found if found.tzinfo is not None else None
