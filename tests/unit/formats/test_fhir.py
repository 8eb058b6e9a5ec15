"""FHIR R4: read by paths, checked by its elements, errors by their paths; what is right is not refused."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hilum.errors import Invalid
from hilum.formats import fhir
from hilum.formats.fhir.definitions import DEFINITIONS, RESOURCES
from hilum.formats.fhir.primitives import PRIMITIVES

pytestmark = [pytest.mark.req("MOD-3")]

PATIENT: dict[str, Any] = {
    "resourceType": "Patient", "id": "p-1", "active": True, "gender": "female", "birthDate": "1960-02",
    "meta": {"lastUpdated": "2026-03-04T10:11:12.5+01:00", "profile": ["http://example.org/p|1"]},
    "text": {"status": "generated", "div": "<div>Ada</div>"},
    "identifier": [{"system": "urn:oid:9.9", "value": "x"}, {"system": "urn:oid:1.2.3", "value": "4711"}],
    "name": [{"family": "Quimbleton", "given": ["Ada", "Maria"], "_given": [None, {"id": "second"}]}],
    "_birthDate": {"extension": [{"url": "http://example.org/time", "valueDateTime": "1960-02-29T03:00:00Z"}]},
    "multipleBirthInteger": 2,
    "contained": [{"resourceType": "Flag", "status": "active", "anything": [{"goes": 1.50}]}],
    "extension": [{"url": "http://example.org/x", "valueQuantity": {"value": 1}}],
}  # fmt: skip


def read(value: Any) -> fhir.Resource:
    return fhir.read(json.dumps(value).encode())


def test_values_are_read_by_paths() -> None:
    found = read(PATIENT)
    assert (found.type, found.id, found["name.family"], found["name[0].given[1]"]) == (
        "Patient", "p-1", "Quimbleton", "Maria",
    )  # fmt: skip
    assert (found["active"], found["multipleBirthInteger"], found["deceasedBoolean"], found["name[4].family"]) == (
        "true", "2", "", "",
    )  # fmt: skip
    assert (found.identifier("urn:oid:1.2.3"), found.identifier()) == ("4711", "x")
    moment = found.instant("meta.lastUpdated")
    assert moment is not None
    assert moment.utcoffset() == timedelta(hours=1)
    assert [each["value"] for each in found.each("identifier")] == ["x", "4711"]
    assert [each.value for each in found.each("name.given[1]")] == ["Maria"]
    with pytest.raises(Invalid, match=r"^Patient\.birthDate: the day"):
        found.date("birthDate")
    assert repr(found) == "<Resource Patient>"
    with pytest.raises(ValueError, match="names with a point"):
        fhir.field("name..family")


def test_decimals_keep_their_digits_and_it_is_written_as_it_was() -> None:
    body = b'{"resourceType":"SupplyRequest","quantity":{"value":2.50},"itemCodeableConcept":{"text":"Gl\\u00f6ves"}}'
    found = fhir.read(body)
    assert found.decimal("quantity.value") == Decimal("2.50")
    assert str(found.decimal("quantity.value")) == "2.50"
    assert fhir.read(found.encode()).value == found.value
    assert b"2.50" in found.encode()


def test_the_resources_of_a_bundle_have_their_places() -> None:
    bundle = read(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}, {"fullUrl": "u:1"}]}
    )
    (found,) = bundle.resources()
    assert (found.type, found.path) == ("Patient", "Bundle.entry[0].resource")
    assert [each.type for each in read(PATIENT).resources()] == ["Patient"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"birthDate": "1961-02-29"}, r"^Patient\.birthDate: a date"),
        ({"birthDate": "29.02.1960"}, r"^Patient\.birthDate"),
        ({"gender": "F"}, r"^Patient\.gender: the code is none"),
        ({"active": "yes"}, r"^Patient\.active: true or false"),
        ({"name": {"family": "A"}}, r"^Patient\.name: a list"),
        ({"name": [{"familie": "A"}]}, r"^Patient\.name\[0\]\.familie: HumanName has no such element"),
        ({"name": []}, r"^Patient\.name: a list is not empty"),
        ({"name": [{}]}, r"^Patient\.name\[0\]: an element is not empty"),
        ({"name": [{"family": ""}]}, r"^Patient\.name\[0\]\.family"),
        ({"multipleBirthInteger": 2.5}, r"^Patient\.multipleBirthInteger: a whole number"),
        ({"link": [{"other": {"reference": "Patient/2"}}]}, r"^Patient\.link\[0\]\.type: it must be there"),
        ({"meta": {"lastUpdated": "2026-03-04"}}, r"^Patient\.meta\.lastUpdated"),
        ({"_gender": "x"}, r"^Patient\._gender"),
        ({"contained": [{"resourceType": "Flag", "code": None}]}, r"^Patient\.contained\[0\]\.code: null"),
        ({"contained": [{"status": "active"}]}, r"^Patient\.contained\[0\]\.resourceType"),
        ({"id": "a b"}, r"^Patient\.id"),
        ({"x" * 50: 1}, r"^Patient\.\?: "),
    ],
)
def test_what_is_wrong_is_named_by_its_path(change: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid, match=where):
        read({**PATIENT, **change})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"resourceType":"Patient","active":yes}', "line 1, column 36: this is not well-formed"),
        (b"[]", "a resource is a JSON object"),
        (b'{"resourceType":"Patient","id":"1","id":"2"}', "there twice"),
        (b'{"resourceType":"Patient","x":NaN}', "no number"),
        (b'{"resourceType":"Flag","x":' + b'{"a":' * 80 + b"1" + b"}" * 81, "deep in each other"),
        (b'{"resourceType":"Flag","x":1' + b"0" * 5000 + b"}", "too many digits"),
    ],
)
def test_what_is_no_resource_is_told(body: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        fhir.read(body)


def test_an_extension_may_stand_for_what_must_be_there() -> None:
    why = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
    found = read({"resourceType": "Encounter", "_status": why, "class": {"code": "IMP"}})
    assert found["status"] == ""
    assert read({"resourceType": "Patient", "birthDate": "1960-02-29"}).date("birthDate") == date(1960, 2, 29)


def test_every_type_that_is_named_is_known() -> None:
    others = {"Extension", "Signature", "Timing", "Resource"}  # by the general rules; any resource
    for name, each in DEFINITIONS.items():
        for member, element in each.elements.items():
            assert element.type in {*PRIMITIVES, *DEFINITIONS, *others}, f"{name}.{member}"
    assert {"Patient", "Bundle"} <= RESOURCES
    assert "HumanName" not in RESOURCES
