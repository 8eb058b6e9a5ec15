"""A contract says what a flow takes, yields and delivers; what breaks it is found with its place and refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import orjson
import pytest
from pydantic import BaseModel, Field, create_model
from typer.testing import CliRunner

from hilum.canonical import Charge, PurchaseOrder, SupplyConsumed
from hilum.cli import app
from hilum.connectors import files, masterdata, mllp
from hilum.errors import Invalid
from hilum.flow import Flow, Lookup
from hilum.governance import Verdict, accept, accepted, contract_of, gaps, verdicts
from hilum.governance.compatibility import INPUT, OUTPUT, Comparison
from support.doubles import Feed, Receiver
from support.projects import make_flow

pytestmark = pytest.mark.req("MOD-6")


class Line(BaseModel):
    """A line of an order."""

    item: str = Field(max_length=20)
    quantity: int = Field(ge=1)


class Order(BaseModel):
    """What a partner sends."""

    number: str
    urgency: Literal["low", "high"] = "low"
    note: str | None = None
    lines: list[Line]


def pain_001(parsed: Order, hub: Lookup) -> Iterator[bytes]:
    """A whole document."""
    yield b"<Document/>"


def charges(parsed: Order, hub: Lookup) -> Iterator[Charge | SupplyConsumed]:
    """Only its annotation counts here."""
    yield from ()


def flow(version: str = "1.0", **more: Any) -> Flow:
    """An interface with a typed input."""
    return make_flow(
        more.pop("source", Feed()), Receiver(), **{"version": version, "translate": charges, "input": Order, **more}
    )


def test_a_contract_says_what_is_taken_yielded_and_delivered() -> None:
    contract = contract_of(flow())
    assert contract["input"]["schema"]["properties"].keys() == {"number", "urgency", "note", "lines"}
    assert list(contract["output"]) == ["hilum.charge", "hilum.supply.consumed"]
    assert contract["output"]["hilum.charge"]["schema"]["$id"] == "urn:hilum:schema:hilum.charge:1.0"
    assert contract["deliveries"] == [{"endpoint": "memory.main", "operation": "", "takes": []}]


def test_a_body_that_does_not_fit_the_input_names_the_place() -> None:
    found = flow().read(orjson.dumps({"number": "1", "lines": [{"item": "G", "quantity": 2}]}))
    assert found == Order(number="1", lines=[Line(item="G", quantity=2)])
    with pytest.raises(Invalid, match=r"lines\.0\.quantity") as caught:
        flow().read(orjson.dumps({"number": "1", "lines": [{"item": "G", "quantity": "SECRET"}]}))
    assert "SECRET" not in str(caught.value)


def changed(model: type[BaseModel], **fields: Any) -> type[BaseModel]:
    """The model with other fields; None takes one out."""
    kept: dict[str, Any] = {
        name: (each.annotation, each) for name, each in model.model_fields.items() if name not in fields
    }
    return create_model(model.__name__, **kept, **{name: each for name, each in fields.items() if each is not None})


def compared(new: type[BaseModel], side: str = INPUT, old: type[BaseModel] = Order) -> dict[str, bool]:
    """What differs, in words; and whether it breaks."""
    found = Comparison(side, old.model_json_schema(), new.model_json_schema()).run("input")
    return {f"{each.where}: {each.words}": each.breaking for each in found}


def test_the_same_is_the_same() -> None:
    assert compared(Order) == {}
    assert compared(PurchaseOrder, old=PurchaseOrder) == {}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"note": None}, "input: note: the field is gone"),
        ({"number": (int, ...)}, "input: number: it was text, and is whole number"),
        ({"note": (str, ...)}, "input: note: it was nothing or text, and is text"),
        ({"colour": (str, ...)}, "input: colour: the field must be there now"),
        ({"urgency": (Literal["low"], "low")}, "input: urgency: the code list has lost high"),
        ({"number": (Literal["1"], ...)}, "input: number: only some values are allowed now"),
        ({"number": (str, Field(max_length=5))}, "input: number: the greatest length was none, and is 5"),
        ({"number": (str, Field(pattern="^A"))}, "input: number: the form of the text is another one"),
        ({"lines": (list[changed(Line, quantity=(int, Field(ge=2)))], ...)},  # type: ignore[misc]
         "input: lines[].quantity: the lowest value was 1, and is 2"),
        ({"lines": (list[changed(Line, item=None)], ...)}, "input: lines[].item: the field is gone"),  # type: ignore[misc]
    ],
)  # fmt: skip
def test_what_breaks_is_told_with_its_place(fields: Mapping[str, Any], words: str) -> None:
    assert compared(changed(Order, **fields)).get(words) is True


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"colour": (str, "red")}, "input: colour: the field is new"),
        ({"urgency": (Literal["low", "high", "top"], "low")}, "input: urgency: the code list has top too"),
        ({"number": (str | int, ...)}, "input: number: it may be whole number too"),
        ({"number": (str, "")}, "input: number: the field was always there, and may be missing now"),
        ({"urgency": (str, "low")}, "input: urgency: every value is allowed now"),
    ],
)
def test_what_widens_an_input_keeps_it(fields: Mapping[str, Any], words: str) -> None:
    assert compared(changed(Order, **fields)) == {words: False}


class Card(BaseModel):
    """One of two things."""

    card: str


class Transfer(BaseModel):
    """The other of two things."""

    iban: str
    reference: str = ""


class Payment(BaseModel):
    """A choice of objects, a table with names that are data, a list with places."""

    by: Card | Transfer
    prices: dict[str, int]
    range: tuple[int, int]
    share: int = 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"by": (changed(Card, card=None, number=(str, ...)) | Transfer, ...)}, "input: by.card: the field is gone"),
        ({"by": (Card, ...)}, "input: by: it was object (Card) or object (Transfer), and is object"),
        ({"prices": (dict[str, str], ...)}, "input: prices{}: it was whole number, and is text"),
        ({"range": (tuple[int, str], ...)}, "input: range[2]: it was whole number, and is text"),
        ({"range": (tuple[int, int, int], ...)}, "input: range: the list had 2 places of their own, and has 3"),
    ],
)
def test_what_breaks_within_choices_tables_and_lists_is_found(fields: Mapping[str, Any], words: str) -> None:
    assert compared(changed(Payment, **fields), old=Payment).get(words) is True


def test_any_number_may_come_where_a_whole_one_did() -> None:
    wider = changed(Payment, share=(float, 0))
    assert compared(wider, old=Payment) == {"input: share: it may be number too": False}
    assert compared(wider, OUTPUT, Payment) == {"input: share: it was whole number, and is number": True}


def test_the_layout_of_files_is_a_part_of_the_contract() -> None:
    def of(*columns: tuple[str, int]) -> Flow:
        return flow(source=files.Folder(url="/in", split="fixed", columns=columns), format="row")

    old, moved = of(("item", 8), ("quantity", 4)), of(("item", 10), ("quantity", 4))
    assert verdict(old, of(("item", 8), ("quantity", 4))).differences == ()
    (difference,) = verdict(old, moved).differences
    assert difference.words == "the columns are item 10, quantity 4, and were item 8, quantity 4"
    assert "make it version 2.0" in verdict(old, moved).refusal
    before = contract_of(old)
    del before["input"]["layout"]  # accepted by an earlier version of the hub
    assert verdicts({old.name: before}, {moved.name: contract_of(moved)})[0].differences == ()


def test_receivers_are_surprised_by_what_may_be_missing_or_of_another_type() -> None:
    missing = compared(changed(Order, number=(str, "")), OUTPUT)
    assert missing == {"input: number: the field was always there, and may be missing now": True}
    other = compared(changed(Order, number=(str | int, ...)), OUTPUT)
    assert other == {"input: number: it was text, and is text or whole number": True}


class Tree(BaseModel):
    """Contains itself."""

    name: str
    below: list[Tree] = []


def test_a_schema_that_contains_itself_is_compared() -> None:
    assert compared(Tree, old=Tree) == {}


def verdict(old: Flow, new: Flow | None) -> Verdict:
    """What a check says of a change."""
    now = {new.name: contract_of(new)} if new is not None else {}
    (found,) = verdicts({old.name: contract_of(old)}, now)
    return found


def test_a_breaking_change_needs_a_new_major_version() -> None:
    broken = changed(Order, note=None)
    assert "make it version 2.0" in verdict(flow(), flow(input=broken)).refusal
    assert "make it version 2.0" in verdict(flow(), flow("1.9", input=broken)).refusal
    assert verdict(flow(), flow("2.0", input=broken)).refusal == ""
    assert verdict(flow(), flow("1.1")).refusal == ""
    assert "went back" in verdict(flow("1.2"), flow("1.1")).refusal
    assert "went back" not in verdict(flow("1.9"), flow("1.10")).refusal
    assert "remove contracts/test.orders.json" in verdict(flow(), None).refusal


def test_what_a_flow_takes_yields_and_delivers_is_compared() -> None:
    def only_charges(parsed: Any, hub: Lookup) -> Iterator[Charge]:
        yield from ()

    found = verdict(flow(), flow(translate=only_charges))
    assert [(each.where, each.breaking) for each in found.differences] == [("output hilum.supply.consumed", True)]
    two = make_flow(Feed(), Receiver(), Receiver(), translate=charges, input=Order)
    assert [each.breaking for each in verdict(two, flow()).differences] == [True]
    assert [each.breaking for each in verdict(flow(), two).differences] == [False]
    assert verdict(flow(), flow(format="row")).differences[0].words == "the format was json, is row"
    assert verdict(flow(input=None), flow()).refusal
    assert not verdict(flow(), flow(input=None)).refusal


FLOW = """
from typing import Literal
from pydantic import BaseModel
from hilum.connectors import http
from hilum.flow import DataClass, Flow, Owners, Slo

