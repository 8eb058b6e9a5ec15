"""Who approves what: the table of rules is read from the top, and says what is wrong with it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.errors import SettingsError
from hilum.packs.procurement.approval_rules import Facts, approvals_of, load_approvals

pytestmark = pytest.mark.req("WF-2")

TABLE = """
currency = "EUR"

[step.head]
team = "Heads"

[step.finance]
team = "Finance"
permission = "approve"
due = "P1D"
escalate = "P2D"
escalate_to = "Direction"

[[rule]]
name = "over budget"
over_budget = true
steps = ["head", "finance"]

[[rule]]
name = "dear"
amount_from = 5000
steps = ["head"]

[[rule]]
name = "implants off contract for the clinic"
categories = ["implants"]
facilities = ["CLINIC"]
off_contract = true
steps = ["head"]

[[rule]]
name = "small"
amount_below = 100.50
urgent = false
steps = []

[[rule]]
name = "the rest"
steps = ["finance"]

[order_first]
amount_below = 2000
review = "head"
"""


def facts(amount: str | None = "1000", **more: object) -> Facts:
    return Facts(amount=Decimal(amount) if amount is not None else None, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (facts(), "the rest"),
        (facts("5000"), "dear"),
        (facts("4999.99"), "the rest"),
        (facts(None), "dear"),  # what nobody knows may be much
        (facts("100.49"), "small"),
        (facts("100.50"), "the rest"),
        (facts("1", urgent=True), "the rest"),
        (facts("1", over_budget=True), "over budget"),
        (facts(categories=frozenset({"implants", "gloves"}), facility="CLINIC", off_contract=True), "implants off"),
        (facts(categories=frozenset({"implants"}), facility="CLINIC"), "the rest"),
        (facts(categories=frozenset({"implants"}), facility="WARD", off_contract=True), "the rest"),
    ],
)
def test_the_first_rule_that_fits_counts(asked: Facts, rule: str) -> None:
    assert approvals_of(TABLE).route(asked).name.startswith(rule)


@given(
    st.builds(
        Facts,
        amount=st.none() | st.decimals(0, 10**9, places=2),
        off_contract=st.booleans(),
        over_budget=st.booleans(),
        no_budget=st.booleans(),
        urgent=st.booleans(),
        facility=st.sampled_from(["", "CLINIC"]),
        categories=st.frozensets(st.sampled_from(["implants", "gloves"])),
    )
)
def test_there_is_a_rule_for_everything_and_what_is_unknown_goes_to_somebody(asked: Facts) -> None:
    table = approvals_of(TABLE)
    rule = table.route(asked)
    if asked.amount is None:
        assert rule.steps, "what nobody knows the price of is never bought without anybody"
        assert not table.may_go_first(None)


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ('name = "the rest"\n', 'name = "the rest"\nurgent = true\n', "the last rule must have no conditions"),
        ("over_budget = true\n", "", "would never be asked"),
        ('steps = ["head"]\n\n[[rule]]', 'steps = ["boss"]\n\n[[rule]]', "there is no step boss"),
        ('review = "head"', 'review = "boss"', "there is no step boss"),
        ('escalate_to = "Direction"\n', "", "belong together"),
        ('due = "P1D"', 'due = "tomorrow"', "step.finance.due"),
        ('permission = "approve"', 'permission = "wish"', "step.finance.permission"),
        ("amount_from = 5000", "amount = 5000", "rule.1.amount: there is no such setting"),
        ('currency = "EUR"', 'currency = "Euro"', "currency"),
        ("[[rule]]", "[[rule]", "no TOML"),
    ],
)
def test_what_is_wrong_is_named(was: str, now: str, words: str) -> None:
    assert was in TABLE
    with pytest.raises(SettingsError, match=words):
        approvals_of(TABLE.replace(was, now))


def test_it_is_a_file_of_the_project(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"approvals\.toml cannot be read"):
        load_approvals(tmp_path / "approvals.toml")
    (tmp_path / "approvals.toml").write_text(TABLE, encoding="utf-8")
    assert load_approvals(tmp_path) == approvals_of(TABLE)
