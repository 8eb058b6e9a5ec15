"""How a transfer is confirmed, reserved, carried out and cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hilum.simulator.odoo.business import quantities
from hilum.simulator.odoo.business.products import is_stocked
from hilum.simulator.odoo.business.stock import shift
from hilum.simulator.odoo.business.units import converted
from hilum.simulator.odoo.errors import UserError
from hilum.simulator.odoo.orm.record import Env, Record

OPEN = ("draft", "waiting", "confirmed", "partially_available", "assigned")
OURS = ("internal", "transit")
_EXPIRY = "expiration_date"


def reference(move: Record) -> str:
    """What the move belongs to, in words."""
    picking = move.one("picking_id")
    if picking is not None:
        return str(picking["name"])
    scraps = [move.one("scrap_id")] if move.env.since(17) else move.many("scrap_ids")
    return str(scraps[0]["name"] if scraps and scraps[0] is not None else move["origin"] or "")


def in_product_unit(record: Record, quantity: float, unit_field: str) -> float:
    """A quantity of a move, line or scrap in the unit of its product."""
    product = record.the("product_id")
    unit = record.one(unit_field)
    return converted(quantity, unit, product.the("uom_id")) if unit is not None else quantity


def confirm(picking: Record) -> None:
    """Draft becomes confirmed and is reserved."""
    drafts = [move for move in picking.many("move_ids") if move["state"] == "draft"]
    for move in drafts:
        move.set(state="confirmed")
    if picking["state"] == "draft":
        if not picking["move_ids"]:
            raise UserError("Nothing to check the availability for.")
        picking.set(state="confirmed")
    if drafts:
        reserve(picking)


def reserve(picking: Record) -> None:
    """Reserve the demand; from a place of ours only as far as stock is there."""
    for move in picking.many("move_ids"):
        if move["state"] not in ("confirmed", "partially_available"):
            continue
        demand = move["product_uom_qty"]
        before = quantities.reserved(move)
        at_hand = demand if before >= demand else _at_hand(move)
        quantity = max(before, min(demand, at_hand))
        if quantity != before:
            quantities.reserve(move, quantity)
        ready = "assigned" if quantity >= demand else "partially_available" if quantity > 0 else "confirmed"
        move.set(state=ready)
    states = {move["state"] for move in picking.many("move_ids")} - {"done", "cancel"}
    if states:
        picking.set(state="assigned" if states == {"assigned"} or "partially_available" in states else "confirmed")


def _at_hand(move: Record) -> float:
    source = move.the("location_id")
    product = move.the("product_id")
    if source["usage"] not in OURS or not is_stocked(product):
        return float(move["product_uom_qty"])
    below = move.env["stock.location"].find([["id", "child_of", source.id]])
    quants = move.env["stock.quant"].search([["product_id", "=", product.id], ["location_id", "in", below]])
    return float(sum(quant["quantity"] for quant in quants))


def add_up(line: Record) -> None:
    """An open move follows its lines."""
    move = line.one("move_id")
    if move is not None and move["state"] in OPEN:
        quantities.add_up(move)


def move_for_line(env: Env, values: Mapping[str, Any]) -> Record | None:
    """The move that a new line belongs to: the named one, else the transfer's move of that product."""
    if values.get("move_id"):
        return env.record("stock.move", values["move_id"])
    if not values.get("picking_id") or not values.get("product_id"):
        return None
    for move in env.record("stock.picking", values["picking_id"]).many("move_ids"):
        if move["product_id"] == values["product_id"] and move["state"] in OPEN:
            return move
    given = {"picking_id": values["picking_id"], "product_id": values["product_id"], "product_uom_qty": 0.0}
    return env["stock.move"].create(given)


