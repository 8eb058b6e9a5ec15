"""A document becomes an attachment of the record in Odoo that it belongs to: its content, or a link to where it lies.

One revision of a document is one attachment, known by its external identifier. What is there already is not sent again:
Odoo keeps a checksum of the content. Odoo shows attachments to all who see the record, so what is confidential is not
filed there.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from hashlib import sha1
from typing import Any, ClassVar, Final

from hilum.canonical import Document
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, Upsert, found
from hilum.connectors.odoo.references import (
    ACCOUNT,
    AGREEMENT,
    ASSET,
    COST_CENTRE,
    CUSTOMER,
    EMPLOYEE,
    ITEM,
    ORDER,
    SUPPLIER,
    Kind,
)
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task
from hilum.errors import Rejected

_BILL: Final = Kind(
    model="account.move", kind="bill", noun="bill", by=("ref",), fallback=False, advice="Send or replay it first."
)
_INVOICE: Final = Kind(
    model="account.move", kind="invoice", noun="invoice", by=("ref",), fallback=False, advice="Send or replay it first."
)
_WORK: Final = Kind(
    model="maintenance.request", kind="workorder", noun="work order", by=("name",), fallback=False,
    advice="Send or replay it first.",
)  # fmt: skip
FILED_WITH: Final[Mapping[str, Kind]] = {
    "hilum.supplier": SUPPLIER,
    "hilum.customer": CUSTOMER,
    "hilum.patient.account": ACCOUNT,
    "hilum.item": ITEM,
    "hilum.purchase.order": ORDER,
    "hilum.purchase.agreement": AGREEMENT,
    "hilum.supplier.bill": _BILL,
    "hilum.customer.invoice": _INVOICE,
    "hilum.cost.centre": COST_CENTRE,
    "hilum.employee": EMPLOYEE,
    "hilum.asset": ASSET,
    "hilum.work.order": _WORK,
}
"""Business object → how its record in Odoo is found."""

_LINKS: Final = ("https://", "http://")
TOO_LARGE: Final = "odoo.too_large"


class FileDocument(Upsert):
    """Document → ir.attachment."""

    name: ClassVar[str] = "document"
    accepts: ClassVar[tuple[type, ...]] = (Document,)
    needs: ClassVar[Needs] = {
        "ir.attachment": ("name", "type", "res_model", "res_id", "url", "datas", "mimetype", "checksum"),
    }
    model = "ir.attachment"
    kind = "document"
    noun = "document"

    async def values(self, session: Session, thing: Document, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        kind = _checked(thing, session.settings.attachment_bytes)
        key = thing.belongs_to.key if thing.belongs_to else ""
        number = found((await session.references.find(kind, [key]))[key])["id"]
        title = thing.title if thing.revision == 1 else f"{thing.title} (rev. {thing.revision})"
        about = {"name": title, "res_model": kind.model, "res_id": number}
        if thing.content is None:
            return {**about, "type": "url", "url": thing.place}
        return {**about, "type": "binary", "mimetype": thing.media_type, "datas": thing.content}

    async def shown(self, session: Session, record: Record) -> int | None:
        """See `Upsert.shown`: by the checksum, so that the content is not read back."""
        target = await session.client.reference(record.xml_id)
        if target is None or target[0] != self.model or not target[1]:
            return None
        compared = {name: text for name, text in record.head.items() if name not in ("datas", "mimetype")}
        if content := record.head.get("datas"):
            compared["checksum"] = sha1(b64decode(content), usedforsecurity=False).hexdigest()
        rows = await session.client.read(self.model, [target[1]], list(compared))
        same = bool(rows) and all(str(rows[0][name] or "") == text for name, text in compared.items())
        return target[1] if same else None

    async def write(self, session: Session, records: Sequence[Record], tasks: Sequence[Task]) -> None:
        """See `Upsert.write`. Each in a call of its own: contents are large. What is there is not sent again."""
        for record in records:
            if record.task.outcome is None:
                record.number = await self.shown(session, record)
                if record.number is None:
                    await super().write(session, [record], tasks)


def _checked(thing: Document, limit: int) -> Kind:
    """How the record is found that it belongs to. Raises `Rejected` for what cannot be filed."""
    where = thing.belongs_to
    kind = FILED_WITH.get(where.object) if where is not None else None
    about = f"The document {thing.number}"
    if kind is None:
        known = ", ".join(sorted(FILED_WITH))
        words = f"{about} does not say to which record of Odoo it belongs: `belongs_to` names none of {known}."
        raise Rejected("odoo.validation", words)
    if thing.confidential:
        words = f"{about} is confidential, and Odoo shows attachments to all who see the record. It is not filed there."
        raise Rejected("odoo.validation", words)
    if thing.content is None and not thing.place.startswith(_LINKS):
        words = f"{about} comes without its content, and where it lies is no address that Odoo could open."
        raise Rejected("odoo.validation", f"{words} Send the content, or an address (https://).")
    if thing.content is not None and len(thing.content) * 3 // 4 > limit:
        size = f"{len(thing.content) * 3 // 4 / 1e6:.1f} MB"
        words = f"{about} has {size}, more than `attachment_bytes` of this endpoint allows ({limit / 1e6:.1f} MB)."
        raise Rejected(TOO_LARGE, f"{words} Raise that, or send an address instead.")
    return kind
