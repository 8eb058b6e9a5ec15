"""Business objects: written and read without loss, refused with the place of the mistake, known by their keys."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum import canonical
from hilum.canonical import Charge, DocumentStatus, Item, PatientAccount, PersonName, PurchaseOrder, SupplyConsumed
from hilum.canonical.purchasing import OrderLine
from hilum.errors import Invalid
from hilum.message import new_id

CHARGE = Charge(
    transaction="HILLSIDE:4711",
    account="ACC-1",
    description="Hernia mesh 15 cm",
    quantity=Decimal("1"),
    unit_price=Decimal("310.10"),
    currency="EUR",
    service_date=date(2026, 3, 4),
    item="MESH-15",
)

codes = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)
quantities = st.decimals(
    min_value=-(10**9), max_value=10**9, places=6, allow_nan=False, allow_infinity=False
)  # 18 digits, 6 of them behind the point


@pytest.mark.req("MOD-1")
@given(
    transaction=codes,
    item=codes,
    location=codes,
    quantity=quantities,
    used_at=st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_what_is_written_is_read_again(
    transaction: str, item: str, location: str, quantity: Decimal, used_at: datetime | None
) -> None:
    used = SupplyConsumed(transaction=transaction, item=item, location=location, quantity=quantity, used_at=used_at)
    assert canonical.read(canonical.write(used)) == used


@pytest.mark.req("MOD-1")
@given(amount=st.decimals(min_value=0, max_value=10**9, places=4))
def test_money_keeps_every_digit(amount: Decimal) -> None:
    charge = CHARGE.model_copy(update={"unit_price": amount})
    body = canonical.write(charge)
    again = canonical.read(body)
    assert isinstance(again, Charge)
    assert str(again.unit_price) == str(amount)
    assert isinstance(orjson.loads(body)["data"]["unit_price"], str), "a JSON number would lose digits on the way"


@pytest.mark.req("MOD-1")
def test_every_object_of_the_catalogue_has_a_name_of_its_own() -> None:
    public = {
        kind
        for name in canonical.__all__
        if isinstance(kind := getattr(canonical, name), type)
        and issubclass(kind, canonical.BusinessObject)
        and kind is not canonical.BusinessObject
    }
    assert {kind.name for kind in public} == set(canonical.BY_NAME)
    assert len({kind.name for kind in public}) == len(public)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{", "line 1"),
        (b"[]", "business object"),
        (b'{"type": "hilum.unheard.of", "data": {}}', "business object"),
        (b'{"type": "hilum.unit", "data": {"code": "", "title": "Each"}}', "code"),
        (b'{"type": "hilum.unit", "data": {"code": "EA", "title": "Each", "colour": "red"}}', "colour"),
        (b'{"type": "hilum.purchase.order", "data": {"number": "1", "supplier": "S", "lines": []}}', "lines"),
    ],
)
def test_a_wrong_body_names_the_place(body: bytes, where: str) -> None:
    with pytest.raises(Invalid, match=where):
        canonical.read(body)


def test_an_error_never_shows_the_value() -> None:
    with pytest.raises(Invalid) as caught:
        canonical.read(b'{"type": "hilum.charge", "data": {"account": "SECRET-NAME", "quantity": "SECRET-NAME"}}')
    assert "SECRET-NAME" not in str(caught.value)


def test_a_patients_name_is_not_in_the_repr() -> None:
    account = PatientAccount(number="ACC-1", person=PersonName(family="Okafor", given="Lena"), phone="555 0100")
    assert "Okafor" not in repr(account)
    assert "555" not in repr(account)


def test_people_find_an_order_by_everything_on_it() -> None:
    order = PurchaseOrder(
        number="REQ-7-ACME",
        supplier="ACME",
        requisition="REQ-7",
        lines=(OrderLine(number=1, item="GLOVE-M", quantity=Decimal(10)),),
    )
    assert set(order.identifiers) == {"REQ-7-ACME", "ACME", "REQ-7", "GLOVE-M"}


def test_objects_are_frozen() -> None:
    item = Item(code="GLOVE-M", title="Gloves")
    with pytest.raises(ValueError, match="frozen"):
        item.title = "Mittens"  # type: ignore[misc]


@pytest.mark.req("MOD-2")
def test_an_event_is_a_cloud_event() -> None:
    message_id = new_id()
    at = datetime(2026, 3, 4, 10, 11, tzinfo=UTC)
    event = canonical.cloud_event(CHARGE, flow="supply.consumption", message_id=message_id, ordinal=2, at=at)
    written = orjson.loads(event.model_dump_json(exclude_none=True))
    # CloudEvents 1.0 §3.1: required attributes; §3.2: optional ones
    assert written["specversion"] == "1.0"
    assert written["id"] == f"{message_id}.2"
    assert written["source"] == "/hilum/flows/supply.consumption"
    assert written["type"] == "hilum.charge.v1"
    assert written["subject"] == CHARGE.business_key
    assert datetime.fromisoformat(written["time"]) == at
    assert written["data"]["unit_price"] == "310.10"


@pytest.mark.req("MOD-2")
def test_the_same_event_twice_has_one_id() -> None:
    message_id = new_id()
    first = canonical.cloud_event(CHARGE, flow="f", message_id=message_id)
    second = canonical.cloud_event(CHARGE, flow="f", message_id=message_id)
    assert (first.id, first.source) == (second.id, second.source)


def test_a_status_is_told_once_for_each_state() -> None:
    at = datetime(2026, 3, 4, tzinfo=UTC)
    held = DocumentStatus(document="REQ-7", flow="f", status="held", at=at)
    completed = DocumentStatus(document="REQ-7", flow="f", status="completed", at=at)
    assert held.business_key != completed.business_key
