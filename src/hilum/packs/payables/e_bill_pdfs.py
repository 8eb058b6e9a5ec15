"""Bills that lie in their PDF as data (Factur-X, ZUGFeRD): read, not guessed, and filed with the PDF.

    bills = payables.e_bill_pdfs(source=files.Folder(url="in/factur-x", split="none"), to=handle(clear))

The XML within is CII, the other syntax of EN 16931 beside UBL; XML that comes without a PDF (XRechnung) is taken too,
and mails with such PDFs attached. What it says is the same `SupplierBill` that UBL becomes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from email import policy
from email.parser import BytesParser
from hashlib import sha256
from typing import Final

from hilum.canonical import BillReading, Document, SupplierBill
from hilum.connector import Source, Target
from hilum.errors import Invalid, Unmapped
from hilum.flow import Flow, Lookup, Owners
from hilum.formats import cii
from hilum.formats.en16931 import Bill, BillLine
from hilum.packs.building import make, mapped_where_listed
from hilum.packs.payables.pdf_bills import OWNERS, SYSTEM, bill_flow, content_of, document_of
from hilum.packs.payables.reading import fields_of
from hilum.packs.procurement.e_bills import bill_from_en16931, items_as_sent

EMBEDDED: Final = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml")
"""How the standards call the invoice in a PDF: Factur-X and ZUGFeRD from 2.1 on, XRechnung in ZUGFeRD, ZUGFeRD 2.0."""

SENDERS: Final = "bill_senders"
"""The lookup table from VAT numbers, GLNs and other numbers of suppliers to the hub's."""

SupplierOf = Callable[[Bill, Lookup], str]
"""Whose bill it is, in the hub's numbers. Raises `Unmapped`."""

ItemOf = Callable[[BillLine, Lookup], str]
"""The item of a line; empty: it has none, and the words count. Raises `Unmapped`."""


def by_numbers(bill: Bill, hub: Lookup) -> str:
    """The first number of the seller, VAT number before all, that the table `bill_senders` knows. Raises `Unmapped`."""
    numbers = [number for number in (bill.seller.tax_id, *(id for _, id in bill.seller.ids)) if number]
    if not numbers:
        raise Invalid("the bill says no number of its seller", where="SellerTradeParty")
    known = hub.codes(SENDERS) if SENDERS in hub.tables else ()
    number = next((each for each in numbers if each in known), None)
    if number is None:
        raise Unmapped(SENDERS, numbers[0])
    return hub.value(SENDERS, number)


def own_or_listed(line: BillLine, hub: Lookup) -> str:
    """Our own number where the supplier tells it; others by the table `items`, where there is one."""
    found = items_as_sent(line)
    return found if "buyer" in dict(line.ids) else mapped_where_listed(hub, "items", found)


def e_bill_pdfs(
    *,
    source: Source,
    to: Sequence[Target],
    supplier_of: SupplierOf = by_numbers,
    item_of: ItemOf = own_or_listed,
    name: str = "payables.e_bill_pdfs",
    owners: Owners = OWNERS,
) -> Flow:
    """PDFs with an embedded invoice, such XML by itself, or mails with such PDFs → `BillReading` with its bill.

    A PDF without such XML, and a profile without lines (MINIMUM, BASIC WL), are held with the reason: what is only
    paper goes to `bill_pdfs` with its metadata, or to an AP product. The same PDF counts once.
    """
    flow = bill_flow(name, "Bills that lie in their PDF as data come to be matched", source, to, owners)

    @flow.translate
    def read(body: bytes, hub: Lookup) -> Iterator[BillReading]:
        for xml, paper in _bills_in(body):
            bill = cii.read(xml)
            told = bill_from_en16931(bill, supplier=supplier_of(bill, hub), item_of=lambda line: item_of(line, hub))
            yield reading_of(told, xml, paper)

    return flow


def reading_of(bill: SupplierBill, xml: bytes, paper: Document | None) -> BillReading:
    """The bill as it is taken: nobody need look at it."""
    said = bill.model_dump(mode="json", include={"number", "supplier", "order", "currency", "billed_on", "total"})
    return make(
        BillReading,
        "bill",
        system=SYSTEM,
        number=paper.sha256 if paper is not None else sha256(xml).hexdigest(),
        fields=tuple(fields_of(said)),
        document=paper,
        bill=bill,
    )


def _bills_in(body: bytes) -> Iterator[tuple[bytes, Document | None]]:
    """Each invoice with the PDF that it lies in; none: it came without one. Raises `Invalid`."""
    if body.startswith(b"%PDF-"):
        yield _embedded(body), document_of(body)
    elif body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        yield body, None
    else:
        yield from _mailed(body)


def _mailed(body: bytes) -> Iterator[tuple[bytes, Document]]:
    mail = BytesParser(policy=policy.default).parsebytes(body)
    parts = [(part.get_filename() or "", content_of(part)) for part in mail.walk()]
    pdfs = [(name, content) for name, content in parts if content.startswith(b"%PDF-")]
    if not pdfs:
        raise Invalid("this is no PDF, no XML, and no mail with a PDF attached")
    for name, content in pdfs:
        yield _embedded(content), document_of(content, title=name[:200])


def _embedded(pdf: bytes) -> bytes:
    from hilum.formats.pdf import embedded  # a large library, which most hubs never need

    found = embedded(pdf, EMBEDDED)
    if found is None:
        raise Invalid(
            f"no invoice is embedded in the PDF ({', '.join(EMBEDDED)}): it is paper, which somebody has to read"
        )
    return found
