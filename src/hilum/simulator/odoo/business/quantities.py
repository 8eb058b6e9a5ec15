"""What of a move goes, and what is only reserved: one quantity since 17, two before.

Since 17 a move has `quantity`, which the server fills when it reserves, and `picked`. In 16 what is reserved
(`reserved_uom_qty` of a detailed line) is apart from what is done (`quantity_done`, `qty_done`), and validating a
transfer of which nothing is done asks whether all that is reserved shall go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hilum.simulator.odoo.business.units import converted
from hilum.simulator.odoo.orm.record import Env, Record


def of_move(env: Env) -> str:
    """The field of a move that says what goes."""
    return "quantity" if env.since(17) else "quantity_done"


def of_line(env: Env) -> str:
    """The field of a detailed line that says what goes."""
    return "quantity" if env.since(17) else "qty_done"


def done(move: Record) -> float:
    """What goes of a move, in its unit."""
    return float(move[of_move(move.env)])


def line_done(line: Record) -> float:
    """What goes of a detailed line, in its unit."""
    return float(line[of_line(line.env)])


def is_picked(record: Record) -> bool:
    """Is it marked to go? There is no mark before 17: what is done goes."""
    return bool(record["picked"]) if record.env.since(17) else True


def picked(env: Env) -> dict[str, Any]:
    """The mark of what went, where the version has one."""
    return {"picked": True} if env.since(17) else {}


def reserved(move: Record) -> float:
    """What is reserved for a move, in its unit; since 17 that is its quantity."""
    return done(move) if move.env.since(17) else float(sum(line["reserved_uom_qty"] for line in _lines(move)))


def reserve(move: Record, quantity: float) -> None:
    """Reserve so much in all."""
    if move.env.since(17):
        set_done(move, quantity)
        return
    lines = _lines(move)
    if lines:
        others = sum(line["reserved_uom_qty"] for line in lines[1:])
        lines[0].set(reserved_uom_qty=max(0.0, quantity - others))
    elif quantity:
        move.env["stock.move.line"].create({"move_id": move.id, "reserved_uom_qty": quantity})


def set_done(move: Record, quantity: float) -> None:
    """Let so much of a move go: its first line takes the difference, or a line is made."""
    env, lines = move.env, _lines(move)
    if not lines:
        move.set(**{of_move(env): quantity})
        if quantity:
            mark = {"picked": move["picked"]} if env.since(17) else {}
            env["stock.move.line"].create({"move_id": move.id, of_line(env): quantity, **mark})
        return
    others = sum(line_done(line) for line in lines[1:])
    lines[0].set(**{of_line(env): max(0.0, quantity - others)})
    move.set(**{of_move(env): quantity})


def add_up(move: Record) -> None:
    """What goes of a move is the sum of its lines; a picked line makes the move picked."""
    lines = _lines(move)
    unit = move.the("product_uom")
    total = sum(converted(line_done(each), each.one("product_uom_id") or unit, unit) for each in lines)
    mark = {"picked": any(each["picked"] for each in lines)} if move.env.since(17) else {}
    move.set(**{of_move(move.env): total}, **mark)


def _lines(move: Record) -> Sequence[Record]:
    return move.many("move_line_ids")
