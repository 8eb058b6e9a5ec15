"""What a supplier answers to an order, against what was ordered: differences in words, and the order that it makes."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from hilum.canonical import AcknowledgedLine, LineAnswer, OrderAcknowledgement, OrderLine, PurchaseOrder
from hilum.canonical.conversions import plain, priced

_NOT_NAMED = {LineAnswer.REJECTED: "it is not delivered", LineAnswer.BACKORDERED: "it comes later"}


def differences(order: PurchaseOrder, answer: OrderAcknowledgement) -> list[str]:
    """What the supplier does otherwise than ordered: price, quantity, day, item. None: it does what was ordered."""
    lines = {line.number: line for line in order.lines}
    found = [f"line {line.number}, {line.item}: {_NOT_NAMED[answer.rest]}" for line in not_named(order, answer)]
    for said in answer.lines:
        line = lines.get(said.number)
        if line is None:
            found.append(f"line {said.number} was not ordered")
        else:
            found += [f"line {said.number}, {line.item}: {words}" for words in _of_line(line, said, order)]
    return found


def not_named(order: PurchaseOrder, answer: OrderAcknowledgement) -> list[OrderLine]:
    """The lines that the answer does not name and does not accept either."""
    if answer.rest not in _NOT_NAMED:
        return []
    named = {line.number for line in answer.lines}
    return [line for line in order.lines if line.number not in named]


def as_answered(order: PurchaseOrder, answer: OrderAcknowledgement) -> PurchaseOrder | None:
    """The order as the supplier will fulfil it, with the next revision; none: nothing of it is left.

    A line that is back-ordered stays as it was ordered: it is late, not gone.
    """
    said = {line.number: line for line in answer.lines}
    gone = {line.number for line in not_named(order, answer)} if answer.rest is LineAnswer.REJECTED else set()
    lines = [_as_answered(line, said[line.number]) if line.number in said else line for line in order.lines]
    kept = tuple(line for line in lines if line is not None and line.number not in gone)
    return order.model_copy(update={"lines": kept, "revision": order.revision + 1}) if kept else None


def _of_line(line: OrderLine, said: AcknowledgedLine, order: PurchaseOrder) -> Iterable[str]:
    if said.answer is LineAnswer.REJECTED:
        yield f"it is not delivered{_because(said)}"
        return
    if said.answer is LineAnswer.BACKORDERED:
        yield f"it comes later{f', on {said.delivery_date}' if said.delivery_date else ''}{_because(said)}"
        return
    if said.substitute is not None and said.substitute != line.item:
        yield f"{said.substitute} comes instead"
    if said.unit != line.unit:
        yield f"{plain(said.quantity)} {said.unit} come, {plain(line.quantity)} {line.unit} were ordered"
    elif said.quantity != line.quantity:
        yield f"{plain(said.quantity)} come, {plain(line.quantity)} were ordered"
    if said.unit_price is not None and line.unit_price is not None and said.unit_price != line.unit_price:
        more = (said.unit_price - line.unit_price) * said.quantity
        words = f"{priced(said.unit_price)} for one {line.unit}, ordered at {priced(line.unit_price)}"
        yield f"{words}: {priced(abs(more))}{f' {order.currency}' if order.currency else ''} {_side(more)}"
    if said.delivery_date is not None and line.needed_by is not None and said.delivery_date > line.needed_by:
        yield f"it comes on {said.delivery_date}, needed by {line.needed_by}"


def _as_answered(line: OrderLine, said: AcknowledgedLine) -> OrderLine | None:
    if said.answer is LineAnswer.REJECTED:
        return None
    if said.answer is LineAnswer.BACKORDERED:
        return line
    return line.model_copy(
        update={
            "item": said.substitute or line.item,
            "quantity": said.quantity,
            "unit": said.unit,
            "unit_price": said.unit_price if said.unit_price is not None else line.unit_price,
        }
    )


def _because(said: AcknowledgedLine) -> str:
    return f" ({said.words})" if said.words else ""


def _side(more: Decimal) -> str:
    return "more" if more > 0 else "less"
