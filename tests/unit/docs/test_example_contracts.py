"""Every interface of the examples has a schema where it can have one, and keeps the contract that lies beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.flow import load_project
from hilum.governance import accepted, contract_of, gaps, verdicts

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.req("MOD-6")
@pytest.mark.parametrize("example", sorted(each.name for each in EXAMPLES.iterdir() if each.is_dir()))
def test_every_flow_of_the_examples_keeps_a_contract(example: str) -> None:
    folder = EXAMPLES / example
    flows = load_project(folder).flows
    assert {name: gaps(flow) for name, flow in flows.items()} == {name: [] for name in flows}
    found = verdicts(accepted(folder), {name: contract_of(flow, folder) for name, flow in flows.items()})
    assert found
    for each in found:
        assert each.was, f"hilum contract accept --project examples/{example}"
        assert (each.was, each.differences) == (each.now, ()), f"hilum contract accept --project examples/{example}"
