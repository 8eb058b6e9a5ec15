"""The suppliers: each has a folder that orders come to, and one from which the hub takes what it sends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hilum.simulator.files import put
from hilum.simulator.month.documents import OURS, Told, Writer
from hilum.simulator.month.truth import CURRENCY, Bill, Language, Month, Paper, Story, Vendor
from hilum.simulator.month.xml_documents import PeppolWriter, writer_for

_WAYS: Final = ("to", "from", "bills")
"""Folders of a supplier: what comes to it, what it sends, and its bills where these have a way of their own."""


class Suppliers:
    """All of them. They send nothing about an order that they have not got, and go by what they were told of it."""

    def __init__(self, month: Month, mail: Path) -> None:
        self._month = month
        self._mail = mail
        self._writers: dict[str, Writer] = {vendor.code: writer_for(month, vendor) for vendor in month.vendors}
        self._stories = {story.order: story for story in month.stories}
        self._silent = {story.order for story in month.stories if not story.acknowledges}
        self._got: set[str] = set()
        self._told: set[str] = set()  # of a change
        self._waiting: dict[str, list[tuple[int, Paper, bool]]] = defaultdict(list)  # by order: when, what, once more?
        self.sent = 0
        self.repeated = 0
        for vendor in month.vendors:
            for way in _WAYS:
                (mail / vendor.key / way).mkdir(parents=True, exist_ok=True)

    def work(self, day: int) -> int:
        """Read what has come, and send what is due on that day or before; how many papers that was."""
        for vendor in self._month.vendors:
            for path in sorted(_files(self._mail / vendor.key / "to")):
                self._read(vendor, path.read_bytes(), day)
                path.unlink()
        count = 0
        for order, papers in self._waiting.items():
            due = [each for each in papers if each[0] <= day]
            for each in due:
                papers.remove(each)
                self._send(self._stories[order], each[1], again=each[2])
            count += len(due)
        return count

    @property
    def missing(self) -> list[str]:
        """Orders that have not come to their supplier."""
        return sorted(self._stories.keys() - self._got)

    @property
    def untaken(self) -> bool:
        """Does something lie there that the hub, or a supplier, has not taken yet?"""
        return any(_files(self._mail / each.key / way) for each in self._month.vendors for way in _WAYS)

    def _read(self, vendor: Vendor, data: bytes, day: int) -> None:
        writer = self._writers[vendor.code]
        numbers, changes = writer.orders_in(data), writer.changes_in(data)
        for number in numbers:
            story = self._stories.get(number)
            if story is not None and number not in self._got:
                self._got.add(number)
                self._waiting[number] = [*_of_order(story)]
        if not self._silent.intersection(numbers):
            self._put(vendor, writer.acknowledge(data, self._month.at(day)))
        for change in changes:
            self._changed(vendor, change, day)

    def _changed(self, vendor: Vendor, told: Told, day: int) -> None:
        """What was to be sent of the order as it was is not sent any more."""
        story = self._stories[told.order]
        if told.order not in self._told and story.change is not None:
            self._told.add(told.order)
            self._waiting[told.order] = [
                (paper.day, paper, False) for paper in story.papers if paper.day > story.change.day
            ]
        self._put(vendor, self._writers[vendor.code].agree(story, told, self._month.at(day)))

    def _send(self, story: Story, paper: Paper, *, again: bool) -> None:
        """What is sent once more comes by EDIFACT from one that had sent its bill by Peppol: that is its habit."""
        writer, way = self._writers[story.vendor.code], "from"
        if again and isinstance(writer, PeppolWriter) and isinstance(paper, Bill):
            written = writer.bill_by_edifact(story, paper, self._month.at(paper.day))
        else:
            written = writer.write(story, paper)
            way = "bills" if story.vendor.speaks == "peppol" and isinstance(paper, Bill) else "from"
        self._put(story.vendor, written, way)
        if story.twice:
            self._put(story.vendor, written, way)
            self.repeated += 1

    def _put(self, vendor: Vendor, data: bytes | None, way: str = "from") -> None:
        if data is not None:
            self.sent += 1
            ending = "xml" if way == "bills" else self._writers[vendor.code].ending
            put(self._mail / vendor.key / way / f"{self.sent:06d}.{ending}", data)


def _files(folder: Path) -> list[Path]:
    return [*folder.glob("*.edi"), *folder.glob("*.xml")]


def _of_order(story: Story) -> Iterator[tuple[int, Paper, bool]]:
    """What is sent of an order as long as nothing is heard of a change."""
    until = story.change.day if story.change is not None else None
    for paper in story.papers:
        if until is None or paper.day <= until:
            yield paper.day, paper, False
            if isinstance(paper, Bill) and paper.again is not None:
                yield paper.again, paper, True
    for paper in story.untold:
        yield paper.day, paper, False


_FORMATS: Final[dict[Language, str]] = {"x12": "x12", "edifact": "edifact", "cxml": "cxml", "peppol": "edifact"}


def profile_of(vendor: Vendor, mail: Path) -> str:
    """The file of a supplier in the project's `partners` folder."""
    format, ending = _FORMATS[vendor.speaks], "xml" if vendor.speaks == "cxml" else "edi"
    name = "identity" if format == "cxml" else "id"
    section = f'ours = {{ {name} = "{OURS}" }}\ntheirs = {{ {name} = "{vendor.code}" }}\n'
    section += f'currency = "{CURRENCY}"\n' if format != "edifact" else ""
    text = (
        f'name = "{vendor.title}"\nsupplier = "{vendor.code}"\nformat = "{format}"\n\n[{format}]\n'
        f'{section}\n[send.main]\nkind = "files"\nsettings = {{ url = "{mail}/{vendor.key}/to", '
        f'name = "{{message_id}}-{{ordinal}}.{ending}" }}\n\n'
    )
    text += _received("main", f"{mail}/{vendor.key}/from", ending)
    if vendor.speaks == "peppol":
        text += _received("bills", f"{mail}/{vendor.key}/bills", "xml", 'format = "ubl"\n')
    return text


def _received(route: str, folder: str, ending: str, more: str = "") -> str:
    return (
        f'[receive.{route}]\n{more}kind = "files"\n'
        f'settings = {{ url = "{folder}", pattern = "*.{ending}", stable_for = 0, poll = "${{MONTH_POLL:-0.5}}" }}\n\n'
    )
