"""Elements of ISO 20022 messages that we write: trees of names and texts, in the order of the schema."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from lxml import etree

from hilum.canonical.currencies import minor_units
from hilum.canonical.identifiers import is_iban
from hilum.errors import Invalid
from hilum.formats.banking import Party

_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_ABA = re.compile(r"\d{9}", re.ASCII)


class Writer:
    """Adds elements below one element; a text that is empty is not written."""

    def __init__(self, element: etree._Element, version: int) -> None:
        self.element = element
        self.version = version

    def add(self, path: str, text: str = "", **attributes: str) -> Writer:
        """A new element for each name of the path, one within the other; the last with the text."""
        element = self.element
        namespace = etree.QName(element).namespace
        for name in path.split("/"):
            element = etree.SubElement(element, f"{{{namespace}}}{name}")
        for name, value in attributes.items():
            element.set(name, value)
        element.text = text or None
        return Writer(element, self.version)

    def optional(self, path: str, text: str) -> None:
        """The same where there is a text."""
        if text:
            self.add(path, text)

    def money(self, path: str, amount: Decimal, currency: str) -> None:
        """An amount without its sign."""
        self.add(path, written(abs(amount), currency), Ccy=currency)

    def account(self, path: str, number: str) -> Writer:
        """An account by its IBAN, or by another number."""
        compact, account = "".join(number.split()), self.add(path)
        if is_iban(compact):
            account.add("Id/IBAN", compact)
        else:
            account.add("Id/Othr/Id", number)
        return account

    def bank(self, path: str, party: Party, *, always: bool = False, bic: str = "") -> None:
        """A bank by BIC or by the number of a clearing system; `always`: also where it is not known."""
        institution = f"{path}/FinInstnId"
        if is_bic(party.bank):
            self.add(f"{institution}/{bic or ('BICFI' if self.version >= 4 else 'BIC')}", party.bank)
        elif party.bank:
            member = self.add(f"{institution}/ClrSysMmbId")
            if _ABA.fullmatch(party.bank):
                member.add("ClrSysId/Cd", "USABA")
            member.add("MmbId", party.bank)
        elif always:
            self.add(f"{institution}/Othr/Id", "NOTPROVIDED")


def message(kind: str, version: int, name: str) -> tuple[etree._Element, Writer]:
    """A new Document with the element of the message in it."""
    namespace = f"urn:iso:std:iso:20022:tech:xsd:{kind}.001.{version:02d}"
    document = etree.Element(f"{{{namespace}}}Document", nsmap={None: namespace})  # type: ignore[dict-item]
    return document, Writer(document, version).add(name)


def encoded(document: etree._Element) -> bytes:
    """UTF-8 with an XML declaration."""
    found: bytes = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return found


def written(amount: Decimal, currency: str) -> str:
    """An amount with the decimals of its currency. Raises `Invalid` where it has more of them, or 18 digits."""
    digits = minor_units(currency)
    text = f"{amount:.{digits}f}"
    if Decimal(text) != amount:
        raise Invalid(f"the amount has more than {digits} decimals")
    if len(text.replace(".", "")) > 18:
        raise Invalid("the amount has more than 18 digits")
    return text


def time_of(moment: datetime) -> str:
    """ISODateTime, to the second."""
    return moment.isoformat(timespec="seconds")


def is_bic(text: str) -> bool:
    """Has it the form of a BIC (ISO 9362)?"""
    return _BIC.fullmatch(text) is not None
