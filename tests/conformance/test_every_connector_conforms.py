"""The table of connectors and the conformance classes agree, so that none is forgotten."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

import pytest
import test_destinations
import test_odoo_sources
import test_sources
import test_streams

from hilum.connector import Connector, Destination, Source
from hilum.connectors import CONNECTORS, describe, find_destination, find_source
from hilum.errors import SettingsError

# The far side of this one is an Odoo server, real or simulated, so its tests are with those of Odoo.
ELSEWHERE = {"odoo": Path(__file__).parents[1] / "integration" / "odoo"}


def _tested(module: ModuleType) -> set[type[Connector]]:
    classes = (each for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == module.__name__)
    return {vars(each)["connector"] for each in classes if each.__name__.startswith("Test")}


def test_every_source_of_the_table_has_a_conformance_class() -> None:
    listed = {find_source(kind) for kind, each in CONNECTORS.items() if each.source and kind not in ELSEWHERE}
    assert listed <= _tested(test_sources) | _tested(test_streams) | _tested(test_odoo_sources)


def test_every_destination_of_the_table_has_a_conformance_class() -> None:
    listed = {find_destination(kind) for kind, each in CONNECTORS.items() if each.destination and kind not in ELSEWHERE}
    assert listed <= _tested(test_destinations) | _tested(test_streams)


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_the_table_leads_to_connectors_of_that_kind(kind: str) -> None:
    sides: list[type[Connector]] = []
    if CONNECTORS[kind].source:
        sides.append(find_source(kind))
        assert issubclass(sides[-1], Source)
    if CONNECTORS[kind].destination:
        sides.append(find_destination(kind))
        assert issubclass(sides[-1], Destination)
    assert sides
    assert {each.kind for each in sides} == {kind}


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_settings_are_listed_for_the_docs(kind: str) -> None:
    head, *rows = describe(kind).splitlines()
    assert head.startswith("side,name,type,required")
    assert rows


def test_those_elsewhere_are_there() -> None:
    for place in ELSEWHERE.values():
        assert list(place.glob("test_*.py"))


def test_an_unknown_kind_is_told_with_the_known_ones() -> None:
    with pytest.raises(
        SettingsError,
        match="no connector 'fax'; there are as2, calendar, files, http, http_poll, kafka, masterdata, mllp, nats",
    ):
        find_source("fax")
    with pytest.raises(SettingsError, match="'odoo' has no source"):
        find_source("odoo")
