"""What runs wait for, heard and sent, in the words of those who read it, not in the names of classes. Pure.

What a run keeps of itself names classes and topics, which do not change; how people call them is said here when shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel

from hilum.canonical.catalogue import BY_NAME
from hilum.processes.declaration import topic_of

_CLASS: Final = re.compile(r"(?:[A-Z][a-z0-9]*)+")
_PART: Final = re.compile(r"[A-Z][a-z0-9]*")

_OR: Final = " or "


def called(kind: type[BaseModel]) -> str:
    """What people call an object of this type: what its class says (`called`), else the words of the class's name."""
    return str(getattr(kind, "called", "")) or _words(kind.__name__)


def waits_in_words(waits_for: str, heard: Iterable[type[BaseModel]] = ()) -> str:
    """`PurchaseOrder or SupplierBill or Buyers: …` → `purchase order, supplier bill, or Buyers: …`.

    `heard`: the types that the process hears; without them the names of classes are split.
    """
    known = {kind.__name__: called(kind) for kind in heard}
    parts, left = [], waits_for
    while _CLASS.fullmatch(name := left.partition(_OR)[0]):
        parts.append(known.get(name) or _words(name))
        left = left.partition(_OR)[2]
    parts += [left] if left else []  # titles of tasks, as they are
    return _OR.join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])},{_OR}{parts[-1]}"


def told_in_words(kind: str, words: str, heard: Iterable[type[BaseModel]] = ()) -> str:
    """A line of the history of a run: of what `started` it or it `heard` the topic, of what it `sent` the class."""
    if kind in ("started", "heard"):
        known = {topic_of(each): called(each) for each in (*BY_NAME.values(), *heard)}
        return known.get(words) or (_words(words) if _CLASS.fullmatch(words) else words)
    name, to, channel = words.partition(" to ")
    if kind == "sent" and to and _CLASS.fullmatch(name):
        return f"{_words(name)}{to}{channel}"
    return words


def _words(name: str) -> str:
    """`GoodsReceipt` → `goods receipt`."""
    return " ".join(_PART.findall(name)).lower()
