"""A pattern gives a flow what it does not say itself; what it says always counts."""

from __future__ import annotations

from typing import Any

import pytest

from hilum.flow import Criticality, DataClass, Flow, Owners, Pattern, Slo
from hilum.flow.promises import DEFAULTS
from hilum.message import Priority
from support.doubles import Feed, Receiver
from support.projects import OWNERS, as_it_is, target

pytestmark = pytest.mark.req("MOD-7")


def made(**said: Any) -> Flow:
    """A flow that says only this of its promises."""
    owners: Owners = OWNERS
    flow = Flow("test.orders", version="1.0", summary="A test", owners=owners, source=Feed(), **said)
    flow.translate(as_it_is)
    flow.deliver_to(target(Receiver()))
    return flow


@pytest.mark.parametrize("pattern", Pattern)
def test_a_pattern_gives_reliability_security_and_observability(pattern: Pattern) -> None:
    flow, given = made(pattern=pattern), DEFAULTS[pattern]
    assert flow.problems() == []
    assert (flow.criticality, flow.priority, flow.on_held) == (given.criticality, given.priority, given.on_held)
    assert (flow.data_class, flow.retention, flow.slo) == (given.data_class, given.retention, given.slo)


def test_each_pattern_is_another_one() -> None:
    assert len(set(map(repr, DEFAULTS.values()))) == len(Pattern)
    assert made(pattern=Pattern.EVENT).priority is Priority.URGENT
    assert made(pattern=Pattern.REPORT).priority is Priority.BULK


def test_what_a_flow_says_counts() -> None:
    slo = Slo(percent=90, within="2h")
    flow = made(pattern=Pattern.EVENT, slo=slo, data_class=DataClass.PUBLIC, criticality=Criticality.LOW,
                on_held="hold_key", retention="P7Y")  # fmt: skip
    assert (flow.slo, flow.data_class, flow.criticality) == (slo, DataClass.PUBLIC, Criticality.LOW)
    assert (flow.on_held, flow.retention, flow.priority) == ("hold_key", "P7Y", Priority.URGENT)


def test_without_a_pattern_everything_must_be_said() -> None:
    (problem,) = made(data_class=DataClass.INTERNAL, retention="P1Y").problems()
    assert "a pattern that gives them" in problem
    whole = made(data_class=DataClass.INTERNAL, retention="P1Y", slo=Slo(percent=99, within="30s"))
    assert whole.problems() == []
    assert (whole.criticality, whole.priority, whole.on_held) == (Criticality.NORMAL, Priority.NORMAL, "hold_key")
