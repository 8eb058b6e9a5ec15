"""The simulated hospital: one seed, one story; every identifier consistent; a ledger that can be trusted."""

from __future__ import annotations

import csv
import io
from collections import Counter
from decimal import Decimal
from itertools import islice

import pytest

from hilum.formats import hl7v2 as hl7
from hilum.simulator.hospital import Expected, Flaw, Hospital, Shares

EVERYTHING_WRONG = Shares(duplicate=0.05, early=0.2, unmapped=0.03, malformed=0.03, unreadable=0.03)


@pytest.fixture(scope="module")
def story():
    return list(Hospital(seed=7).traffic(count=1500, shares=EVERYTHING_WRONG))


@pytest.mark.req("UX-5")
def test_a_seed_tells_one_story(story):
    assert [event.body for event in Hospital(seed=7).traffic(count=1500, shares=EVERYTHING_WRONG)] == [
        event.body for event in story
    ]
    other = list(Hospital(seed=8).traffic(count=50))
    assert [event.body for event in other] != [event.body for event in story[:50]]


def test_a_second_run_repeats_no_identifier():
    first, second = (list(Hospital().traffic(count=300, run=run)) for run in ("A", "B"))
    for name in ("control_id", "key"):
        assert not {getattr(event, name) for event in first} & {getattr(event, name) for event in second}
    assert not set(_ledger(first).charges) & set(_ledger(second).charges)


def test_traffic_without_a_count_does_not_end():
    assert len(list(islice(Hospital().traffic(), 3000))) == 3000


@pytest.mark.req("UX-5")
def test_every_message_can_be_read_but_the_unreadable_ones(story):
    bodies = {event.control_id: event.flaw for event in story if event.flaw is Flaw.UNREADABLE}
    for event in story:
        if event.control_id in bodies:
            assert not event.body.startswith(b"MSH")
            continue
        msg = hl7.parse(event.body)
        assert (msg.type, msg.control_id) == (event.kind, event.control_id)
        if event.kind != "ORM^O01":
            assert msg["PID-18.1"] == event.key
    assert len(bodies) > 10


def test_a_stay_is_admitted_once_then_used_then_discharged(story):
    told = [event for event in story if event.flaw in (Flaw.NONE, Flaw.EARLY) and event.kind != "ORM^O01"]
    by_account: dict[str, list[str]] = {}
    for event in told:
        by_account.setdefault(event.key, []).append(event.kind if event.flaw is Flaw.NONE else "early")
    for kinds in by_account.values():
        assert Counter(kinds)["ADT^A01"] == 1
        assert kinds.index("ADT^A01") == (1 if kinds[0] == "early" else 0)
        assert "ADT^A03" not in kinds[:-1]
    assert any(kinds[0] == "early" for kinds in by_account.values())
    assert any(kinds[-1] == "ADT^A03" for kinds in by_account.values())


def test_flaws_come_in_their_shares(story):
    found = Counter(event.flaw for event in story)
    for flaw in (Flaw.DUPLICATE, Flaw.UNMAPPED, Flaw.MALFORMED, Flaw.UNREADABLE):
        assert 0.5 < found[flaw] / (1500 * getattr(EVERYTHING_WRONG, flaw)) < 2
    assert {event.flaw for event in Hospital().traffic(count=1000)} == {Flaw.NONE}


def test_what_will_be_held_stands_alone(story):
    """So a held message holds nothing back, and the ledger stays exact."""
    keys = Counter(event.key for event in story if event.flaw is not Flaw.DUPLICATE)
    assert all(keys[e.key] == 1 for e in story if e.flaw in (Flaw.UNMAPPED, Flaw.MALFORMED, Flaw.UNREADABLE))


def test_a_duplicate_is_the_same_bytes_again(story):
    bodies: dict[str, bytes] = {}
    for event in story:
        assert bodies.setdefault(event.control_id, event.body) == event.body
        assert event.flaw is not Flaw.DUPLICATE or not (event.uses or event.orders or event.person)


