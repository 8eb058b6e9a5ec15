"""The suppliers: each has a folder that orders come to, and one from which the hub takes what it sends."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from hilum.simulator.files import put
from hilum.simulator.month.documents import OURS, Writer, writer_for
from hilum.simulator.month.truth import CURRENCY, Bill, Month, Paper, Story, Vendor


class Suppliers:
    """All of them. They send nothing about an order that they have not got."""

    def __init__(self, month: Month, mail: Path) -> None:
        self._month = month
        self._mail = mail
        self._writers: dict[str, Writer] = {vendor.code: writer_for(month, vendor) for vendor in month.vendors}
        self._stories = {story.order: story for story in month.stories}
        self._silent = {story.order for story in month.stories if not story.acknowledges}
        self._got: set[str] = set()
        self._waiting: dict[str, list[tuple[int, Paper]]] = defaultdict(list)  # by order: when, what
        self.sent = 0
        self.repeated = 0
        for vendor in month.vendors:
            for way in ("to", "from"):
                (mail / vendor.key / way).mkdir(parents=True, exist_ok=True)

    def work(self, day: int) -> int:
        """Read what has come, and send what is due on that day or before; how many papers that was."""
        for vendor in self._month.vendors:
            for path in sorted((self._mail / vendor.key / "to").glob("*.edi")):
                self._read(vendor, path.read_bytes(), day)
                path.unlink()
        count = 0
        for order, papers in self._waiting.items():
            due = [each for each in papers if each[0] <= day]
            for each in due:
                papers.remove(each)
                self._send(self._stories[order], each[1])
            count += len(due)
        return count

    @property
    def untaken(self) -> bool:
        """Does something lie there that the hub, or a supplier, has not taken yet?"""
        return any(any((self._mail / each.key / way).glob("*.edi")) for each in self._month.vendors
                   for way in ("from", "to"))  # fmt: skip

    @property
    def missing(self) -> list[str]:
        """Orders that never came to their supplier."""
        return sorted(self._stories.keys() - self._got)

    def _read(self, vendor: Vendor, data: bytes, day: int) -> None:
        writer = self._writers[vendor.code]
        numbers = writer.orders_in(data)
        for number in numbers:
            story = self._stories.get(number)
            if story is not None and number not in self._got:
                self._got.add(number)
                self._waiting[number] = [(paper.day, paper) for paper in story.papers]
                again = (each for each in story.papers if isinstance(each, Bill) and each.again is not None)
                self._waiting[number] += [(each.again or 0, each) for each in again]
        if not self._silent.intersection(numbers):
            answer = writer.acknowledge(data, self._month.at(day))
            if answer is not None:
                self._put(vendor, answer)

    def _send(self, story: Story, paper: Paper) -> None:
        written = self._writers[story.vendor.code].write(story, paper)
        self._put(story.vendor, written)
        if story.twice:
            self._put(story.vendor, written)
            self.repeated += 1

    def _put(self, vendor: Vendor, data: bytes) -> None:
        self.sent += 1
        put(self._mail / vendor.key / "from" / f"{self.sent:06d}.edi", data)


def profile_of(vendor: Vendor, mail: Path) -> str:
    """The file of a supplier in the project's `partners` folder."""
    section = f'ours = {{ id = "{OURS}" }}\ntheirs = {{ id = "{vendor.code}" }}\n'
    section += f'currency = "{CURRENCY}"\n' if vendor.format == "x12" else ""
    return (
        f'name = "{vendor.title}"\nsupplier = "{vendor.code}"\nformat = "{vendor.format}"\n\n[{vendor.format}]\n'
        f'{section}\n[send.main]\nkind = "files"\nsettings = {{ url = "{mail}/{vendor.key}/to", '
        'name = "{message_id}-{ordinal}.edi" }\n\n[receive.main]\nkind = "files"\n'
        f'settings = {{ url = "{mail}/{vendor.key}/from", pattern = "*.edi", stable_for = 0, poll = 0.5 }}\n'
    )
