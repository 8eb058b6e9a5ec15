"""Every EDIFACT file of the sample collection that HILUM_SAMPLES names is read and given back byte for byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hilum.errors import Invalid
from hilum.formats import edifact

WITHOUT = "set HILUM_SAMPLES to the folder of the sample collection"
FOLDER = Path(os.environ.get("HILUM_SAMPLES", "")) / "edifact"
FILES = (
    sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*")) if "HILUM_SAMPLES" in os.environ else []
)
TRADACOMS = {
    "edi-net/tradacoms.order9.edi", "edi-net/tradacoms.productplanning.edi", "edi-net/tradacoms.utilitybill.edi",
    "edi-net/tradacoms.utilitybill.escape.edi", "staedi/order-extra-mhd-data.edi", "staedi/order.edi",
}  # fmt: skip
LINES = {
    "pydifact/order.edi": 2, "php-edifact/example_order_ok.edi": 146, "php-edifact/D96ADESADV.edi": 2,
    "pydifact/invoice1.edi": 1, "staedi/invoic_d93a_una.edi": 3, "staedi/wrapped_invoic_d97b.edi": 2,
    "staedi/orders-with-group.edi": 1, "edi-net/edifact.ORDRSP-formatted.edi": 1,
}  # fmt: skip

pytestmark = [
    pytest.mark.skipif("HILUM_SAMPLES" not in os.environ, reason=WITHOUT),
    pytest.mark.req("MOD-3"),
    pytest.mark.req("SYS-10"),
]


def test_the_collection_is_there() -> None:
    assert len(FILES) == 40
    assert {*TRADACOMS, *LINES} <= set(FILES)


@pytest.mark.parametrize("name", sorted({*FILES} - TRADACOMS))
@pytest.mark.parametrize("chunk", [1, 1 << 20])
def test_bytes_come_back(name: str, chunk: int) -> None:
    data = (FOLDER / name).read_bytes()
    found = list(edifact.interchanges(data[at : at + chunk] for at in range(0, len(data), chunk)))
    assert b"".join(each.encode() for each in found) == data
    messages = [each for interchange in found for each in interchange.messages]
    assert messages
    for each in messages:
        before = [segment.elements for segment in each]
        each["UNH-01"] = "changed"
        again = edifact.read(each.encode())
        assert [segment.elements for segment in again][1:-1] == before[1:-1]
        assert again["UNT-01"] == str(len(again)) == str(len(before))
        assert again["UNT-02"] == "changed"


@pytest.mark.parametrize("name", sorted(TRADACOMS))
def test_tradacoms_is_named(name: str) -> None:
    with pytest.raises(Invalid, match="TRADACOMS"):
        list(edifact.interchanges((FOLDER / name).read_bytes()))


@pytest.mark.parametrize("name", sorted(LINES))
def test_documents_are_read(name: str) -> None:
    message = next(edifact.messages((FOLDER / name).read_bytes()))
    assert len(edifact.read_document(message).lines) == LINES[name]
