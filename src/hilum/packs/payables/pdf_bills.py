"""Bills that come as PDF with a file of metadata beside them: in folders, or together in one mail.

    told = payables.bill_metadata(source=files.Folder(url="in/bills", pattern="*.json", split="none"), to=handle(clear))
    pdfs = payables.bill_pdfs(source=files.Folder(url="in/bills", pattern="*.pdf", split="none"), to=handle(clear))
    mails = payables.mailed_bills(source=files.Folder(url="in/mail", pattern="*.eml", split="none"), to=handle(clear))

Metadata is JSON, XML or CSV with the fields of a bill. In a folder it names the SHA-256 of its PDF, which is how the
two find each other, whichever comes first.
"""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from hashlib import sha256
from typing import Any, Final

import orjson

from hilum.canonical import BillReading, Document
from hilum.connector import Source, Target
from hilum.errors import Invalid
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Pattern
from hilum.formats.xml_nodes import XmlNode
from hilum.formats.xml_tree import read_tree
from hilum.packs.building import make
from hilum.packs.payables.reading import HEAD, LINE, fields_of

OWNERS: Final = Owners(business="Payables", technical="Integration")
SYSTEM: Final = "PDF"
_PDF: Final = b"%PDF-"
_METADATA: Final = frozenset({"application/json", "application/xml", "text/xml", "text/csv"})


def bill_metadata(
    *, source: Source, to: Sequence[Target], name: str = "payables.bill_metadata", owners: Owners = OWNERS
) -> Flow:
    """A file of metadata → `BillReading`, which waits for the PDF with the hash that it names."""
    flow = bill_flow(name, "What was read of bills as PDF comes from files beside them", source, to, owners)

    @flow.translate
    def told(body: bytes, _: Lookup) -> BillReading:
        return reading_of(body)

    return flow


def bill_pdfs(
    *, source: Source, to: Sequence[Target], name: str = "payables.bill_pdfs", owners: Owners = OWNERS
) -> Flow:
    """A PDF → `Document` with its content, for the reading that names its hash."""
    flow = bill_flow(name, "Bills as PDF come to what was read of them", source, to, owners)

    @flow.translate
    def paper(body: bytes, _: Lookup) -> Document:
        return document_of(body)

    return flow


def mailed_bills(
    *, source: Source, to: Sequence[Target], name: str = "payables.mailed_bills", owners: Owners = OWNERS
) -> Flow:
    """A mail (RFC 5322) with PDFs and files of metadata as attachments → `BillReading` with its `Document`.

    The n-th file of metadata is of the n-th PDF, unless it names a hash.
    """
    flow = bill_flow(name, "Bills as PDF with their metadata come by mail", source, to, owners)

    @flow.translate
    def both(body: bytes, _: Lookup) -> Iterator[BillReading | Document]:
        yield from mailed(body)

    return flow


def bill_flow(name: str, summary: str, source: Source, to: Sequence[Target], owners: Owners) -> Flow:
    """A flow of whole files that are bills, each of which counts once."""
    flow = Flow(
        name,
        version="1.0",
        summary=summary,
        owners=owners,
        pattern=Pattern.TRANSACTION,
        data_class=DataClass.CONFIDENTIAL,
        criticality=Criticality.HIGH,
        source=source,
        format="bytes",
        dedup_by=lambda body: sha256(body).hexdigest(),
        runbook="A file that is no PDF, or metadata that cannot be read: ask who sent it for a right one.",
    )
    flow.deliver_to(*to)
    return flow


def document_of(body: bytes, title: str = "") -> Document:
    """A PDF. Raises `Invalid` where it is none."""
    if not body.startswith(_PDF):
        raise Invalid("the file is no PDF", where="first bytes")
    digest = sha256(body).hexdigest()
    return make(
        Document,
        "PDF",
        number=f"{SYSTEM}:{digest}",
        title=title or "Bill as PDF",
        document_type="invoice",
        place=f"sha256:{digest}",
        size=len(body),
        sha256=digest,
        content=b64encode(body).decode(),
    )


