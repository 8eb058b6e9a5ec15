"""`ownership.toml`: what it says, and everything that is wrong with it, found before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hilum.canonical import Customer, Item, Supplier, SupplierPrice
from hilum.connector import Target
from hilum.connectors import odoo
from hilum.connectors.encoding import encode
from hilum.errors import SettingsError
from hilum.flow import Flow, Project
from hilum.masterdata.ownership import Matrix, Others, load_matrix
from support.doubles import Feed, Receiver
from support.projects import make_flow, make_project

pytestmark = pytest.mark.req("MD-1")

SYSTEMS = '[systems]\nODOO = ["odoo.main"]\nSRM = ["http.srm"]\nEAM = []\n'


def flow_to(endpoint: str, system: str, name: str = "suppliers") -> Flow:
    made = make_flow(Feed(name), name=f"test.{name}", system=system)
    made.deliver_to(Target(endpoint=endpoint, accepts=(Supplier,), encode=encode, connector=Receiver()))
    return made


def project(folder: Path, text: str, *flows: Flow) -> Project:
    (folder / "ownership.toml").write_text(text, encoding="utf-8")
    mine = flows or (flow_to("odoo.main", "SRM"), flow_to("http.srm", "ODOO", "back"))
    return make_project(folder, *mine)


def matrix(folder: Path, text: str, *flows: Flow) -> Matrix:
    return load_matrix(project(folder, SYSTEMS + text, *flows))


def wrong(folder: Path, text: str, *flows: Flow) -> str:
    with pytest.raises(SettingsError) as found:
        matrix(folder, text, *flows)
    assert "ownership.toml" in str(found.value)
    return str(found.value)


def test_without_the_file_nothing_is_governed(tmp_path: Path) -> None:
    assert not load_matrix(make_project(tmp_path, flow_to("odoo.main", ""))).objects


def test_the_most_special_line_says_who_owns_a_field(tmp_path: Path) -> None:
    found = matrix(
        tmp_path,
        '[[owned]]\nobject = "hilum.supplier"\nowner = "SRM"\nothers = "ignore"\n'
        '[[owned]]\nobject = "hilum.supplier"\nfacility = "NORTH"\nowner = "EAM"\n'
        '[[owned]]\nobject = "hilum.supplier"\nfields = ["phone"]\nowner = "ODOO"\nothers = "accept_if_empty"\n'
        '[[owned]]\nobject = "hilum.supplier"\nfields = ["phone"]\nfacility = "NORTH"\nowner = "SRM"\n',
    )
    assert found.rule("hilum.supplier", "title").owner == "SRM"
    assert found.rule("hilum.supplier", "title", "NORTH").owner == "EAM"
    assert found.rule("hilum.supplier", "phone").owner == "ODOO"
    assert found.rule("hilum.supplier", "phone").others is Others.ACCEPT_IF_EMPTY
    assert found.rule("hilum.supplier", "phone", "NORTH").owner == "SRM"
    assert found.rule("hilum.supplier", "phone", "SOUTH").owner == "ODOO"
    assert not found.rule("hilum.item", "title").owner


def test_who_owns_one_thing_may_be_said_by_another(tmp_path: Path) -> None:
    found = matrix(
        tmp_path,
        '[[owned]]\nobject = "hilum.supplier"\nowner = "SRM"\n'
        '[[owned]]\nobject = "hilum.item"\nsame_as = "hilum.supplier.phone"\n',
    )
    assert found.rule("hilum.item", "cost").owner == "SRM"


def test_a_flow_speaks_for_the_system_of_its_source(tmp_path: Path) -> None:
    source = Feed("odoo")
    source.endpoint = "odoo.main"  # type: ignore[attr-defined]  # as sources that read from an endpoint have it
    back = make_flow(source, name="test.back")
    back.deliver_to(Target(endpoint="http.srm", accepts=(Supplier,), encode=encode, connector=Receiver()))
    there = flow_to("odoo.main", "SRM")
    found = matrix(tmp_path, '[[owned]]\nobject = "hilum.supplier"\nowner = "SRM"\n', there, back)
    assert found.system_of(back) == "ODOO"
    assert found.captured([there, back]) == {"ODOO", "SRM"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[owned]]\nobject = "hilum.suplier"\n', "line 5: there is no object 'hilum.suplier'"),
        ('[[owned]]\nobject = "hilum.supplier"\nfields = ["fon"]\n', "line 5: hilum.supplier has no field 'fon'"),
        ('[[owned]]\nobject = "hilum.supplier"\nowner = "SAP"\n', "its owner SAP is not under"),
        ('[[owned]]\nobject = "hilum.supplier"\nowner = "SRM"\nsame_as = "hilum.item"\n', "write one of them"),
        ('[[owned]]\nobject = "hilum.supplier"\nsame_as = "hilum.nothing"\n', "is no object"),
        ('[[owned]]\nobject = "hilum.supplier"\nsame_as = "hilum.item"\n', "nobody says who owns hilum.item"),
        ('[[owned]]\nobject = "hilum.supplier"\nothers = "shout"\n', "owned.0.others"),
        ('[[owned]]\nobject = "hilum.supplier"\nownr = "SRM"\n', "owned.0.ownr: there is no such setting"),
        ("[[owned]\n", "is not valid TOML"),
        (
            2 * '[[owned]]\nobject = "hilum.supplier"\nowner = "SRM"\n',
            "line 8: who owns hilum.supplier is said in line 5 already",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    assert words in wrong(tmp_path, text)


def test_ownership_in_a_circle_is_told_with_the_whole_way(tmp_path: Path) -> None:
    words = wrong(
        tmp_path,
        '[[owned]]\nobject = "hilum.supplier"\nsame_as = "hilum.item.cost"\n'
        '[[owned]]\nobject = "hilum.item"\nfields = ["cost"]\nsame_as = "hilum.location"\n'
        '[[owned]]\nobject = "hilum.location"\nsame_as = "hilum.supplier"\n',
    )
    assert "ownership goes in a circle" in words
    assert "hilum.supplier (line 5) → hilum.item.cost (line 8) → hilum.location (line 12) → hilum.supplier" in words


def test_systems_and_flows_must_fit(tmp_path: Path) -> None:
    line = '[[owned]]\nobject = "hilum.supplier"\nowner = "SRM"\n'
    silent = flow_to("odoo.main", "")
    assert "does not say for which system it speaks" in wrong(tmp_path, line, silent, flow_to("http.srm", "ODOO", "b"))
    stranger = flow_to("odoo.main", "SAP")
    assert "speaks for SAP" in wrong(tmp_path, line, stranger, flow_to("http.srm", "ODOO", "b"))
    twice = '[systems]\nODOO = ["odoo.main"]\nSRM = ["odoo.main"]\n'
    with pytest.raises(SettingsError, match="it can be of one"):
        load_matrix(project(tmp_path, twice))
    with pytest.raises(SettingsError, match=r"no flow uses an endpoint odoo\.other"):
        load_matrix(project(tmp_path, '[systems]\nODOO = ["odoo.other"]\nSRM = []\n'))


def upserting(**more: Any) -> Flow:
    """SRM owns suppliers; a flow of another system writes contacts of Odoo."""
    made = make_flow(Feed("rows"), name="test.rows", system="EAM")
    declared = {"columns": ["name"], "fields": lambda thing: {"name": thing.title}, "key": lambda thing: thing.code}
    made.deliver_to(odoo.upsert("odoo.main", "res.partner", **(declared | more)))
    return made


OWNED = '[[owned]]\nobject = "hilum.supplier"\nowner = "SRM"\n'


@pytest.mark.parametrize("model", ["res.partner", "res.partner.bank", "res.users"])
def test_an_upsert_into_a_model_of_a_governed_object_says_what_it_writes(tmp_path: Path, model: str) -> None:
    rest = flow_to("http.srm", "ODOO", "b")
    silent = make_flow(Feed("rows"), name="test.rows", system="EAM")
    silent.deliver_to(odoo.upsert("odoo.main", model, columns=["name"], fields=dict, key=str))
    assert f"test.rows writes {model} at odoo.main by upsert" in wrong(tmp_path, OWNED, silent, rest)
    assert "records can be hilum.supplier," in wrong(tmp_path, OWNED, upserting(kind="supplier"), rest)
    matrix(tmp_path, OWNED, upserting(writes="wards, which nobody owns"), rest)
    matrix(tmp_path, OWNED, upserting(writes=Supplier, kind="supplier"), rest)
    matrix(tmp_path, '[[owned]]\nobject = "hilum.item"\nowner = "SRM"\n', upserting(), rest)  # no model of items


def test_an_upsert_that_writes_an_object_takes_only_that_and_speaks_for_a_system(tmp_path: Path) -> None:
    made = upserting(writes=Supplier)
    (target,) = made.targets
    assert target.accepts == (Supplier,)
    assert not target.takes({"title": "x"})
    made.system = ""
    assert "does not say for which system it speaks" in wrong(tmp_path, OWNED, made, flow_to("http.srm", "ODOO", "b"))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"writes": "no suppliers, honestly", "kind": "supplier"}, "are those of hilum.supplier"),
        ({"writes": Customer, "kind": "supplier"}, "is of hilum.supplier, not of hilum.customer"),
        ({"writes": Item}, "res.partner is of hilum.supplier, hilum.customer"),
        ({"writes": Supplier, "accepts": (dict,)}, "leave out `accepts`"),
        ({"columns": []}, "must name the columns"),
        ({"columns": ["name", "id"]}, "the hub itself writes the column id"),
    ],
)
def test_what_an_upsert_says_must_be_possible(more: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        upserting(**more)


def test_an_upsert_writes_no_column_that_it_does_not_name() -> None:
    target = odoo.upsert("odoo.main", "x.thing", columns=["name"], fields=lambda n: {"title": n}, key=str)
    with pytest.raises(SettingsError, match="writes title, which its `columns` do not name"):
        target.encode("a")


def test_what_cannot_look_before_it_writes_does_not_fill_fields_of_others(tmp_path: Path) -> None:
    """Odoo owns prices and tells of them: a target that writes whole prices would overwrite what it has."""
    line = '[[owned]]\nobject = "hilum.supplier.price"\nowner = "ODOO"\nothers = "{others}"\n'
    prices = make_flow(Feed("prices"), name="test.prices", system="SRM")
    prices.deliver_to(odoo.supplier_price("odoo.main"))
    back = flow_to("http.srm", "ODOO", "back")
    words = wrong(tmp_path, line.format(others="accept_if_empty"), prices, back)
    assert "line 5: others may only fill fields of hilum.supplier.price in ODOO" in words
    assert "test.prices writes it at odoo.main by supplier_price, which cannot look before it writes" in words
    matrix(tmp_path, line.format(others="ignore"), prices, back)
    assert prices.targets[0].overwrites == (SupplierPrice,)
    suppliers = make_flow(Feed("suppliers"), name="test.suppliers", system="SRM")
    suppliers.deliver_to(odoo.supplier("odoo.main"))
    filled = '[[owned]]\nobject = "hilum.supplier"\nowner = "ODOO"\nothers = "accept_if_empty"\n'
    matrix(tmp_path, filled, suppliers, back)