class Order(BaseModel):
    number: str
    FIELDS

flow = Flow("a.b", version="VERSION", summary="s", owners=Owners(business="b", technical="t"),
    data_class=DataClass.INTERNAL, slo=Slo(percent=99, within="30s"), retention="P1Y", input=Order)

@flow.translate
def passed(order: Order, hub) -> Order:
    return order

flow.deliver_to(http.post("http.main"))
"""


def test_a_users_ci_refuses_a_broken_contract(tmp_path: Path) -> None:
    def write(fields: str, version: str) -> None:
        text = FLOW.replace("FIELDS", fields).replace("VERSION", version)
        text += "#" * int(version[0])  # another size: bytecode of the same second would be taken for this one
        (tmp_path / "flows" / "orders.py").write_text(text, encoding="utf-8")

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["contract", *arguments, "--project", str(tmp_path)])
        return result.exit_code, result.stdout

    (tmp_path / "flows").mkdir()
    (tmp_path / "hilum.toml").touch()
    write('urgency: Literal["low", "high"] = "low"', "1.0")
    assert run("check")[0] == 0, "nothing was promised yet"
    assert run("check", "--strict")[0] == 1
    assert run("accept")[0] == 0
    assert run("check", "--strict")[0] == 0
    write('urgency: Literal["low"] = "low"', "1.1")
    code, told = run("check")
    assert code == 1
    assert "input: urgency: the code list has lost high" in told
    assert "make it version 2.0" in told
    assert run("accept")[0] == 1
    assert accepted(tmp_path)["a.b"]["version"] == "1.0"
    write('urgency: Literal["low"] = "low"', "2.0")
    assert run("check")[0] == 0
    assert run("accept")[0] == 0
    assert accepted(tmp_path)["a.b"]["version"] == "2.0"
    (found,) = orjson.loads(run("check", "--json")[1])
    assert (found["refused"], found["differences"]) == (False, [])


def test_an_accepted_contract_is_read_as_it_was_written(tmp_path: Path) -> None:
    contract = contract_of(flow())
    accept(tmp_path, contract)
    assert accepted(tmp_path) == {"test.orders": contract}


def test_an_interface_without_a_schema_is_said_and_refused_in_ci(tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["contract", *arguments, "--project", str(tmp_path)])
        return result.exit_code, result.stdout

    (tmp_path / "flows").mkdir()
    (tmp_path / "hilum.toml").touch()
    text = FLOW.replace("FIELDS", "note: str").replace("VERSION", "1.0")
    loose = text.replace(", input=Order", "").replace(" -> Order", "")
    (tmp_path / "flows" / "loose.py").write_text(loose, encoding="utf-8")
    assert run("accept")[0] == 0
    code, told = run("check")
    assert code == 0
    assert "input: it has no schema" in told
    assert "output: it has no schema" in told
    assert run("check", "--strict")[0] == 1
    (found,) = orjson.loads(run("check", "--strict", "--json")[1])
    assert (found["refused"], len(found["without_schema"])) == (True, 2)


def test_what_a_standard_or_the_hub_lays_down_needs_no_schema() -> None:
    hl7 = flow(input=None, format="hl7v2")
    assert not gaps(hl7)
    assert not gaps(flow(input=None, source=masterdata.Published(object="items")))
    assert not gaps(flow(translate=pain_001))
    assert gaps(flow(input=None))
    assert not gaps(flow())


def test_a_further_kind_of_message_is_told_and_a_missing_one_breaks() -> None:
    def of(*accepts: str) -> Flow:
        return flow(source=mllp.Listener(port=0, accepts=list(accepts)), format="hl7v2", input=None)

    one, two, every = of("DFT^P03"), of("DFT^P03", "DFT^P11"), of("*")
    for old, new, words, breaks in (
        (one, two, "it takes DFT^P11 too", False),
        (one, every, "it takes every kind of message", False),
        (two, one, "it takes no DFT^P11 any more", True),
        (every, one, "it took every kind of message, and takes DFT^P03 only", True),
    ):
        (difference,) = verdict(old, new).differences
        assert (difference.words, difference.breaking) == (words, breaks)


def test_a_folder_of_the_project_is_the_same_on_every_machine(tmp_path: Path) -> None:
    made = flow()
    made.deliver_to(files.write(url=str(tmp_path / "out")), files.write(url="/srv/exchange"))
    names = [each["endpoint"] for each in contract_of(made, tmp_path)["deliveries"]]
    assert names == ["/srv/exchange", "memory.main", "out"]