@pytest.mark.req("UX-5")
def test_the_ledger_says_what_the_messages_say(story):
    """Counted a second time, from the bytes alone."""
    stock, charged = Counter[str](), Counter[str]()
    for event in {e.control_id: e for e in reversed(story) if e.kind == "DFT^P03"}.values():
        first = next(e for e in story if e.control_id == event.control_id)
        if first.flaw in (Flaw.UNMAPPED, Flaw.MALFORMED, Flaw.UNREADABLE):
            continue
        for ft1 in hl7.parse(event.body).segments("FT1"):
            pieces = ft1.decimal("10") * (-1 if ft1["6"] == "CD" else 1)
            stock[ft1["7.1"]] += pieces
            charged[event.key] += pieces * ft1.decimal("12.1.1")
    hospital, ledger = Hospital(seed=7), _ledger(story)
    services = {article.code for article in hospital.services}
    for item in {item for item, _ in ledger.stock}:
        left = sum(quantity for (code, _), quantity in ledger.stock.items() if code == item)
        assert left == hospital.opening_stock * len(hospital.stores) - stock[item]
    assert services & set(stock)
    assert {account: ledger.charged(account) for account in charged} == charged
    assert min(ledger.stock.values()) >= 0


def test_unmapped_charges_count_once_a_steward_added_the_rows(story):
    ledger = _ledger(story)
    before, held = len(ledger.charges), len(ledger.held)
    unmapped = sum(event.flaw is Flaw.UNMAPPED for event in ledger.held.values())
    ledger.unmapped_arrived()
    assert len(ledger.charges) == before + unmapped
    assert len(ledger.held) == held - unmapped
    known = {row.split(",")[0] for row in Hospital().missing_rows().splitlines()}
    codes = {hl7.parse(e.body)["FT1-7.1"] for e in story if e.flaw is Flaw.UNMAPPED}
    assert codes <= known


def test_no_store_uses_more_than_it_has():
    hospital = Hospital(opening_stock=3)
    ledger = _ledger(list(hospital.traffic(count=2000, shares=EVERYTHING_WRONG)), hospital)
    ledger.unmapped_arrived()
    assert min(ledger.stock.values()) == 0


@pytest.mark.req("SYS-9")
@pytest.mark.parametrize(("how", "kind"), [("hl7", "ORM^O01"), ("csv", "CSV"), ("none", None)])
def test_stores_ask_for_what_they_used(how, kind):
    events = list(Hospital().traffic(count=1500, requisitions=how))
    asked = [event for event in events if event.orders]
    assert {event.kind for event in asked} == ({kind} if kind else set())
    for event in asked:
        assert all(order.number.startswith(event.key) for order in event.orders)
        if how == "csv":
            rows = list(csv.DictReader(io.StringIO(event.body.decode())))
            assert event.channel == "file" and event.control_id == f"{event.key}.csv"
            assert sum(Decimal(row["quantity"]) for row in rows) == sum(
                line.quantity for order in event.orders for line in order.lines
            )


def test_lookups_and_master_data_name_the_same_things(tmp_path):
    hospital = Hospital()
    lookups = {path.stem: path for path in hospital.write_lookups(tmp_path / "lookups")}
    files = {path.stem: path for path in hospital.write_master_data(tmp_path / "in")}
    assert list(files) == ["suppliers", "locations", "items", "counts"]

    def column(path, name):
        with path.open(newline="") as file:
            return {row[name] for row in csv.DictReader(file)}

    assert column(lookups["items"], "item") == column(files["items"], "code")
    assert column(lookups["locations"], "location") == column(files["locations"], "code")
    assert column(files["counts"], "item") <= column(lookups["items"], "code")
    assert column(files["counts"], "location") <= column(lookups["locations"], "ward")
    assert column(files["items"], "supplier") - {""} == column(files["suppliers"], "code")


def test_no_event_shows_a_patient_in_its_repr():
    event = next(iter(Hospital().traffic(count=1)))
    assert "PID" not in repr(event) and event.person is not None
    assert event.person.family not in repr(event) and event.person.phone not in repr(event)


def _ledger(events, hospital=None) -> Expected:
    ledger = Expected(hospital or Hospital(seed=7))
    assert list(ledger.watch(events)) == list(events)
    return ledger
