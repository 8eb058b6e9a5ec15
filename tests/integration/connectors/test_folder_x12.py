"""X12 files: a transaction set or an interchange is a message, what is incomplete is named, and a flow answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from hilum.canonical import OrderAcknowledgement, PurchaseOrder
from hilum.connector import Header
from hilum.connectors import files
from hilum.connectors.files.splitting import Shape, splitter
from hilum.connectors.files.units import Flaw, Unit
from hilum.errors import Invalid
from hilum.flow import Lookup
from hilum.formats import FORMATS, x12
from hilum.formats.x12 import documents as docs
from hilum.packs.procurement import x12_orders
from hilum.postgres import Database
from hilum.testing import eventually, take
from hilum.testing.source_suite import accept_all, opened
from support import waits
from support.projects import make_flow
from support.waits import Start

SAMPLES = Path(__file__).parents[2] / "samples" / "x12"
PARTNER = x12.Partner(name="Hilltop", ours=x12.Party(id="GLOVECO"), theirs=x12.Party(id="HILLTOP"))

pytestmark = [pytest.mark.req("SYS-19"), pytest.mark.req("SYS-10"), pytest.mark.req("MOD-3")]


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def parts(data: bytes, split: Any, chunk: int = 100) -> list[Unit | Flaw]:
    own = splitter(Shape(split=split, max_unit=1 << 20, max_file=1 << 20))
    found = [part for at in range(0, len(data), chunk) for part in own.feed(data[at : at + chunk])]
    return [*found, *own.finish()]


def folder(directory: Path, **settings: Any) -> files.Folder:
    return files.Folder(url=str(directory), **({"stable_for": 0, "poll": 0.01} | settings))


@pytest.mark.parametrize("chunk", [1, 100, 1 << 20])
def test_transaction_sets_are_units_with_their_envelope(chunk: int) -> None:
    found = parts(sample("two_groups.edi") + sample("answer_ta1.edi") + sample("two_interchanges.edi"), "x12", chunk)
    units = [each for each in found if isinstance(each, Unit)]
    assert len(units) == len(found) == 6
    assert {each.content_type for each in units} == {"application/edi-x12"}
    read = [FORMATS["x12"](each.body) for each in units]
    assert [(each.code, each.envelope.interchange, each.envelope.group) for each in read] == [
        ("850", "000000018", "18"),
        ("850", "000000018", "18"),
        ("860", "000000018", "19"),
        ("TA1", "000000025", ""),
        ("850", "000000019", "20"),
        ("860", "000000020", "21"),
    ]


def test_what_an_envelope_shows_to_be_incomplete_is_a_flaw() -> None:
    found = parts(sample("faulty.edi"), "x12")
    assert [each.number for each in found if isinstance(each, Unit)] == [1]
    assert [(each.number, each.reason.partition(":")[0]) for each in found if isinstance(each, Flaw)] == [
        (2, "SE-01 (segment 8)"),
        (3, "SE (segment 9)"),
        (0, "GE-02"),
        (0, "GE-01"),
        (0, "IEA-02"),
        (0, "IEA-01"),
    ]
    cut = sample("order_850.edi").partition(b"GE*")[0]
    assert [each.reason.partition(":")[0] for each in parts(cut, "x12") if isinstance(each, Flaw)] == ["GE", "IEA"]
    assert parts(b"", "x12") == []
    own = splitter(Shape(split="x12", max_unit=1024, max_file=1024))
    large = sample("order_850.edi").replace(b"GLOVECO*92", b"G" * 2000)
    with pytest.raises(Invalid, match="more than 1024 bytes"):
        for at in range(0, len(large), 500):
            own.feed(large[at : at + 500])


@pytest.mark.parametrize("chunk", [1, 100, 1 << 20])
def test_interchanges_are_units(chunk: int) -> None:
    data = sample("faulty.edi") + sample("two_interchanges.edi")
    found = [each for each in parts(data, "x12-interchange", chunk) if isinstance(each, Unit)]
    assert b"".join(each.body for each in found) == data
    read = [FORMATS["x12-interchange"](each.body) for each in found]
    assert [each.control_number for each in read] == ["000000024", "000000019", "000000020"]
    assert parts(b"\n", "x12-interchange") == []
    with pytest.raises(Invalid, match="interchange 1: the interchange has more than 1024 bytes"):
        own = splitter(Shape(split="x12-interchange", max_unit=1024, max_file=1024))
        for at in range(0, len(data), 500):
            own.feed(sample("two_groups.edi")[at : at + 500])


async def test_a_file_with_a_flaw_is_put_away_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.edi").write_bytes(sample("faulty.edi"))
    async with opened(folder(tmp_path, split="x12")) as source:
        (received,) = await take(source, 1)
        assert received.headers[Header.ROW] == "1"
        await accept_all([received])
        await eventually(lambda: (tmp_path / "failed" / "a.edi").exists())
    reasons = (tmp_path / "failed" / "a.edi.reason.txt").read_text()
    assert "row or message 3: SE (segment 9): the transaction set has no SE" in reasons
    assert "GE-01: it says another number of transaction sets; there are 3" in reasons


async def test_a_flow_takes_orders_and_answers_with_a_997(hub: Start, database: Database, tmp_path: Path) -> None:
    """The whole way: a file of two groups in, three orders or changes and one answer for each group out."""
    inbox, orders, answers = (tmp_path / name for name in ("in", "orders", "answers"))
    for each in (inbox, orders, answers):
        each.mkdir()

    def translated(interchange: x12.Interchange, _: Lookup) -> Iterator[PurchaseOrder | x12.Interchange]:
        answered = x12.answer(interchange, PARTNER, at=datetime.now(UTC))
        for transaction in answered.accepted:
            if transaction.code == "850":
                yield x12_orders.order_from_x12(docs.read_order(transaction), PARTNER, supplier="S-200")
        assert answered.answer is not None
        yield answered.answer

    flow = make_flow(
        folder(inbox, split="x12-interchange"),  # type: ignore[arg-type]
        translate=translated,
        order_by=lambda interchange: interchange.envelope.sender,
        dedup_by=lambda interchange: f"{interchange.envelope.sender}/{interchange.control_number}",
        format=None,
    )
    flow.deliver_to(
        files.write(url=str(orders), name="{message_id}-{ordinal}.json", accepts=(PurchaseOrder,)),
        files.write(url=str(answers), name="{message_id}-{ordinal}.edi", accepts=(x12.Interchange,)),
    )
    await hub(flow)
    (inbox / "a.edi").write_bytes(sample("two_groups.edi"))
    await waits.messages(database, completed=1)
    assert sorted(orjson.loads(each.read_bytes())["number"] for each in orders.iterdir()) == ["PO-4711", "PO-4712"]
    (answer,) = answers.iterdir()
    found = x12.parse(answer.read_bytes())
    assert found.header["08"] == "HILLTOP"
    verdicts = [x12.read_acknowledgement(each) for each in found.sets]
    assert [(each.functional_id, each.control_number, each.verdict.value) for each in verdicts] == [
        ("PO", "18", "A"),
        ("PC", "19", "A"),
    ]

    (inbox / "b.edi").write_bytes(sample("two_groups.edi"))  # the same interchange under another name
    await eventually(lambda: (inbox / "done" / "b.edi").exists())
    assert len(list(orders.iterdir())) == 2


async def test_a_flow_of_transaction_sets_has_keys_of_its_fields(
    hub: Start, database: Database, tmp_path: Path
) -> None:
    inbox, out = tmp_path / "in", tmp_path / "out"
    for each in (inbox, out):
        each.mkdir()
    answer = x12_orders.answer_to_x12(
        OrderAcknowledgement(number="SO-9", order="PO-4711", supplier="S-200"),
        PARTNER,
        ordered_on=datetime(2026, 3, 4, tzinfo=UTC).date(),
    )

    def translated(transaction: x12.TransactionSet, _: Lookup) -> OrderAcknowledgement:
        return x12_orders.answer_from_x12(docs.read_answer(transaction), PARTNER, supplier="S-200")

    flow = make_flow(
        folder(inbox, split="x12"),  # type: ignore[arg-type]
        translate=translated,
        order_by=x12.field("BAK-03"),
        dedup_by=lambda transaction: transaction.key,
        identify_by=[x12.field("BAK-08")],
        format=None,
    )
    flow.deliver_to(files.write(url=str(out), name="{key}.json"))
    await hub(flow)
    sent = x12.build(PARTNER, [docs.draft_answer(answer)], numbers=x12.Numbers(5, 5), at=datetime.now(UTC))
    (inbox / "a.edi").write_bytes(sent.encode())
    await waits.messages(database, completed=1)
    found = OrderAcknowledgement.model_validate_json((out / "PO-4711.json").read_bytes())
    assert (found.number, found.order) == ("SO-9", "PO-4711")
    assert flow.fingerprint(sent.encode()) == flow.fingerprint(
        x12.build(PARTNER, [docs.draft_answer(answer)], numbers=x12.Numbers(6, 9), at=datetime.now(UTC)).encode()
    )
