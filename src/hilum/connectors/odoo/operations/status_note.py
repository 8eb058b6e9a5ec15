"""What became of a request that a department wrote in Odoo: a note in its chatter, once for each thing that is told.

The request itself stays as it was written: what is bought are orders of their own. The note has an external identifier
of what was told and when, so one that comes again says nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import ClassVar, Final

from hilum.canonical import DocumentStatus
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.external_ids import external_id
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, Operation, found, prepare
from hilum.connectors.odoo.references import AGREEMENT, ORDER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected, Unsure
from hilum.message import Delivered

_KIND: Final = "statusnote"  # of the external identifier of the note
_NOTE: Final = "mail.message"

Place = tuple[str, int]
"""Model and number of the record that is told."""


class NoteStatus(Operation):
    """DocumentStatus → a note on purchase.order, or on purchase.requisition where no order has that number."""

    name: ClassVar[str] = "status_note"
    accepts: ClassVar[tuple[type, ...]] = (DocumentStatus,)
    needs: ClassVar[Needs] = {
        "purchase.order": ("name",),
        _NOTE: ("model", "res_id", "body", "message_type", "subtype_id"),
    }

    def effect(self, thing: DocumentStatus, prefix: str) -> str:
        """See `Operation.effect`: the note."""
        return external_id(_KIND, _key(thing), prefix=prefix)

    async def landed(self, session: Session, task: Task) -> Delivered | Unsure | None:
        """See `Operation.landed`: the note is there."""
        noted = await session.client.reference(session.xml_id(_KIND, _key(task.thing)))
        if noted is None or not noted[1]:
            return None
        return _delivered((await _places(session, [task.thing.document]))[task.thing.document], task.thing)

    async def run(self, session: Session, tasks: Sequence[Task]) -> None:
        """See `Operation.run`."""
        places = await _places(session, [task.thing.document for task in tasks])
        noted = await session.client.references([session.xml_id(_KIND, _key(task.thing)) for task in tasks])

        async def tell(task: Task) -> None:
            thing: DocumentStatus = task.thing
            name = session.xml_id(_KIND, _key(thing))
            place = places[thing.document]
            if isinstance(place, Rejected):
                raise place
            there = noted[name]
            if there is None or not there[1]:
                await _note(session, task, place, name, tasks)
            if task.outcome is None:
                task.outcome = _delivered(place, thing)

        await prepare(tasks, tell)


async def _places(session: Session, numbers: Sequence[str]) -> dict[str, Place | Rejected]:
    """The record of each number; where no request has it, the agreement or template of that number."""
    orders = await session.references.find(ORDER, numbers)
    missing = [number for number in numbers if isinstance(orders[number], Rejected)]
    others: Mapping[str, Row | Rejected] = await session.references.find(AGREEMENT, missing) if missing else {}
    places: dict[str, Place | Rejected] = {}
    for number, order in orders.items():
        other = others.get(number)
        if not isinstance(order, Rejected):
            places[number] = (ORDER.model, order["id"])
        else:
            places[number] = (AGREEMENT.model, found(other)["id"]) if isinstance(other, dict) else order
    return places


def _key(thing: DocumentStatus) -> str:
    """A status may be told again, as of a second arrival: the moment tells them apart."""
    return f"{thing.business_key}:{thing.at.isoformat()}"


def _delivered(place: Place | Rejected, thing: DocumentStatus) -> Delivered:
    reference = f"{place[0]}:{place[1]} {thing.document}" if not isinstance(place, Rejected) else thing.document
    return Delivered(reference=reference, words=f"That {thing.document} is “{thing.status}” is noted there in Odoo.")


async def _note(session: Session, task: Task, place: Place, name: str, tasks: Sequence[Task]) -> None:
    thing: DocumentStatus = task.thing
    model, number = place
    orders = f" ({escape(', '.join(thing.references))})" if thing.references else ""
    words = f": {escape(thing.words)}" if thing.words else ""
    head = {
        "model": model,
        "res_id": cell(number),
        "message_type": "comment",
        "subtype_id/id": "mail.mt_note",
        "body": f"<p><b>{escape(thing.status)}</b>{orders}{words}</p>",
    }
    record = Record(task=task, xml_id=name, head=head, about=f"what became of {thing.document}")
    await session.loader(_NOTE, {}).load([record], tasks)
