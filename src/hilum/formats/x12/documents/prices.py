"""832 price catalogue, and 845 price authorisation: what may be bought by which contract, at which price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hilum.formats.x12.building import Draft, Row
from hilum.formats.x12.documents.codes import ContractState, Dates, Purpose
from hilum.formats.x12.documents.parts import (
    Identified,
    NamedParty,
    Reference,
    amount,
    count_row,
    currency_of,
    day_of,
    day_rows,
    description_of,
    description_rows,
    first,
    ids_of,
    ids_row,
    needed,
    parties_of,
    party_rows,
    reference_rows,
    references_of,
    text,
    tree,
)
from hilum.formats.x12.loops import Loop
from hilum.formats.x12.transaction import TransactionSet

_FROM = (Dates.EFFECTIVE, Dates.CONTRACT_EFFECTIVE)
_TO = (Dates.EXPIRATION, Dates.CONTRACT_EXPIRATION)


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """CTP: a price from a quantity on."""

    identifier: str = ""  # CTP02, data element 236: CON contract, CAT catalogue, LPR list
    price: Decimal
    quantity: Decimal | None = None  # from which on it holds
    unit: str = ""  # the price is for one of these
    valid_from: date | None = None
    valid_to: date | None = None  # the last day on which it holds


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueLine(Identified):
    """LIN with what follows it."""

    number: str = ""
    description: str = ""
    pack: Decimal | None = None  # PO401, inner packs in one outer
    size: Decimal | None = None  # PO402
    unit: str = ""  # PO403
    valid_from: date | None = None
    valid_to: date | None = None
    references: tuple[Reference, ...] = ()
    prices: tuple[Price, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """832."""

    purpose: str = "PC"  # BCT01, data element 683: PC price catalogue, PS price sheet, SC sales catalogue
    number: str = ""  # BCT02
    version: str = ""  # BCT03
    revision: str = ""  # BCT04
    action: str = Purpose.ORIGINAL  # BCT10
    currency: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    references: tuple[Reference, ...] = ()
    parties: tuple[NamedParty, ...] = ()
    lines: tuple[CatalogueLine, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthorisedPrice(Identified):
    """PAD with its LIN and CTPs."""

    number: str = ""  # PAD01
    transfer: str = ""  # PAD02, data element 521
    change: str = ""  # PAD03, data element 670
    description: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    prices: tuple[Price, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthorisedContract:
    """CON with what follows it."""

    qualifier: str = "CT"  # CON01
    number: str
    status: str = ContractState.VALID  # CON03, data element 846
    references: tuple[Reference, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    parties: tuple[NamedParty, ...] = ()  # who may buy by it
    prices: tuple[AuthorisedPrice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceAuthorisation:
    """845."""

    purpose: str = Purpose.ORIGINAL
    status_on: date
    qualifier: str = ""  # BPA03
    number: str = ""  # BPA04
    currency: str = ""
    references: tuple[Reference, ...] = ()
    parties: tuple[NamedParty, ...] = ()
    contracts: tuple[AuthorisedContract, ...] = ()


def read_catalogue(transaction: TransactionSet) -> Catalogue:
    """An 832. Raises `Invalid`."""
    root = tree(transaction, "832")
    bct = first(root, "BCT")
    return Catalogue(
        purpose=bct["01"],
        number=bct["02"],
        version=bct["03"],
        revision=bct["04"],
        action=bct["10"],
        currency=currency_of(root),
        valid_from=day_of(root, *_FROM),
        valid_to=day_of(root, *_TO),
        references=references_of(root),
        parties=parties_of(root),
        lines=tuple(_line(loop) for loop in root.within("LIN")),
    )


def draft_catalogue(catalogue: Catalogue) -> Draft:
    """An 832."""
    numbers = (catalogue.number, catalogue.version, catalogue.revision)
    rows: list[Row] = [
        ("BCT", catalogue.purpose, *numbers, *[None] * 5, catalogue.action),
        *reference_rows(catalogue.references),
        *_validity(catalogue.valid_from, catalogue.valid_to),
        *([("CUR", "SE", catalogue.currency)] if catalogue.currency else []),
        *party_rows(catalogue.parties),
    ]
    for line in catalogue.lines:
        rows.append(("LIN", line.number, *ids_row(line.ids)))
        rows += _validity(line.valid_from, line.valid_to)
        rows += reference_rows(line.references)
        rows += description_rows(line.description)
        if line.pack is not None or line.size is not None or line.unit:
            rows.append(("PO4", line.pack, line.size, line.unit))
        rows += _price_rows(line.prices)
    return Draft("832", [*rows, count_row(len(catalogue.lines))])


def read_authorisation(transaction: TransactionSet) -> PriceAuthorisation:
    """An 845. Raises `Invalid`."""
    root = tree(transaction, "845")
    bpa = first(root, "BPA")
    return PriceAuthorisation(
        purpose=bpa["01"],
        status_on=needed(bpa, "02", bpa.date),
        qualifier=bpa["03"],
        number=bpa["04"],
        currency=currency_of(root),
        references=references_of(root),
        parties=parties_of(root),
        contracts=tuple(_contract(loop) for loop in root.within("CON")),
    )


def draft_authorisation(authorisation: PriceAuthorisation) -> Draft:
    """An 845."""
    own = authorisation
    rows: list[Row] = [
        ("BPA", own.purpose, own.status_on, own.qualifier, own.number),
        *([("CUR", "SE", own.currency)] if own.currency else []),
        *reference_rows(own.references),
        *party_rows(own.parties),
    ]
    for contract in own.contracts:
        rows.append(("CON", contract.qualifier, contract.number, contract.status))
        rows += reference_rows(contract.references)
        rows += _validity(contract.valid_from, contract.valid_to)
        rows += party_rows(contract.parties)
        for price in contract.prices:
            rows.append(("PAD", price.number, price.transfer, price.change))
            rows += description_rows(price.description)
            rows += _validity(price.valid_from, price.valid_to)
            rows.append(("LIN", None, *ids_row(price.ids)))
            rows += _price_rows(price.prices)
    return Draft("845", [*rows, count_row(sum(len(contract.prices) for contract in own.contracts))])


def _line(loop: Loop) -> CatalogueLine:
    pack = loop.first("PO4")
    return CatalogueLine(
        number=loop.head["01"],
        ids=ids_of(loop.head, 2),
        description=description_of(loop),
        pack=pack.decimal("01") if pack is not None else None,
        size=pack.decimal("02") if pack is not None else None,
        unit=pack["03"] if pack is not None else "",
        valid_from=day_of(loop, *_FROM),
        valid_to=day_of(loop, *_TO),
        references=references_of(loop),
        prices=_prices(loop),
    )


def _contract(loop: Loop) -> AuthorisedContract:
    head = loop.head
    return AuthorisedContract(
        qualifier=head["01"],
        number=text(head, "02"),
        status=head["03"],
        references=references_of(loop),
        valid_from=day_of(loop, *_FROM),
        valid_to=day_of(loop, *_TO),
        parties=parties_of(loop),
        prices=tuple(_authorised(each) for each in loop.within("PAD")),
    )


def _authorised(loop: Loop) -> AuthorisedPrice:
    head = loop.head
    lines = loop.within("LIN")
    return AuthorisedPrice(
        number=head["01"],
        transfer=head["02"],
        change=head["03"],
        ids=ids_of(lines[0].head, 2) if lines else (),
        description=description_of(loop),
        valid_from=day_of(loop, *_FROM),
        valid_to=day_of(loop, *_TO),
        prices=_prices(loop),
    )


def _prices(loop: Loop) -> tuple[Price, ...]:
    return tuple(
        Price(
            identifier=each.head["02"],
            price=amount(each.head, "03"),
            quantity=each.head.decimal("04"),
            unit=each.head["05.1"],
            valid_from=day_of(each, *_FROM),
            valid_to=day_of(each, *_TO),
        )
        for each in loop.within("CTP")
        if each.head["03"]
    )


def _price_rows(prices: Sequence[Price]) -> list[Row]:
    rows: list[Row] = []
    for each in prices:
        # quantity and unit are there together or not at all (P0405)
        paired = each.quantity if each.quantity is not None or not each.unit else Decimal(1)
        rows.append(("CTP", None, each.identifier, each.price, paired, [each.unit] if each.unit else None))
        rows += _validity(each.valid_from, each.valid_to)
    return rows


def _validity(begin: date | None, end: date | None) -> list[Row]:
    return day_rows((Dates.EFFECTIVE, begin), (Dates.EXPIRATION, end))