def validate(pickings: Sequence[Record]) -> bool | dict[str, Any]:
    """Carry out; True, or a wizard where the context does not say what a person would have to decide."""
    todo = [picking for picking in pickings if picking["state"] not in ("done", "cancel")]
    for picking in todo:
        confirm(picking)
    partial = [picking for picking in todo if _is_part(picking)]
    for picking in todo:
        _check_quantities(picking)
        _check_lots(picking)
    untouched = [picking for picking in todo if not _taken(picking)]  # only before 17: reserved, and none of it done
    if untouched:
        return _wizard("stock.immediate.transfer", "Immediate Transfer?", untouched)
    if partial and not pickings[0].env.context.get("skip_backorder"):
        return _wizard("stock.backorder.confirmation", "Create Backorder?", partial)
    _check_sender(partial)
    for picking in todo:
        _carry_out(picking)
    return True


def _open_moves(picking: Record) -> list[Record]:
    return [move for move in picking.many("move_ids") if move["state"] in OPEN]


def _taken(picking: Record) -> list[Record]:
    """The moves that go: the picked ones if any is picked, else all with a quantity."""
    moves = [move for move in _open_moves(picking) if quantities.done(move) > 0]
    picked = [move for move in moves if quantities.is_picked(move)]
    return picked or moves


def _is_part(picking: Record) -> bool:
    going = {move.id for move in _taken(picking)}
    return bool(going) and any(
        move.id not in going or quantities.done(move) < move["product_uom_qty"] for move in _open_moves(picking)
    )


def _check_quantities(picking: Record) -> None:
    if _taken(picking) or any(quantities.reserved(move) for move in _open_moves(picking)):
        return
    if picking.env.since(19):
        raise UserError("Transfer trouble alert!\nYou cannot validate a transfer without any quantity.")
    if picking.env.since(17):
        words, cure = "reserved", "encode quantities"
    else:
        words, cure = "reserved nor done", "switch in edit mode and encode the done quantities"
    raise UserError(f"You cannot validate a transfer if no quantities are {words}. To force the transfer, {cure}.")


def _check_lots(picking: Record) -> None:
    tracked = [move for move in _taken(picking) if move.the("product_id")["tracking"] != "none"]
    lacking = [
        move.the("product_id")["name"]
        for move in tracked
        if any(not each["lot_id"] and not each["lot_name"] for each in _going(move))
    ]
    if lacking:
        names = "\n".join(f"- {name}" for name in dict.fromkeys(lacking))
        raise UserError(f"You need to supply a Lot/Serial Number for product:\n{names}")
    for move in tracked:
        if move.the("product_id")["tracking"] == "serial" and picking["picking_type_code"] == "incoming":
            _check_serials(move)


def _going(move: Record) -> list[Record]:
    """The detailed lines of which something goes."""
    return [line for line in move.many("move_line_ids") if quantities.line_done(line)]


def _check_serials(move: Record) -> None:
    product = move.the("product_id")["name"]
    for line in move.many("move_line_ids"):
        lot = _lot(line, make=False)
        if lot is not None and lot["product_qty"] > 0:
            raise UserError(
                f"The serial number has already been assigned: \n Product: {product}, Serial Number: {lot['name']}"
            )


def _check_sender(partial: Sequence[Record]) -> None:
    """A part posts a note in the user's name, which needs an e-mail address."""
    for picking in partial:
        user = picking.env.record("res.users", picking.env.uid)
        if not user["email"]:
            raise UserError("Unable to send message, please configure the sender's email address.")


def _wizard(model: str, title: str, about: Sequence[Record]) -> dict[str, Any]:
    return {
        "type": "ir.actions.act_window",
        "name": title,
        "res_model": model,
        "view_mode": "form",
        "views": [[False, "form"]],
        "target": "new",
        "context": {"default_pick_ids": [[4, picking.id] for picking in about]},
    }


def _carry_out(picking: Record) -> None:
    going = _taken(picking)
    going_ids = {move.id for move in going}
    rest = [
        (move, move["product_uom_qty"] - (quantities.done(move) if move.id in going_ids else 0.0))
        for move in _open_moves(picking)
    ]
    keep_rest = picking.id not in (picking.env.context.get("picking_ids_not_to_backorder") or [])
    for move in going:
        _do(move, picking["owner_id"] or None)
    _settle_rest(picking, [(move, left) for move, left in rest if left > 0], keep=keep_rest)
    picking.set(state="done", date_done=picking.env.second)


