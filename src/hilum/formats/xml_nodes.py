"""Reading XML by paths of names, with the place in every error; what a standard has of its own is in its folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Final, Self

from lxml import etree

from hilum.errors import Invalid

_DECIMAL: Final = re.compile(r"-?(?:\d{1,18}(?:\.\d{0,17})?|\.\d{1,17})", re.ASCII)


class XmlNode:
    """An element; children are named without namespace, as versions and banks differ in it only."""

    __slots__ = ("_children", "element")
    outermost: ClassVar[int] = 0  # names below the root that paths leave out, as they are in every document

    def __init__(self, element: etree._Element) -> None:
        self.element = element
        self._children: dict[str, list[Self]] | None = None  # by name, made when first asked for: paths ask often

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
        return "/".join(reversed(steps[: len(steps) - self.outermost] or steps)) or self.name

    def each(self, path: str) -> Iterator[Self]:
        """The elements at a path of names: `NtryDtls/TxDtls`."""
        name, _, rest = path.partition("/")
        found = self._by_name().get(name, ())
        if not rest:
            yield from found
            return
        for child in found:
            yield from child.each(rest)

    def _by_name(self) -> dict[str, list[Self]]:
        if self._children is None:
            self._children = {}
            for child in self.element:
                self._children.setdefault(local_name(child), []).append(type(self)(child))
        return self._children

    def children(self) -> list[Self]:
        """All child elements."""
        return [each for named in self._by_name().values() for each in named]

    def first(self, *paths: str) -> Self | None:
        """The first element that is there at one of the paths."""
        return next((node for path in paths for node in self.each(path)), None)

    def need(self, *paths: str) -> Self:
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

    def attribute(self, name: str) -> str:
        """An attribute without namespace; empty where there is none."""
        return str(self.element.get(name, "")).strip()

    def decimal(self) -> Decimal:
        """Its own exact number, which may be negative. Raises `Invalid`."""
        return exact(self.text(), self.where)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


def exact(text: str, where: str) -> Decimal:
    """An exact number: digits, a point before decimals, perhaps a minus. Raises `Invalid`."""
    if not _DECIMAL.fullmatch(text):
        raise Invalid("a number has digits and a point before its decimals", where=where)
    return Decimal(text)


def local_name(element: etree._Element) -> str:
    """The name without namespace."""
    return str(element.tag).rpartition("}")[2]
