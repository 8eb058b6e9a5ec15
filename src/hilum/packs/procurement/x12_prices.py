"""Prices: 832 from and to `SupplierPrice`, 845 from and to `Contract`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from hilum.canonical import Contract, ContractStatus, Money, PriceLine, PriceTier, SupplierPrice
from hilum.errors import Invalid
from hilum.formats.x12 import Partner, documents
from hilum.formats.x12.documents import ChangeCode, ContractState
from hilum.packs.building import make
from hilum.packs.procurement.x12_items import ItemOf, day_after, day_before, ids_for, items_as_sent, numbers_of
from hilum.packs.procurement.x12_units import unit_for, unit_of

CONTRACT_PRICE = "CON"  # data element 236

STATUS: Mapping[str, ContractStatus] = MappingProxyType(
    {
        "": ContractStatus.ACTIVE,
        ContractState.AWARDED: ContractStatus.ACTIVE,
        ContractState.MODIFIED: ContractStatus.ACTIVE,
        ContractState.ORIGINAL: ContractStatus.ACTIVE,
        ContractState.RENEWED: ContractStatus.ACTIVE,
        ContractState.REOPENED: ContractStatus.ACTIVE,
        ContractState.STANDARD: ContractStatus.ACTIVE,
        ContractState.VALID: ContractStatus.ACTIVE,
        ContractState.PENDING: ContractStatus.DRAFT,
        ContractState.PROPOSED: ContractStatus.DRAFT,
        ContractState.INACTIVE: ContractStatus.SUSPENDED,
        ContractState.ON_HOLD: ContractStatus.SUSPENDED,
        ContractState.SUSPENDED: ContractStatus.SUSPENDED,
        ContractState.CANCELLED: ContractStatus.ENDED,
        ContractState.CLOSED: ContractStatus.ENDED,
        ContractState.DELETED: ContractStatus.ENDED,
        ContractState.EXPIRED: ContractStatus.ENDED,
        ContractState.TERMINATED: ContractStatus.ENDED,
    }
)
"""What CON03 (data element 846) means. Trading partners agree on more: give them to `contracts_from_x12`."""


def prices_from_x12(
    catalogue: documents.Catalogue, partner: Partner, *, supplier: str, item_of: ItemOf | None = None
) -> list[SupplierPrice]:
    """An 832: a price for each CTP of each line. Raises `Invalid`."""
    item_of = item_of or items_as_sent(partner)
    currency = catalogue.currency or partner.currency
    found = []
    for place, line in enumerate(catalogue.lines, 1):
        where = f"LIN[{place}]"
        item = item_of(line, where)
        theirs = line.id(partner.their_item_qualifier, "VN", "VP", "VC")
        for price in line.prices:
            valid_to = price.valid_to or line.valid_to or catalogue.valid_to
            found.append(
                make(
                    SupplierPrice,
                    where,
                    supplier=supplier,
                    item=item,
                    price=make(Money, where, amount=price.price, currency=currency),
                    unit=unit_of(unit) if (unit := price.unit or line.unit) else "",
                    from_quantity=_step(price),
                    valid_from=price.valid_from or line.valid_from or catalogue.valid_from,
                    valid_to=day_after(valid_to),
                    supplier_item=theirs,
                    supplier_title=line.description,
                    numbers=numbers_of(line, partner, theirs),
                )
            )
    return found


def prices_to_x12(
    prices: Sequence[SupplierPrice], partner: Partner, *, number: str, titles: Mapping[str, str] | None = None
) -> documents.Catalogue:
    """An 832 with a line for each item. Raises `Invalid` where the prices are in several currencies."""
    currencies = {price.price.currency for price in prices}
    if len(currencies) > 1:
        raise Invalid("a catalogue has one currency", where=number)
    lines: dict[str, list[SupplierPrice]] = {}
    for price in prices:
        lines.setdefault(price.item, []).append(price)
    return documents.Catalogue(
        number=number,
        currency=next(iter(currencies), partner.currency),
        lines=tuple(
            documents.CatalogueLine(
                number=str(place),
                ids=ids_for(partner, item, own[0].supplier_item, own[0].numbers),
                description=own[0].supplier_title or (titles or {}).get(item, ""),
                prices=tuple(_price(each) for each in own),
            )
            for place, (item, own) in enumerate(lines.items(), 1)
        ),
    )


def contracts_from_x12(
    authorisation: documents.PriceAuthorisation,
    partner: Partner,
    *,
    supplier: str,
    item_of: ItemOf | None = None,
    statuses: Mapping[str, ContractStatus] = STATUS,
) -> list[Contract]:
    """An 845: a contract with its price schedule for each CON. Raises `Invalid`."""
    item_of = item_of or items_as_sent(partner)
    currency = authorisation.currency or partner.currency
    found = []
    for place, contract in enumerate(authorisation.contracts, 1):
        where = f"CON[{place}]"
        if contract.status not in statuses:
            raise Invalid("the hub does not know what this contract status means (CON-03)", where=where)
        found.append(
            make(
                Contract,
                where,
                number=contract.number,
                title=contract.number,
                supplier=supplier,
                status=statuses[contract.status],
                currency=currency,
                valid_from=contract.valid_from or authorisation.status_on,
                valid_to=day_after(contract.valid_to),
                facilities=tuple(each.id for each in contract.parties if each.id),
                prices=tuple(
                    _price_line(each, partner, item_of, f"{where}, PAD[{number}]")
                    for number, each in enumerate(contract.prices, 1)
                    if each.change != ChangeCode.DELETE
                ),
            )
        )
    return found


def contracts_to_x12(
    contracts: Sequence[Contract], partner: Partner, *, number: str, status_on: date
) -> documents.PriceAuthorisation:
    """An 845 as manufacturers send it, of contracts that are active. Raises `Invalid` for others."""
    if any(contract.status is not ContractStatus.ACTIVE for contract in contracts):
        raise Invalid("only active contracts are authorised", where=number)
    return documents.PriceAuthorisation(
        status_on=status_on,
        qualifier="CT",
        number=number,
        currency=next((contract.currency for contract in contracts), ""),
        contracts=tuple(_contract(contract, partner) for contract in contracts),
    )


def _step(price: documents.Price) -> Decimal:
    """From which quantity on it holds. A quantity of 1 or none is no step: it says what the price is for."""
    return price.quantity if price.quantity is not None and price.quantity > 1 else Decimal(0)


def _price(price: SupplierPrice) -> documents.Price:
    return documents.Price(
        identifier="",
        price=price.price.amount,
        quantity=price.from_quantity or (Decimal(1) if price.unit else None),
        unit=unit_for(price.unit or ""),
        valid_from=price.valid_from,
        valid_to=day_before(price.valid_to),
    )


def _price_line(authorised: documents.AuthorisedPrice, partner: Partner, item_of: ItemOf, where: str) -> PriceLine:
    units = {price.unit for price in authorised.prices if price.unit}
    if len(units) > 1:
        raise Invalid("the prices of an item are for several units; have them sent as items of their own", where=where)
    first = authorised.prices[0] if authorised.prices else None
    return make(
        PriceLine,
        where,
        item=item_of(authorised, where),
        supplier_item=authorised.id(partner.their_item_qualifier, "VN", "VP", "VC"),
        unit=unit_of(next(iter(units), "")),
        tiers=tuple(
            make(PriceTier, where, from_quantity=_step(price), unit_price=price.price) for price in authorised.prices
        ),
        valid_from=authorised.valid_from or (first.valid_from if first else None),
        valid_to=day_after(authorised.valid_to or (first.valid_to if first else None)),
    )


def _contract(contract: Contract, partner: Partner) -> documents.AuthorisedContract:
    return documents.AuthorisedContract(
        number=contract.number,
        valid_from=contract.valid_from,
        valid_to=day_before(contract.valid_to),
        parties=tuple(documents.NamedParty(role="BY", qualifier="92", id=each) for each in contract.facilities),
        prices=tuple(
            documents.AuthorisedPrice(
                number=str(place),
                ids=ids_for(partner, line.item, line.supplier_item),
                valid_from=line.valid_from,
                valid_to=day_before(line.valid_to),
                prices=tuple(
                    documents.Price(
                        identifier=CONTRACT_PRICE,
                        price=tier.unit_price,
                        quantity=tier.from_quantity if tier.from_quantity > 1 else Decimal(1),
                        unit=unit_for(line.unit),
                    )
                    for tier in line.tiers
                ),
            )
            for place, line in enumerate(contract.prices, 1)
        ),
    )