def _do(move: Record, owner: int | None) -> None:
    """The owner of the transfer becomes that of all that moves (`_action_done` of stock.picking, 16 to 19)."""
    mark = quantities.picked(move.env)
    for line in _going(move):
        lot = _lot(line, make=True)
        lot_id = lot.id if lot is not None else None
        whose = owner or line["owner_id"] or None
        quantity = in_product_unit(line, quantities.line_done(line), "product_uom_id")
        item, source, target = move["product_id"], move["location_id"], move["location_dest_id"]
        shift(move.env, item, line["location_id"] or source, -quantity, lot_id, whose)
        shift(move.env, item, line["location_dest_id"] or target, quantity, lot_id, whose)
        line.set(lot_id=lot_id, owner_id=whose or False, date=move.env.second, **_expiry(lot), **mark)
    move.set(state="done", date=move.env.second, **mark)
    _tell_order(move)


def _tell_order(move: Record) -> None:
    """What came or went moves the order line and the order, `write_date` included."""
    for link in ("purchase_line_id", "sale_line_id"):
        line = move.one(link)
        if line is not None:
            line.set()
            line.the("order_id").set()


def _lot(line: Record, *, make: bool) -> Record | None:
    if line["lot_id"]:
        return line.one("lot_id")
    if not line["lot_name"]:
        return None
    lots = line.env["stock.lot"]
    found = lots.search([["product_id", "=", line["product_id"]], ["name", "=", line["lot_name"]]], limit=1)
    if found:
        return found[0]
    if not make:
        return None
    return lots.create({"name": line["lot_name"], "product_id": line["product_id"], **_expiry(line)})


def _expiry(known: Record | None) -> dict[str, Any]:
    """What a line tells the lot that is made of it, and a lot with an expiry its lines; nothing without the module."""
    if known is None or _EXPIRY not in known.env.registry.fields[known.model.name]:
        return {}
    return {_EXPIRY: known[_EXPIRY]} if known[_EXPIRY] else {}


def _settle_rest(picking: Record, rest: Sequence[tuple[Record, float]], *, keep: bool) -> None:
    """What is left goes to a new transfer, or is cancelled."""
    if not rest:
        return
    if not keep:
        for move, _left in rest:
            if move["state"] != "done":
                move.set(state="cancel")
        return
    copied = (
        *("partner_id", "picking_type_id", "location_id", "location_dest_id", "origin", "owner_id"),
        *("purchase_id", "sale_id"),
    )
    values = {name: picking[name] or False for name in copied}
    back = picking.env["stock.picking"].create({**values, "backorder_id": picking.id})
    for move, left in rest:
        if move["state"] == "done":
            move.set(product_uom_qty=quantities.done(move))
            _rest_move(move, back, left)
        else:
            for line in move.many("move_line_ids"):
                line.set(picking_id=back.id)
            move.set(picking_id=back.id)
    confirm(back)
    back.set(state="assigned")


def _rest_move(move: Record, back: Record, left: float) -> None:
    copied = (
        "product_id",
        "product_uom",
        "location_id",
        "location_dest_id",
        "purchase_line_id",
        "sale_line_id",
        "price_unit",
    )
    values = {name: move[name] or False for name in copied}
    move.env["stock.move"].create({**values, "picking_id": back.id, "product_uom_qty": left})


def cancel(picking: Record) -> None:
    """Cancel what is not done. Raises UserError for a transfer that is done."""
    if picking["state"] == "done":
        raise UserError(
            "You cannot cancel a stock move that has been set to 'Done'. "
            "Create a return in order to reverse the moves which took place."
        )
    for move in _open_moves(picking):
        move.set(state="cancel")
    picking.set(state="cancel")
