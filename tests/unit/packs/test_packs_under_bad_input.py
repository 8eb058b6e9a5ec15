"""Whatever stands in a field, a pack translates it or says what is wrong; nothing else ever comes out."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from packs_support import SAMPLES, WholeFiles, things

from hilum.canonical import read, write
from hilum.connector import Outgoing, Target
from hilum.connectors import mllp
from hilum.errors import Stop
from hilum.flow import Lookup
from hilum.formats import hl7v2 as hl7
from hilum.packs import clinical, inventory, procurement

LISTENER = mllp.Listener(port=0)
ANYTHING = Target(endpoint="test", encode=lambda thing: Outgoing(body=write(thing)))
LOOKUP = Lookup(SAMPLES / "lookups")
PACKS = {
    "admit.hl7": clinical.admissions,
    "discharge.hl7": clinical.admissions,
    "charges.hl7": inventory.consumption,
    "dispense.hl7": partial(inventory.dispensing, store="STORE-PHARM"),
    "requisition.hl7": procurement.requisitions,
}
FLOWS = {name: pack(source=LISTENER, odoo=None, also=[ANYTHING]) for name, pack in PACKS.items()}
FILES = procurement.requisitions_csv(source=WholeFiles(), odoo=None, also=[ANYTHING])

VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ['""', "0", "-0", "1e9", "9" * 40, "0." + "0" * 30 + "1", "99999999", "20261399", "1&EUR^2~3", "NaN"]
    ),
    st.integers(-(10**30), 10**30).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.datetimes().map(lambda moment: moment.strftime("%Y%m%d%H%M%S")),
)


def translated_or_explained(flow, body: bytes) -> None:
    try:
        made = things(flow, body, LOOKUP)
    except Stop as stop:
        assert str(stop)
        return
    for thing in made:
        assert thing.business_key
        assert read(write(thing)) == thing  # what was made can be stored and read again


@pytest.mark.req("MOD-4")
@pytest.mark.parametrize("name", sorted(FLOWS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.integers(0, 10_000), values=st.lists(VALUES, min_size=1, max_size=4))
@example(place=68, values=["9" * 40])
def test_no_field_of_a_message_breaks_a_pack(name, place, values):
    lines = [line.split("|") for line in (SAMPLES / name).read_bytes().decode().split("\r") if line]
    fields = [(line, n) for line in lines for n in range(1, len(line)) if line[0] != "MSH" or n > 1]
    for step, value in enumerate(values):
        line, number = fields[(place + 7 * step) % len(fields)]
        line[number] = value.replace("\r", " ").replace("\n", " ").replace("|", " ")
    body = "\r".join("|".join(line) for line in lines).encode("utf-8", "surrogatepass")
    translated_or_explained(FLOWS[name], body)


@pytest.mark.req("MOD-4")
@pytest.mark.parametrize(
    ("quantity", "amount"),
    [("3", "9" * 40), ("9" * 40, "1.00"), ("0.0000001", "1.00"), ("3", "0." + "0" * 40 + "1"), ("7", "0"), ("-0", "1")],
)
def test_no_number_breaks_a_charge(quantity, amount):
    msg = hl7.parse((SAMPLES / "charges.hl7").read_bytes())
    msg["FT1[4]-10"], msg["FT1[4]-11.1.1"] = quantity, amount
    translated_or_explained(FLOWS["charges.hl7"], msg.encode())


@pytest.mark.req("MOD-4")
@settings(max_examples=60, deadline=None)
@given(cell=st.integers(0, 43), value=VALUES)
def test_no_cell_of_a_spreadsheet_breaks_a_pack(cell, value):
    rows = [line.split(",") for line in (SAMPLES / "requisitions.csv").read_text().splitlines()]
    width = len(rows[0])
    rows[cell // width][cell % width] = value
    body = "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")
    translated_or_explained(FILES, body)
