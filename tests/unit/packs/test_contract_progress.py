"""Where a contract is in its life, whatever order and number of times the CLM and the signatures are told in."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hilum.errors import Invalid, Unmapped
from hilum.flow import Lookup
from hilum.packs.contracts.clm import told_by_clm, told_by_esignature
from hilum.packs.contracts.contract_rules import ContractTold, EnvelopeTold
from hilum.packs.contracts.odoo_terms import NEVER, OdooPrices, agreement_of, same_agreement
from hilum.packs.contracts.progress import Progress

pytestmark = pytest.mark.req("WF-1", "SYS-11", "SYS-13")

START = datetime(2026, 1, 1, tzinfo=UTC)
LATE = timedelta(minutes=10)


def told(state: str, minute: int, revision: int = 1, price: str = "38", **more: Any) -> ContractTold:
    prices = [
        {"item": "GLV", "unit": "BX", "tiers": [{"unit_price": price}, {"from_quantity": 100, "unit_price": "36"}]}
    ]
    contract = {
        "number": "C-7", "title": "Gloves", "supplier": "V1", "currency": "EUR", "valid_from": "2026-01-01",
        "prices": prices, "revision": revision,
    }  # fmt: skip
    at = START + timedelta(minutes=minute)
    said = {"state": state, "at": at, "contract": contract | more.pop("contract", {})} | more
    return ContractTold.model_validate(said)


def envelope(state: str, minute: int, revision: int = 1) -> EnvelopeTold:
    at = START + timedelta(minutes=minute)
    return EnvelopeTold(envelope="E-1", contract="C-7", revision=revision, state=state, at=at)


def follow(*said: ContractTold | EnvelopeTold, signature: bool = True) -> Progress:
    """All of these, and then so much time that nothing waits any more."""
    first = next(each for each in said if isinstance(each, ContractTold))
    made = Progress.begun(first, START)
    for each in (each for each in said if each is not first):
        if isinstance(each, ContractTold):
            made.hear(each, START)
        else:
            made.sign(each)
        settle(made, START, signature)
    settle(made, START + LATE, signature)
    return made


def settle(made: Progress, now: datetime, signature: bool) -> None:
    made.take(now, LATE)
    for version in made.versions:
        version.cleared = True
    made.begin(signature)


WAY = [told("draft", 1), told("legal review", 2), told("approved", 3), envelope("active", 4), told("active", 5)]


def test_a_contract_counts_when_it_is_approved_and_signed() -> None:
    assert [follow(*WAY[:n]).state for n in (1, 2, 3, 4, 5)] == [
        "draft",
        "legal review",
        "approved",
        "active",
        "active",
    ]
    assert follow(*WAY[:3], told("active", 5)).state == "approved"
    assert follow(*WAY[:3], told("active", 5), signature=False).state == "active"
    assert follow(*WAY[:3], envelope("legal review", 4)).state == "legal review"


@pytest.mark.parametrize("seed", range(40))
def test_doubled_and_out_of_order_it_comes_to_the_same(seed: int) -> None:
    way = [*WAY, told("suspended", 6), told("active", 7), told("approved", 8, 2, "35"), envelope("active", 9, 2)]
    drawn = random.Random(seed)
    said = [*way[1:], *drawn.sample(way, 3)]
    drawn.shuffle(said)
    made = follow(way[0], *said)
    assert (made.state, made.contract.revision, made.strange, made.ahead) == ("active", 2, "", None)


def test_what_the_model_does_not_allow_is_strange_and_changes_nothing() -> None:
    made = follow(told("draft", 1), told("active", 2))
    assert made.state == "draft"
    assert made.strange == (
        "contract: it is “draft” and cannot become “active”; from here it may become legal review, expired."
    )
    made.hear(told("legal review", 3), START)
    settle(made, START, signature=True)
    assert (made.state, made.strange) == ("legal review", "")
    other = follow(*WAY, told("active", 6, price="40"))
    assert other.strange == "other terms are told of contract C-7 under the signed revision 1"
    assert other.kept.prices[0].tiers[0].unit_price == 38
    over = follow(*WAY, told("expired", 6), told("active", 7))
    assert over.state == "expired"
    assert "it is the end" in over.strange


def test_what_was_overtaken_on_its_way_is_waited_for() -> None:
    made = Progress.begun(told("draft", 1), START)
    made.hear(told("approved", 3), START)
    settle(made, START, signature=True)
    assert (made.state, made.strange) == ("draft", "")
    made.hear(told("legal review", 2), START)
    settle(made, START, signature=True)
    assert (made.state, made.trail) == ("approved", ["legal review", "approved"])


def test_an_amendment_counts_when_it_is_signed_and_not_before() -> None:
    second = [told("draft", 11, 2, "35"), told("legal review", 12, 2, "35"), told("approved", 13, 2, "35")]
    for n in range(4):
        made = follow(*WAY, *second[:n])
        assert (made.state, made.contract.revision, made.kept.prices[0].tiers[0].unit_price) == ("active", 1, 38)
    assert follow(*WAY, *second, envelope("active", 14, 1)).contract.revision == 1
    made = follow(*WAY, *second, envelope("active", 14, 2))
    assert (made.state, made.contract.revision, made.kept.prices[0].tiers[0].unit_price) == ("active", 2, 35)
    gone = follow(*WAY, *second, told("expired", 15, 2, "35"))
    assert (gone.state, gone.ahead) == ("active", None)
    stopped = follow(*WAY, *second[:1], told("suspended", 15))
    assert (stopped.state, stopped.ahead is not None) == ("suspended", True)


def test_a_signature_does_not_count_for_what_was_changed_after_it() -> None:
    made = follow(*WAY[:3], told("draft", 6), envelope("active", 4))
    assert made.state == "draft"
    again = follow(told("approved", 3), told("draft", 6), envelope("active", 4), told("legal review", 7))
    again.hear(told("approved", 8), START)
    settle(again, START, signature=True)
    assert (again.state, again.contract.signed) == ("approved", "")


def test_the_first_word_is_taken_as_it_is() -> None:
    assert follow(told("active", 5)).state == "approved"
    assert follow(told("active", 5)).contract.waits_for_signature
    made = follow(told("suspended", 5))
    assert (made.state, made.trail) == ("suspended", ["legal review", "approved", "active", "suspended"])
    assert follow(told("expired", 5)).trail == ["expired"]


def test_it_ends_on_its_day() -> None:
    end = {"contract": {"valid_to": "2026-06-01"}}
    made = follow(told("approved", 3, **end), envelope("active", 4))
    made.expire(date(2026, 5, 31))
    assert made.state == "active"
    made.expire(date(2026, 6, 1))
    assert made.state == "expired"


def test_states_that_nobody_mapped_are_not_guessed() -> None:
    webhook = {"id": "1", "at": "2026-01-01T00:00:00Z", "contract": told("draft", 1).contract.model_dump(mode="json")}
    assert told_by_clm(webhook | {"state": "out_for_signature"}, Lookup()).state == "approved"
    with pytest.raises(Unmapped, match="frozen"):
        told_by_clm(webhook | {"state": "frozen"}, Lookup())
    with pytest.raises(Invalid, match="at"):
        told_by_clm({"state": "draft", "contract": webhook["contract"]}, Lookup())
    with pytest.raises(Invalid, match="GZE is committed"):
        told_by_clm(webhook | {"state": "draft", "commitments": [{"item": "GZE", "quantity": "1"}]}, Lookup())
    with pytest.raises(Unmapped, match="lost"):
        told_by_esignature({"status": "lost", "envelope": "E-1", "contract": "C-7", "at": webhook["at"]}, Lookup())


# ---- what Odoo must know


def sent(prices: OdooPrices, contract: ContractTold | None, day: date) -> list[tuple[str, str, str, str]]:
    """Step, price, first day, first day that does not count."""
    made = prices.become(contract.contract if contract else None, day)
    return [(str(p.from_quantity), str(p.price.amount), str(p.valid_from), str(p.valid_to)) for p in made]


def test_prices_in_odoo_end_and_begin_and_are_never_taken_back() -> None:
    prices, day = OdooPrices(), date(2026, 3, 10)
    first = told("active", 1)
    assert sent(prices, first, day) == [("0", "38", "2026-01-01", "None"), ("100", "36", "2026-01-01", "None")]
    assert sent(prices, first, day) == []
    amended = told("active", 1, 2, "35")
    assert sent(prices, amended, day) == [("0", "38", "2026-01-01", "2026-03-10"), ("0", "35", "2026-03-10", "None")]
    assert sent(prices, None, day) == [
        ("100", "36", "2026-01-01", "2026-03-10"),
        ("0", "35", "2026-03-10", "2026-03-10"),
    ]
    assert sent(prices, None, day) == []
    # on the same day again: what has a last day in Odoo gets one that never comes
    assert sent(prices, amended, day) == [("0", "35", "2026-03-10", str(NEVER)), ("100", "36", "2026-03-10", "None")]
    assert sent(prices, None, date(2026, 4, 1))[0] == ("0", "35", "2026-03-10", "2026-04-01")


def test_what_is_committed_is_a_blanket_order_at_the_step_that_it_reaches() -> None:
    said = told("active", 1, commitments=[{"item": "GLV", "quantity": "240"}])
    made = agreement_of(said, "C-7", date(2026, 1, 1))
    assert made is not None
    assert [(line.item, line.quantity, line.unit, line.unit_price) for line in made.lines] == [("GLV", 240, "BX", 36)]
    later = agreement_of(said, "C-7/2", date(2026, 3, 1))
    assert same_agreement(made, later)
    assert not same_agreement(made, None)
    assert agreement_of(told("active", 1), "C-7", date(2026, 1, 1)) is None
