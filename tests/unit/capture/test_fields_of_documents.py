"""Which fields a feed reads, as `fields` says it."""

from __future__ import annotations

import pytest

from hilum.connectors import odoo
from hilum.connectors.odoo.capture.documents import CODES, DOCUMENTS, read_fields, wishes
from hilum.errors import SettingsError

ORDER = "purchase.order"


def test_fields_of_lines_are_named_behind_a_dot() -> None:
    assert wishes(ORDER, ["name", "order_line.price_unit", "order_line.tax_ids"]) == {
        "name": [""],
        "order_line": ["price_unit", "tax_ids"],
    }
    assert wishes(ORDER, ["*", "order_line"]) == {"*": [], "order_line": [""]}


@pytest.mark.parametrize("name", ["", ".price_unit", "order_line."])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=r"fields of purchase\.order: `.*` is no name of a field"):
        wishes(ORDER, [name])


@pytest.mark.parametrize(
    ("names", "read"),
    [
        ([], {ORDER: set(), "purchase.order.line": set()}),
        (["*"], {ORDER: set(), "purchase.order.line": set()}),
        (["name", "note?"], {ORDER: {"name"}}),
        (["order_line"], {ORDER: {"order_line"}, "purchase.order.line": set()}),
        (["order_line.price_unit"], {ORDER: {"order_line"}, "purchase.order.line": {"price_unit"}}),
    ],
)
def test_what_an_endpoint_needs_for_it(names: list[str], read: dict[str, set[str]]) -> None:
    assert read_fields(ORDER, names) == read


def test_lines_of_lines_are_needed_too() -> None:
    assert set(read_fields("stock.picking", [])) == {"stock.picking", "stock.move", "stock.move.line"}
    named = read_fields("stock.picking", ["move_ids.move_line_ids.lot_id"])
    assert named["stock.move.line"] == {"lot_id"}


def test_flows_of_one_source_read_what_both_ask_for() -> None:
    first = odoo.changes("odoo.main", models=[ORDER])
    first.share(odoo.changes("odoo.main", models=[ORDER], fields={ORDER: ["picking_ids.name"]}))
    assert first.models == {ORDER: ("*", "picking_ids.name")}
    other = odoo.changes("odoo.main", models=["res.users"])
    other.share(odoo.changes("odoo.main", models=[ORDER], fields={ORDER: ["name"]}))
    assert other.models == {"res.users": (), ORDER: ("name",)}


def test_the_tables_name_each_model_once() -> None:
    for lines in DOCUMENTS.values():
        fields = [each.field for each in lines]
        assert len(fields) == len(set(fields))
        assert all(each.fields and each.document for each in lines)
    assert list(CODES) == sorted(CODES)
