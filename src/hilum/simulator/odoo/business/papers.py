"""What hangs at records: attachments, and messages of the chatter."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from hashlib import sha1
from typing import Any, ClassVar

from hilum.simulator.odoo.business.base import company
from hilum.simulator.odoo.errors import MissingError, ValueFault
from hilum.simulator.odoo.orm.access import USER, rights
from hilum.simulator.odoo.orm.fields import (
    Columns,
    binary,
    boolean,
    char,
    choice,
    html,
    integer,
    many2one,
    many2one_reference,
    moment,
    text,
)
from hilum.simulator.odoo.orm.model import Model, Values
from hilum.simulator.odoo.orm.record import Record


def _check_target(record: Record, model: str) -> None:
    """Raise MissingError where the record that it hangs at is not there."""
    env, number = record.env, record["res_id"]
    if record[model] and number and (record[model] not in env.store.tables or number not in env[record[model]].table):
        raise MissingError(
            f"Record does not exist or has been deleted.\n(Record: {record[model]}({number},), User: {env.uid})"
        )


class Attachment(Model):
    """A file or a link at a record. Size and checksum follow from the content."""

    name = "ir.attachment"
    label = "Attachment"
    order = "id desc"
    rights = rights(read=USER, change=USER)
    columns: ClassVar[Columns] = {
        "name": char("Name", required=True),
        "description": text("Description"),
        "type": choice("Type", (("url", "URL"), ("binary", "File")), required=True, default="binary"),
        "res_model": char("Resource Model", index=True),
        "res_id": many2one_reference("Resource ID", index=True),
        "url": char("Url"),
        "datas": binary("File Content (base64)"),
        "mimetype": char("Mime Type"),
        "file_size": integer("File Size", readonly=True),
        "checksum": char("Checksum/SHA1", readonly=True, index=True),
        "public": boolean("Is public document"),
        "company_id": many2one("res.company", "Company", default=company),
    }

    def after_create(self, record: Record, given: Values) -> None:
        """Its record must be there."""
        _check_target(record, "res_model")
        self._measure(record, given)

    def after_write(self, record: Record, given: Values) -> None:
        """The content may be another one."""
        self._measure(record, given)

    def _measure(self, record: Record, given: Values) -> None:
        if "datas" not in given:
            return
        try:
            content = b64decode(record["datas"] or "")
        except NotBase64 as error:
            raise ValueFault(str(error)) from None
        checksum = sha1(content, usedforsecurity=False).hexdigest()
        values: dict[str, Any] = {"file_size": len(content), "checksum": checksum}
        if not record["mimetype"]:
            values["mimetype"] = "application/octet-stream"
        record.set(**values)


class Subtype(Model):
    """What sort of message it is."""

    name = "mail.message.subtype"
    label = "Message subtypes"
    module = "mail"
    rights = rights(read=USER, change=())
    columns: ClassVar[Columns] = {
        "name": char("Message Type", required=True),
        "internal": boolean("Internal Only"),
    }


class Message(Model):
    """A message or note in the chatter of a record."""

    name = "mail.message"
    label = "Message"
    module = "mail"
    order = "id desc"
    rights = rights(read=USER, change=USER)
    columns: ClassVar[Columns] = {
        "model": char("Related Document Model", index=True),
        "res_id": many2one_reference("Related Document ID", index=True),
        "subject": char("Subject"),
        "body": html("Contents"),
        "message_type": choice(
            "Type",
            (
                ("email", "Incoming Email"),
                ("comment", "Comment"),
                ("notification", "System notification"),
                ("user_notification", "User Specific Notification"),
            ),
            required=True,
            default="comment",
        ),
        "subtype_id": many2one("mail.message.subtype", "Subtype"),
        "author_id": many2one("res.partner", "Author"),
        "date": moment("Date", default=lambda env: env.second),
    }

    def title(self, record_id: int) -> str:
        """What it is about."""
        return str(self.table[record_id].get("subject") or "")

    def after_create(self, record: Record, given: Values) -> None:
        """Its record must be there."""
        _check_target(record, "model")