def reading_of(body: bytes, digest: str = "") -> BillReading:
    """A file of metadata. `digest`: the hash of its PDF, where it need not say it. Raises `Invalid`."""
    told = metadata_of(body)
    document = told.pop("document", None)
    named = str(document.get("sha256", "") if isinstance(document, Mapping) else told.pop("sha256", "")).lower()
    digest = named or digest
    if not digest:
        raise Invalid("the SHA-256 of the PDF is missing", where="document.sha256")
    confidence = told.pop("confidence", {})
    if not isinstance(confidence, Mapping):
        raise Invalid("confidences are numbers by field", where="confidence")
    fields = told.pop("fields", told)
    if not isinstance(fields, Mapping):
        raise Invalid("fields are an object", where="fields")
    sure = {str(name): _confidence(value, str(name)) for name, value in confidence.items()}
    return make(
        BillReading,
        "metadata",
        system=SYSTEM,
        number=digest,
        fields=tuple(fields_of(fields, sure)),
        expects_document=True,
    )


def metadata_of(body: bytes) -> dict[str, Any]:
    """What the file says, in one form. Raises `Invalid`."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{":
        try:
            found: dict[str, Any] = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError as error:
            raise Invalid("this is no JSON", where=f"line {error.lineno}, column {error.colno}") from None
        return found
    return _of_xml(body) if start == b"<" else _of_csv(body)


def mailed(body: bytes) -> Iterator[BillReading | Document]:
    """The readings of a mail, each with its PDF. Raises `Invalid`."""
    mail = BytesParser(policy=policy.default).parsebytes(body)
    pdfs: list[Document] = []
    metadata: list[bytes] = []
    for part in mail.walk():
        content = content_of(part)
        if content.startswith(_PDF):
            pdfs.append(document_of(content, title=(part.get_filename() or "")[:200]))
        elif content and part.get_content_type() in _METADATA:
            metadata.append(content)
    if not pdfs or len(pdfs) != len(metadata):
        raise Invalid(
            f"{len(pdfs)} PDFs and {len(metadata)} files of metadata are attached: each needs one of the other"
        )
    by_hash = {each.sha256: each for each in pdfs}
    for paper, told in zip(pdfs, metadata, strict=True):
        reading = reading_of(told, paper.sha256 or "")
        if reading.number not in by_hash:
            raise Invalid("the PDF with the SHA-256 that its metadata names is not attached", where="document.sha256")
        yield reading
        yield by_hash[reading.number]


def content_of(part: Any) -> bytes:
    """Of one part of a mail; empty where it has none of its own."""
    if part.is_multipart() or not isinstance(part, EmailMessage):
        return b""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _of_xml(body: bytes) -> dict[str, Any]:
    """`<invoice><number confidence="0.6">…</number><line>…</line><document sha256="…"/></invoice>`."""
    root = XmlNode(read_tree(body))
    found: dict[str, Any] = {"lines": []}
    for each in root.children():
        if each.name == "line":
            found["lines"].append({part.name: _valued(part) for part in each.children()})
        elif each.name == "document":
            found["document"] = {"sha256": each.attribute("sha256")}
        else:
            found[each.name] = _valued(each)
    return found


def _valued(node: XmlNode) -> Any:
    sure = node.attribute("confidence")
    return {"value": node.text(), "confidence": str(_confidence(sure, node.path))} if sure else node.text()


def _of_csv(body: bytes) -> dict[str, Any]:
    """A row for each line: `number,supplier,…,item,quantity,unit_price,…,sha256`; the head is that of the first row."""
    try:
        rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise Invalid("this is no CSV in UTF-8") from None
    if not rows:
        raise Invalid("there is no row below the head", where="row 2")
    head = {name: rows[0].get(name) for name in (*HEAD, "sha256") if rows[0].get(name)}
    lines = [{name: row.get(name) for name in LINE if row.get(name)} for row in rows]
    return {**head, "lines": lines}


def _confidence(value: Any, where: str) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise Invalid("a confidence is a number from 0 to 1", where=where) from None
