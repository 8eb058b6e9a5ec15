"""What is missing of one use of an implant, whose it is, and the form in which somebody answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from hilum.packs.implants.rules import ChargeDecision, DeviceDecision, PriceDecision, SafetyDecision
from hilum.packs.implants.uses import Use


@dataclass(frozen=True, slots=True)
class Break:
    """What is missing."""

    team: str  # whose it is
    title: str
    words: str
    form: type[BaseModel]


def missing_of(use: Use) -> Iterator[tuple[str, str, str, type[BaseModel]]]:
    """What is missing of one use: its kind, title, words, and the form of the answer."""
    if use.stopped or not use.left:
        return
    if not use.is_identified:
        label = use.told.device
        told = f"device {label.device} ({label.issuer.value})" if label is not None else f"code {use.told.code}"
        what = "nobody says whose it was until then" if use.known.item else "it is no item that the hub knows"
        yield "device", "Which item was used?", f"{use.words()}, {told}: {what}", DeviceDecision
        return
    if not use.cleared and (hazards := use.hazards()):
        yield (
            "safety",
            "An implant was used that should not have been",
            f"{use.words()}: {'; '.join(hazards)}",
            SafetyDecision,
        )
    if not use.is_own and use.buying() is None:
        words = f"{use.words()}: {use.known.words or 'nobody has agreed a price'}"
        yield "price", f"From whom is {use.known.item} bought, at which price?", words, PriceDecision
    if use.charging() is None:
        words = f"{use.words()}: neither the sender nor the table items says what it is charged at"
        yield "charge", f"What is charged for {use.known.item}?", words, ChargeDecision
