"""The revisions of a contract side by side, for whoever decides about its supplier, signature or renewal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hilum.canonical import PriceLine
from hilum.canonical.conversions import plain, priced
from hilum.cases.side_by_side import Member, SideBySide, compared, member
from hilum.packs.contracts.progress import Version

MOST = 60
"""Lines of a schedule that are shown: those that differ come first."""


def beside_revisions(version: Version, others: list[Version], *, more: tuple[tuple[str, str], ...] = ()) -> SideBySide:
    """A revision as the CLM tells it | the one in force, or ahead, where there is another. `more`: what is known."""
    columns = [version, *(each for each in others if each is not version)]
    members = [_row(name, values) for name, values in _heads(columns)]
    members += [member(name, value, *[""] * (len(columns) - 1)) for name, value in more]
    documents = tuple(f"Revision {each.revision}: {each.state}" for each in columns)
    return SideBySide(documents=documents, members=(*members, *_prices(columns)))


def _heads(columns: list[Version]) -> Iterator[tuple[str, list[str]]]:
    told = [each.told.contract for each in columns]
    yield "Title", [each.title for each in told]
    yield "Supplier", [each.supplier for each in told]
    yield "Valid from", [str(each.valid_from) for each in told]
    yield "Valid to, not with", [str(each.valid_to or "no end") for each in told]
    yield "Group", [each.group for each in told]
    yield "Facilities", [", ".join(each.facilities) or "all" for each in told]
    yield "Committed", [f"{priced(each.committed_amount)} {each.currency}" if each.committed_amount is not None else ""
                        for each in told]  # fmt: skip
    yield "Said by the CLM", [f"{each.told.state}, {each.told.at:%Y-%m-%d %H:%M}" for each in columns]
    yield "Signed", [each.signed or "not yet" for each in columns]


def _row(name: str, values: list[str]) -> Member:
    return compared(name, values) if name not in ("Said by the CLM", "Signed") else member(name, *values)


def _prices(columns: list[Version]) -> list[Member]:
    schedules = [{line.item: _line(line, each.told.contract.currency) for line in each.told.contract.prices}
                 for each in columns]  # fmt: skip
    items = dict.fromkeys(item for schedule in schedules for item in schedule)
    rows = [
        compared(f"Price of {item}", [schedule.get(item, "not in it" if len(columns) > 1 else "")
                                      for schedule in schedules])
        for item in items
    ]  # fmt: skip
    rows.sort(key=lambda each: not each.differs)
    left = len(rows) - MOST
    return rows if left <= 0 else [*rows[:MOST], member(f"and {left} more prices", *[""] * len(columns))]


def _line(line: PriceLine, currency: str) -> str:
    tiers = [f"{priced(tier.unit_price)} {currency}{f' from {plain(tier.from_quantity)}' if tier.from_quantity else ''}"
             for tier in line.tiers]  # fmt: skip
    return f"{', '.join(tiers)} for one {line.unit}"
