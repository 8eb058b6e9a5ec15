"""The catalogue: every object has a schema, an example that fits it, and an event; commands show and export them."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.cli import app
from hilum.errors import Invalid


@pytest.mark.req("MOD-1")
@pytest.mark.parametrize("kind", canonical.BY_NAME.values(), ids=lambda kind: str(kind.name))
def test_every_object_has_an_example_that_its_schema_describes(kind: type[BusinessObject]) -> None:
    example = canonical.example(kind)
    assert type(example) is kind
    assert example.business_key
    assert example.business_key in example.identifiers or all(example.identifiers)
    schema = canonical.schema(kind)
    data = orjson.loads(canonical.write(example))["data"]
    assert set(data) <= set(schema["properties"])
    assert set(schema.get("required", [])) <= set(data)
    assert schema["additionalProperties"] is False
    assert schema["description"], "the docstring says what it is"


@pytest.mark.req("MOD-1")
@pytest.mark.parametrize("kind", canonical.BY_NAME.values(), ids=lambda kind: str(kind.name))
def test_quantities_and_money_are_texts_and_never_floats(kind: type[BusinessObject]) -> None:
    text = orjson.dumps(canonical.schema(kind)).decode()
    assert '"type":"number"' not in text, "a JSON number loses digits"


@pytest.mark.req("MOD-5")
def test_a_time_without_its_offset_is_refused() -> None:
    data = orjson.loads(canonical.write(canonical.example(canonical.EmployeeShift)))
    data["data"]["starts_at"] = "2026-03-04T21:00:00"
    with pytest.raises(Invalid, match="starts_at"):
        canonical.read(orjson.dumps(data))


@pytest.mark.req("MOD-2")
def test_events_are_named_with_their_major_version() -> None:
    assert canonical.event_type(canonical.Charge) == "hilum.charge.v1"
    assert len({canonical.event_type(kind) for kind in canonical.BY_NAME.values()}) == len(canonical.BY_NAME)


@pytest.mark.req("MOD-2")
def test_the_catalogue_is_shown_and_exported(tmp_path: Path) -> None:
    runner = CliRunner()
    listed = orjson.loads(runner.invoke(app, ["catalog", "list", "--json"]).stdout)
    assert [each["name"] for each in listed] == list(canonical.BY_NAME)
    shown = orjson.loads(runner.invoke(app, ["catalog", "show", "contract", "--json"]).stdout)
    assert shown["example"]["type"] == "hilum.contract"
    assert shown["schema"]["$id"] == "urn:hilum:schema:hilum.contract:1.1"
    assert shown["example_is"] == "made of contract.edi (X12 845) by x12_prices.contracts_from_x12"
    assert "Example, made by hand:" in runner.invoke(app, ["catalog", "show", "facility"]).stdout
    assert runner.invoke(app, ["catalog", "export", str(tmp_path / "out")]).exit_code == 0
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert len(files) == 2 * len(canonical.BY_NAME)
    exported = orjson.loads((tmp_path / "out" / "hilum.charge.v1.schema.json").read_bytes())
    assert exported == canonical.schema(canonical.Charge)


@pytest.mark.req("MOD-1")
def test_a_bank_statement_adds_up() -> None:
    data = orjson.loads(canonical.write(canonical.example(canonical.BankStatement)))
    data["data"]["closing"] = "1.00"
    with pytest.raises(Invalid, match="do not add up"):
        canonical.read(orjson.dumps(data))
