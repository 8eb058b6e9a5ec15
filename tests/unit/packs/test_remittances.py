"""Remittance advice for partner profiles: what an 820 and a REMADV say, and who gets none."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.connector import Outgoing, Target
from hilum.connectors.partners import Addressed
from hilum.flow import Lookup
from hilum.formats import edifact, x12
from hilum.formats.x12 import documents
from hilum.packs import finance
from hilum.packs.finance.advice import PaidPart, Settled
from hilum.partners import Partners, load_partners

pytestmark = pytest.mark.req("SYS-10", "WF-12")

X12 = """
name = "Gloves Ltd"
supplier = "{supplier}"
format = "x12"
[x12]
ours = {{ id = "HILLTOP" }}
theirs = {{ id = "{supplier}" }}
[send.main]
{sets}
kind = "files"
settings = {{ url = "out" }}
"""
EDIFACT = """
name = "Medix"
supplier = "S-300"
format = "edifact"
[edifact]
ours = { id = "HILLTOP" }
theirs = { id = "MEDIX" }
[send.main]
kind = "files"
settings = { url = "out" }
"""


@pytest.fixture
def partners(tmp_path: Path) -> Partners:
    (tmp_path / "gloveco.toml").write_text(X12.format(supplier="S-200", sets=""))
    (tmp_path / "orders.toml").write_text(X12.format(supplier="S-400", sets='sets = ["850"]'))
    (tmp_path / "medix.toml").write_text(EDIFACT)
    return load_partners(tmp_path)


def advice(supplier: str, *parts: tuple[str, str]) -> finance.Advice:
    paid = {"number": "H2ABCDEFGHIJKLMN", "direction": "sent", "supplier": supplier, "amount": "80.00",
            "currency": "EUR", "paid_on": date(2026, 3, 20)}  # fmt: skip
    made = {
        "end_to_end_id": "H2ABCDEFGHIJKLMN",
        "payment": paid,
        "documents": ["B-1", "CN-1"],
        "parts": [PaidPart(number=number, amount=Decimal(amount)) for number, amount in parts],
    }
    return finance.Advice.of(Settled.model_validate(made))


def command(said: finance.Advice) -> dict[str, Any]:
    return {"type": "hilum.advice", "content": said.model_dump(mode="json")}


def drafted(partners: Partners, said: finance.Advice) -> Addressed:
    [made] = [each.thing for each in finance.remittances(partners).run(command(said), Lookup())]
    assert isinstance(made, Addressed)
    return made


def test_the_820_says_what_is_paid_of_each_bill(partners: Partners) -> None:
    made = drafted(partners, advice("S-200", ("B-1", "100.00"), ("CN-1", "-20.00")))
    assert made.partner == "gloveco"
    partner = partners["gloveco"].x12
    assert partner is not None
    sent = x12.build(partner, [made.thing], numbers=x12.Numbers(1, 1), at=datetime(2026, 3, 20, tzinfo=UTC))
    (found,) = x12.transaction_sets([sent.encode()])
    told = documents.read_remittance(found)
    assert (told.amount, told.trace, told.paid_on) == (Decimal("80.00"), "H2ABCDEFGHIJKLMN", date(2026, 3, 20))
    assert [(each.qualifier, each.number, each.paid) for each in told.documents] == [
        ("IV", "B-1", Decimal("100.00")), ("CM", "CN-1", Decimal("-20.00")),
    ]  # fmt: skip


def test_the_remadv_says_the_same(partners: Partners) -> None:
    made = drafted(partners, advice("S-300", ("B-1", "100.00"), ("CN-1", "-20.00")))
    assert made.partner == "medix"
    partner = partners["medix"].edifact
    assert partner is not None
    sent = edifact.build(partner, [made.thing], reference="1", at=datetime(2026, 3, 20, tzinfo=UTC))
    assert edifact.judge(sent).accepted
    (found,) = edifact.messages([sent.encode()])
    assert found.type == "REMADV"
    assert b"DOC+380+B-1'MOA+12:100'DOC+381+CN-1'MOA+12:-20'UNS+S'MOA+12:80'" in found.raw


def test_a_remadv_has_no_document_without_an_amount(partners: Partners) -> None:
    """DOC demands MOA (D96A): what nobody can split is told in words, and of one bill it is all that is paid."""
    partner = partners["medix"].edifact
    assert partner is not None
    unknown = drafted(partners, advice("S-300")).thing
    sent = edifact.build(partner, [unknown], reference="1", at=datetime(2026, 3, 20, tzinfo=UTC)).encode()
    assert b"RFF+PQ:H2ABCDEFGHIJKLMN'FTX+PMD+++B-1, CN-1'NAD+PR" in sent
    assert b"DOC+" not in sent
    said = advice("S-300")
    one = said.model_copy(update={"payment": said.payment.model_copy(update={"documents": ("B-1",)})})
    sent = edifact.build(partner, [one.to_edifact(partner)], reference="1", at=datetime(2026, 3, 20)).encode()
    assert b"DOC+380+B-1'MOA+12:80'UNS+S'" in sent


def test_parts_that_do_not_come_to_what_is_paid_are_not_told(partners: Partners) -> None:
    said = advice("S-200", ("B-1", "100.00"))
    assert said.parts == ()
    assert said.payment.documents == ("B-1", "CN-1")
    assert [
        each.paid
        for each in said.to_x12(x12.Partner(name="x", ours=x12.Party(id="A"), theirs=x12.Party(id="B"))).documents
    ] == [None, None]


@pytest.mark.parametrize("supplier", ["S-400", "S-9"])
def test_who_takes_no_advice_is_left_out_or_told_otherwise(partners: Partners, supplier: str) -> None:
    said = command(advice(supplier))
    assert finance.remittances(partners).left_out(said) == "The supplier has no profile that takes remittance advice."
    mail = Target(endpoint="memory.mail", accepts=(finance.Advice,), encode=lambda _: Outgoing(body=b""))
    flow = finance.remittances(partners, otherwise=[mail])
    assert flow.left_out(said) == ""
    assert [type(each.thing) for each in flow.run(said, Lookup())] == [finance.Advice]


def test_what_goes_to_a_profile_goes_nowhere_else(partners: Partners) -> None:
    takes_all = Target(endpoint="memory.files", encode=lambda _: Outgoing(body=b""))
    flow = finance.remittances(partners, otherwise=[takes_all])
    for supplier, times in (("S-200", 0), ("S-9", 1)):
        (made,) = flow.run(command(advice(supplier)), Lookup())
        assert sum(each.takes(made.thing) for each in flow.targets if each.endpoint == "memory.files") == times
