"""Which records of Odoo become which business objects: one visible table, with what Odoo does not keep and why.

Everything that the Odoo destination writes is read back here, as far as Odoo keeps it; a test writes each object into
Odoo, captures it, and compares. What cannot be captured at all is in `NOT_CAPTURED`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.packs.odoo.captured import Captured
from hilum.packs.odoo.conventions import Conventions
from hilum.packs.odoo.document_objects import DOCUMENTS
from hilum.packs.odoo.master_objects import MASTER
from hilum.packs.odoo.records import Record

CAPTURED: Final[tuple[Captured, ...]] = (*MASTER, *DOCUMENTS)
"""What stands comes first: documents name it."""

NOT_CAPTURED: Final[Mapping[type[BusinessObject], str]] = {
    canonical.Encounter: "Odoo's community modules have no place for a stay; invoices and charges carry its number.",
    canonical.OrderAcknowledgement: "what it changed is told by the order; the note in its chatter is for people.",
    canonical.DocumentStatus: "a note on the request of a department, for people.",
    canonical.Document: "an attachment names its record by a number only, and its content is no field of a feed.",
}
"""What the Odoo destination takes and no record of Odoo tells of, with the reason."""


def objects_in(record: Record, odoo: Conventions, lines: Sequence[Captured] = CAPTURED) -> list[Any]:
    """The business objects that a captured record tells of. Raises `Invalid`, `Unmapped`."""
    made = (each.read(record, odoo) for each in lines if each.model == record.model)
    return [thing for thing in made if thing is not None]
